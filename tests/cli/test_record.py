"""A recording made from the shell is one that the shell replays; what is wrong is said in one sentence."""

from __future__ import annotations

from tests.cli.conftest import Shell


def test_what_is_recorded_is_replayed(shell: Shell) -> None:
    file = shell.home / "market.rec.jsonl"
    made = shell("record", str(file), "--for", "2s", "--symbols", "BTCUSDT", "--json")
    assert made.code == 0, made.err
    assert made.json["frames"] > 5
    assert made.json["private"] is False
    again = shell("replay", str(file), "--json", "--depth", "1")
    assert again.code == 0, again.err
    assert again.json["books"]["BTCUSDT"]["live"]
    assert again.json["frames"] == made.json["frames"]
    assert again.json["unreadable"] == 0
    refused = shell("record", str(file), "--for", "1s")
    assert refused.code == 1
    assert "never replaces a file" in refused.err


def test_a_duration_is_one(shell: Shell) -> None:
    ran = shell("record", str(shell.home / "x"), "--for", "soon")
    assert ran.code == 2
    assert "try 90s, 10m or 2h" in ran.err
