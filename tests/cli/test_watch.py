"""Changes as they come, until enough came or somebody ends it."""

from __future__ import annotations

import json
import signal

from tests.cli.conftest import At, Shell


def test_a_book_is_watched_for_a_number_of_changes(at: At) -> None:
    ran = at("watch", "book", "BTCUSDT", "--json", "--depth", "3", "--count", "3")
    documents = [json.loads(line) for line in ran.out.splitlines()]
    assert (ran.code, len(documents)) == (0, 3)
    assert all(document["symbol"] == "BTCUSDT" and len(document["bids"]) == 3 for document in documents)
    sequences = [document["sequence"] for document in documents]
    assert sequences == sorted(set(sequences))


def test_a_book_needs_a_symbol(shell: Shell) -> None:
    ran = shell("watch", "book", "--json")
    assert ran.code == 2
    assert "needs a symbol" in ran.json["error"]["message"]


def test_an_interrupt_is_a_clean_end(at: At) -> None:
    process = at.shell.start("watch", "orders", "--json", "--sim-url", at.url)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline()) == {"orders": []}
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")
