"""``tui-trader candles`` as a shell starts it: on a store of its own, and on an exchange that runs beside it."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.storage.candle_child import BTC, second_of
from tui_trader.core.candle import Candle
from tui_trader.core.clock import NS, SystemClock
from tui_trader.core.tape import Trade
from tui_trader.core.types import Side
from tui_trader.storage.candles import CandleStore, Heard

AT = SystemClock().wall_ns() // NS // 3_600 * 3_600 - 7_200
"""The beginning of an hour that is over."""


@pytest.fixture
def kept(shell: Shell) -> Path:
    """A store with a minute that was heard in part and one that the venue told, as a terminal leaves it."""
    path = shell.home / "state" / "candles" / "phemex-live.sqlite"
    store = CandleStore(path, SystemClock())
    assert store.open()
    heard = [
        second_of([Trade((AT + at) * NS, Side.BUY, Decimal(price), Decimal("0.5"))])
        for at, price in ((0, "96000.1"), (7, "96001"))
    ]
    assert store.write([Heard(BTC, heard, [(AT, AT + 20)])])
    told = Candle(AT + 60, 60, *map(Decimal, ("96000", "96010", "95990", "96005", "12.5", "0")))
    assert store.tell(BTC, 60, [told])
    store.close()
    return path


LIVE = ("--env", "live")


def span(seconds: int) -> tuple[str, ...]:
    return ("--from", _text(AT), "--to", _text(AT + seconds))


def _text(at: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def test_bars_and_gaps_of_the_local_store_as_json_csv_and_for_people(shell: Shell, kept: Path) -> None:
    ran = shell("candles", "btcusdt", "--interval", "10s", *span(120), "--json", *LIVE)
    assert ran.code == 0, ran.err
    rows = json.loads(ran.out)
    assert [(row["close"], row["volume"], row["trades"], row["known_s"], row["gap"]) for row in rows] == [
        ("96001", "1", 2, 10, None),
        ("96001", "0", 0, 10, None),
        (None, None, None, None, "not observed"),
    ]
    ran = shell("candles", "BTCUSDT", *span(120), "--csv", *LIVE)
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    shown = [(row["open"], row["basis"], row["known_s"]) for row in rows]
    assert shown == [("96000.1", "trades", "20"), ("96000", "venue", "60")]
    ran = shell("candles", "BTCUSDT", "--interval", "1s", *span(60), *LIVE)
    assert "gap, not observed until" in ran.out


def test_invented_seconds_are_shown_only_when_asked_for(shell: Shell, kept: Path) -> None:
    asked = ("candles", "BTCUSDT", "--interval", "1s", *span(120), "--json", *LIVE)
    before = shell(*asked).out
    ran = shell(*asked, "--invent")
    assert "60 seconds invented" in ran.err
    assert ran.out == before == shell(*asked).out
    rows = json.loads(shell(*asked, "--synthetic").out)
    assert [row["basis"] for row in rows if row["start"] >= _text(AT + 60)] == ["synthetic"] * 60


def test_what_was_invented_carries_its_mark_in_every_form_and_is_never_part_of_what_is_known(shell: Shell, kept: Path) -> None:
    fives = ("candles", "BTCUSDT", "--interval", "5s", *span(120), *LIVE)
    table = list(csv.DictReader(io.StringIO(shell(*fives, "--invent", "--csv", "--synthetic").out)))
    marks = [row["basis"] or row["gap"] for row in table]
    # Heard for 20 seconds, not observed for 40, and a minute that the venue told: of that one the seconds are invented.
    assert marks == ["trades"] * 4 + ["not observed"] + ["synthetic"] * 12
    assert all(row["known_s"] == "0" and row["trades"] == "0" for row in table if row["basis"] == "synthetic")
    for_people = shell(*fives, "--synthetic").out.splitlines()
    assert sum(line.endswith("synthetic") for line in for_people) == 12
    minutes = json.loads(shell("candles", "BTCUSDT", *span(120), "--json", "--synthetic", *LIVE).out)
    shown = [(row["basis"], row["trades"], row["known_s"], row["close"]) for row in minutes]
    assert shown == [("trades", 2, 20, "96001"), ("venue", 0, 60, "96005")]  # what is known is not touched by it


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("BTCUSDT", "--interval", "3w"), "'3w' is no length of a bar: try 1s, 5s, 1m"),
        (("BTCUSDT", "--interval", "2D"), "too long for a bar: from 1s to 1D"),
        (("BTCUSDT", "--from", "tomorrow"), "--from tomorrow: not a time"),
        (("BTCUSDT", "--from", "1h", "--to", "2h"), "no candle lies between them"),
        (("BTCUSDT", "--interval", "1s", "--from", "900d"), "candles: take a later time"),
        (("BTCUSDT", "--out", "x.csv"), "--out needs --csv or --json"),
        (("DOGE", *LIVE), "there are candles of BTCUSDT; --refresh asks"),
    ],
)
def test_what_cannot_be_is_said_with_what_to_type(shell: Shell, kept: Path, words: tuple[str, ...], says: str) -> None:
    ran = shell("candles", *words)
    assert ran.code == 2
    assert says in ran.err


def test_without_a_store_it_says_who_writes_one(shell: Shell) -> None:
    ran = shell("candles", "BTCUSDT", *LIVE)
    assert ran.code == 1
    assert "--refresh' asks the venue now" in ran.err


def test_an_exchange_that_runs_beside_it_is_asked(shell: Shell, exchange: dict[str, str]) -> None:
    ran = shell("candles", "BTCUSDT", "--interval", "5m", "--from", "2h", "--json", "--sim-url", exchange["rest"])
    assert ran.code == 0, ran.err
    rows = json.loads(ran.out)
    assert len([row for row in rows if row["basis"] == "venue"]) >= 20
