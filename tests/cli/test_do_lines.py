"""Lines of the order language from the shell, on an exchange of their own: a venue answers one key only so often."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest

from tests.cli.conftest import At, Shell
from tui_trader.storage.journal import read


def test_questions_are_answered_and_nothing_is_sent(at: At) -> None:
    before = at("orders", "--json").json
    assert at("do", "calc 0.1 + 0.2").out == "0.1 + 0.2 = 0.3\n"
    assert at("do", "limits").out.startswith("limits: order ")
    dry = at("do", "buy 0.01 BTCUSDT @ bid-1% sl -2% dry", "--json").json["results"][0]["text"]
    assert dry.startswith("BTCUSDT: nothing is sent; buy 0.01 BTC = ")
    assert at("orders", "--json").json == before


def test_a_scale_is_sent_from_the_shell(at: At) -> None:
    sent = at("do", "scale buy 0.02 BTCUSDT in 2 from -1% to -2% && limits", "--json")
    assert sent.code == 0, sent
    assert len(sent.json["results"]) == 2
    orders = at("orders", "--json").json["orders"]
    ours = {result["order"]["client_id"] for result in sent.json["results"] if "order" in result}
    assert ours <= {order["client_id"] for order in orders}
    assert sum(order["qty"] == "0.01" for order in orders) >= 2
    assert at("do", "cancel all").code == 0


def test_what_needs_a_terminal_that_stays_is_refused_with_2(at: At) -> None:
    for line in (
        "chase buy 0.01 BTCUSDT",
        "buy 0.01 BTCUSDT @ bid gtd 5m",
        "when BTCUSDT > 5 : flat all",
        "alert fill",
        "off all",
    ):
        refused = at("do", line, "--json")
        assert refused.code == 2, line
        assert "terminal" in refused.json["error"]["message"], line
    assert at("orders", "--json").json == {"orders": []}, "the test before cancelled its own"


def test_after_a_double_ampersand_nothing_runs_when_the_command_before_failed(at: At) -> None:
    failed = at("do", "close ZZZ* && buy 0.01 BTCUSDT @ bid-1%", "--json")
    assert failed.code == 1
    assert at("orders", "--json").json == {"orders": []}


def test_an_export_is_written_before_the_command_ends(at: At) -> None:
    assert at("do", "buy 0.01 BTCUSDT!").code == 0
    ran = at("do", "export today csv", "--json")
    assert ran.code == 0, ran
    said = ran.json["results"][0]["text"]
    fills = Path(re.search(r"today: (\S+-fills\.csv)", said)[1])  # type: ignore[index]
    rows = fills.read_text().splitlines()
    assert "BTCUSDT" in rows[1], rows
    assert fills.with_name(fills.name.replace("-fills", "-trades")).exists()
    assert at("do", "export someday csv").code == 2


def test_a_scale_at_a_venue_that_takes_several_at_once_is_one_request(
    shell: Shell, tmp_path_factory: pytest.TempPathFactory
) -> None:
    serving = Shell(tmp_path_factory.mktemp("paradex")).start("sim", "--venue", "paradex", "--json", "--seed", "3")
    assert serving.stdout is not None
    try:
        while (line := json.loads(serving.stdout.readline()))["event"] != "access":
            pass
        there = At(shell, line["rest"])
        sent = there("do", "scale buy 0.06 BTC-USD-PERP in 3 from -1% to -2%", "--venue", "paradex", "--json")
        assert sent.code == 0, sent
        orders = there("orders", "--venue", "paradex", "--json").json["orders"]
        assert [order["qty"] for order in orders] == ["0.02"] * 3
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.communicate(timeout=30)
    [journal] = [path for path in shell.home.rglob("*.jsonl") if "paradex" in str(path)]
    told = [(record.kind, record.body) for record in read(journal)]
    kinds = [kind for kind, body in told if kind == "intent" or body.get("what") == "place"]
    assert kinds == ["intent"] * 3 + ["outcome"] * 3
    assert len({body["reply_sha256"] for kind, body in told if kind == "outcome"}) == 1, "one answer told of all three"
