"""The candle store: bars and gaps, what the venue told, what was invented, retention, and what goes wrong with files."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path

import pytest

from tests.storage.candle_child import BTC, SERIES, T0, second_of, trades_of
from tui_trader.core.bar import Bar, Bars, Basis, Gap
from tui_trader.core.candle import Candle
from tui_trader.core.clock import NS, ManualClock
from tui_trader.core.interpolate import interpolated
from tui_trader.core.second import Second
from tui_trader.core.tape import Trade
from tui_trader.core.types import InstrumentId, Side
from tui_trader.storage import candle_tables as tables
from tui_trader.storage import database
from tui_trader.storage.candle_retention import Kept
from tui_trader.storage.candles import CandleStore, Heard
from tui_trader.storage.database import reader

FIXTURE = Path(__file__).parent.parent / "venues" / "phemex" / "payloads" / "ws_kline_2021.jsonl"
DAY = 86_400


def second(at: int, *prices: str, qty: str = "1") -> Second:
    trades = [Trade(at * NS + index, Side.BUY, Decimal(price), Decimal(qty)) for index, price in enumerate(prices)]
    return second_of(trades)


def told(at: int, *ohlc: str, interval: int = 60, volume: str = "5") -> Candle:
    opened, high, low, close = map(Decimal, ohlc)
    return Candle(at, interval, opened, high, low, close, Decimal(volume), Decimal(0))


def opened(path: Path | None, now_s: int = T0 + 1_000_000, kept: Kept | None = None) -> CandleStore:
    store = CandleStore(path, ManualClock(now_s * NS), kept)
    assert store.open(), store.notices
    return store


# -- bars and gaps -----------------------------------------------------------------------------------------------------------


def test_a_second_without_a_trade_is_a_flat_bar_and_an_unobserved_one_is_a_gap() -> None:
    store = opened(None)
    store.write([Heard(BTC, [second(T0, "10", "11")], [(T0, T0 + 3)])])
    store.write([Heard(BTC, [second(T0 + 5, "12")], [(T0 + 5, T0 + 7)])])
    eleven, twelve, nothing = Decimal(11), Decimal(12), Decimal(0)
    assert store.bars(BTC, 1, T0, T0 + 8) == [
        Bar(T0, 1, Decimal(10), eleven, Decimal(10), eleven, Decimal(2), 2, 1, 1, Basis.TRADES),
        Bar(T0 + 1, 1, eleven, eleven, eleven, eleven, nothing, 0, 1, 1, Basis.TRADES),
        Bar(T0 + 2, 1, eleven, eleven, eleven, eleven, nothing, 0, 1, 1, Basis.TRADES),
        Gap(T0 + 3, T0 + 5),
        Bar(T0 + 5, 1, twelve, twelve, twelve, twelve, Decimal(1), 1, 1, 1, Basis.TRADES),
        Bar(T0 + 6, 1, twelve, twelve, twelve, twelve, nothing, 0, 1, 1, Basis.TRADES),
        Gap(T0 + 7, T0 + 8),
    ]


def test_after_a_gap_a_quiet_second_has_no_price() -> None:
    store = opened(None)
    store.write([Heard(BTC, [second(T0, "10")], [(T0, T0 + 1), (T0 + 3, T0 + 5)])])
    assert store.bars(BTC, 1, T0 + 1, T0 + 5) == [Gap(T0 + 1, T0 + 3), Gap(T0 + 3, T0 + 5, observed=True)]


def test_a_bar_that_is_being_formed_says_so_and_nothing_comes_after_it() -> None:
    store = opened(None)
    store.write([Heard(BTC, [second(T0, "10")], [(T0, T0 + 4)])])
    (bar,) = store.bars(BTC, 60, T0, T0 + 600, now_s=T0 + 5)[:1]
    start = T0 - T0 % 60
    assert isinstance(bar, Bar)
    assert (bar.start_s, bar.passed_s, bar.known_s, bar.is_whole) == (start, T0 + 5 - start, 4, False)
    assert store.bars(BTC, 60, T0 + 60, T0 + 600, now_s=T0 + 5) == []


def test_what_was_observed_whole_is_not_replaced_by_what_the_venue_tells() -> None:
    store = opened(None)
    minute = T0 - T0 % 60
    store.tell(BTC, 60, [told(minute, "1", "2", "1", "2")])
    (bar,) = store.bars(BTC, 60, minute, minute + 60)
    assert isinstance(bar, Bar)
    assert (bar.basis, bar.close, bar.trades) == (Basis.VENUE, Decimal(2), 0)
    store.write([Heard(BTC, [second(minute + 5, "10", "11")], [(minute, minute + 60)])])
    (bar,) = store.bars(BTC, 60, minute, minute + 60)
    assert isinstance(bar, Bar)
    assert (bar.basis, bar.open, bar.close, bar.trades) == (Basis.TRADES, Decimal(10), Decimal(11), 2)


def test_a_told_minute_fills_what_was_observed_in_part_but_says_nothing_of_its_seconds() -> None:
    store = opened(None)
    minute = T0 - T0 % 60
    store.write([Heard(BTC, [second(minute + 50, "10")], [(minute + 50, minute + 60)])])
    store.tell(BTC, 60, [told(minute, "9", "12", "8", "10")])
    (bar,) = store.bars(BTC, 60, minute, minute + 60)
    assert isinstance(bar, Bar)
    assert (bar.basis, bar.high, bar.known_s) == (Basis.VENUE, Decimal(12), 60)
    assert store.bars(BTC, 10, minute, minute + 60)[0] == Gap(minute, minute + 50)


def test_two_venues_and_two_symbols_are_kept_apart() -> None:
    store = opened(None)
    other, eth = InstrumentId("mexc", "BTCUSDT"), InstrumentId("phemex", "ETHUSDT")
    store.write([Heard(iid, [second(T0, price)], [(T0, T0 + 1)]) for iid, price in ((BTC, "1"), (other, "2"), (eth, "3"))])
    closes = [item.close for iid in (BTC, other, eth) for item in store.bars(iid, 1, T0, T0 + 1) if isinstance(item, Bar)]
    assert closes == [Decimal(1), Decimal(2), Decimal(3)]


def test_a_number_with_more_decimals_widens_the_series_and_changes_nothing_else() -> None:
    store = opened(None)
    store.write([Heard(BTC, [second(T0, "10.5", qty="2")], [(T0, T0 + 1)])])
    store.write([Heard(BTC, [second(T0 + 1, "10.12345678", qty="0.001")], [(T0 + 1, T0 + 2)])])
    first, last = store.bars(BTC, 1, T0, T0 + 2)
    assert isinstance(first, Bar)
    assert isinstance(last, Bar)
    assert (first.close, first.volume, last.close, last.volume) == (
        Decimal("10.5"), Decimal(2), Decimal("10.12345678"), Decimal("0.001"),
    )  # fmt: skip


def test_a_number_too_long_for_the_file_is_said_and_ends_nothing() -> None:
    store = opened(None)
    store.write([Heard(BTC, [second(T0, "1" * 25)], [])])
    assert store.notices
    assert "too many digits" in store.notices[0]
    assert store.write([Heard(BTC, [second(T0, "10")], [(T0, T0 + 1)])])


def test_bars_of_a_day_come_from_the_days_that_the_venue_told() -> None:
    day = T0 - T0 % DAY
    store = opened(None, day + 40 * DAY)
    store.tell(BTC, DAY, [told(day + n * DAY, "10", "12", "9", "11", interval=DAY) for n in range(30)])
    found = store.bars(BTC, DAY, day, day + 31 * DAY)
    assert [type(item) for item in found] == [Bar] * 30 + [Gap]
    assert store.bars(BTC, 43_200, day, day + DAY) == [Gap(day, day + DAY)]
    assert store.unknown(BTC, DAY, day, day + 31 * DAY) == [(day + 30 * DAY, day + 31 * DAY)]
    assert store.unknown(BTC, 3_600, day, day + DAY) == [(day, day + DAY)]


# -- a recording -------------------------------------------------------------------------------------------------------------


def recorded() -> dict[str, list[Candle]]:
    """Return the closed minutes of a recording of the venue's candle channel (2021-07-03), by symbol, scaled as they came."""
    minutes: dict[str, list[Candle]] = {}
    for line in FIXTURE.read_text().splitlines():
        message = json.loads(line)["msg"]
        if message.get("type") == "snapshot" and "kline" in message:
            rows = reversed(message["kline"][1:])  # the newest is still being formed
            minutes[message["symbol"]] = [Candle(r[0], r[1], *map(Decimal, r[3:9])) for r in rows]
    return minutes


@pytest.mark.parametrize("interval", [300, 900, 3_600])
def test_recorded_minutes_add_up_to_longer_bars(interval: int) -> None:
    minutes = recorded()
    assert len(minutes) == 5
    now = max(bars[-1].start_s for bars in minutes.values()) + 60
    store = opened(None, now)
    for symbol, bars in minutes.items():
        iid = InstrumentId("phemex", symbol)
        assert store.tell(iid, 60, bars)
        found = store.bars(iid, interval, bars[0].start_s, now)
        assert sum(item.volume for item in found if isinstance(item, Bar)) == sum(bar.volume for bar in bars)
        whole = [item for item in found if isinstance(item, Bar) and item.known_s == interval]
        assert len(whole) >= 999 * 60 // interval - 2
        for item in whole:
            parts = [bar for bar in bars if item.start_s <= bar.start_s < item.end_s]
            traded = [bar for bar in parts if bar.volume] or parts[-1:]
            assert (item.open, item.close) == (traded[0].open, traded[-1].close)
            assert (item.high, item.low) == (max(bar.high for bar in traded), min(bar.low for bar in traded))
            assert (item.volume, item.basis) == (sum(bar.volume for bar in parts), Basis.VENUE)


def test_recorded_minutes_give_the_same_hours_by_any_way() -> None:
    """Five minutes added up to an hour equal the hour that is kept."""
    minutes = recorded()["XMRUSD"]
    iid, now = InstrumentId("phemex", "XMRUSD"), minutes[-1].start_s + 60
    store = opened(None, now)
    store.tell(iid, 60, minutes)
    hours = {bar.start_s: bar for bar in store.bars(iid, 3_600, minutes[0].start_s, now) if isinstance(bar, Bar)}
    for start, hour in hours.items():
        parts = [bar for bar in store.bars(iid, 300, start, start + 3_600) if isinstance(bar, Bar)]
        traded = [bar for bar in parts if bar.volume] or parts[-1:]
        assert (hour.open, hour.close, hour.volume) == (traded[0].open, traded[-1].close, sum(bar.volume for bar in parts))


# -- invented seconds --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_interpolated_seconds_add_up_to_the_minute_exactly(seed: int) -> None:
    rng = random.Random(seed)
    low, *middle, high = sorted(rng.sample(range(1, 10_000), 4))
    rng.shuffle(middle)
    bar = told(
        T0 - T0 % 60,
        *(str(Decimal(n) / 10) for n in (middle[0], high, low, middle[1])),
        volume=str(Decimal(rng.randrange(9_999)) / 1000),
    )
    seconds = interpolated(bar, Decimal("0.1"), Decimal("0.001"))
    assert [one.start_s for one in seconds] == list(range(bar.start_s, bar.start_s + 60))
    assert (seconds[0].open, seconds[-1].close) == (bar.open, bar.close)
    assert (max(one.high for one in seconds), min(one.low for one in seconds)) == (bar.high, bar.low)
    assert sum(one.volume for one in seconds) == bar.volume
    assert all(one.volume >= 0 for one in seconds)


def test_what_was_invented_is_seen_only_when_asked_for_and_only_where_nothing_is_known() -> None:
    store = opened(None)
    minute = T0 - T0 % 60
    store.tell(BTC, 60, [told(minute, "10", "14", "9", "12")])
    store.write([Heard(BTC, [second(minute + 30, "99")], [(minute + 30, minute + 31)])])
    before = [store.bars(BTC, interval, minute, minute + 60) for interval in (1, 7, 60, 3_600)]
    assert store.invent(BTC, interpolated(told(minute, "10", "14", "9", "12"), Decimal("0.5"), Decimal("0.1")))
    assert [store.bars(BTC, interval, minute, minute + 60) for interval in (1, 7, 60, 3_600)] == before
    asked = store.bars(BTC, 1, minute, minute + 60, synthetic=True)
    assert [item.basis for item in asked if isinstance(item, Bar)] == [Basis.SYNTHETIC] * 30 + [Basis.TRADES] + [
        Basis.SYNTHETIC
    ] * 29
    (whole,) = store.bars(BTC, 60, minute, minute + 60, synthetic=True)
    assert isinstance(whole, Bar)
    assert whole.basis is not Basis.SYNTHETIC
    assert store.unknown(BTC, 1, minute, minute + 60) == [(minute, minute + 30), (minute + 31, minute + 60)]


# -- bounds ------------------------------------------------------------------------------------------------------------------


def filled(store: CandleStore, day: int, days: int) -> None:
    for number in range(days):
        at = day + number * DAY
        store.write([Heard(BTC, [second(at + 60 * n, str(100 + number)) for n in range(60)], [(at, at + 3_600)])])


def count(store: CandleStore, table: str) -> int:
    return int(store.file.db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


def test_old_seconds_are_let_go_and_the_minutes_and_days_made_of_them_stay() -> None:
    day = T0 - T0 % DAY
    store = opened(None, day, Kept(seconds_days=3, minutes_days=6))
    filled(store, day, 10)
    hours = store.bars(BTC, 3_600, day, day + 10 * DAY, now_s=day + 10 * DAY)
    store._clock.advance(10 * DAY)  # type: ignore[attr-defined]
    store.prune()
    assert count(store, "seconds") == 3 * 60
    assert [type(item) for item in store.bars(BTC, 60, day + 5 * DAY, day + 5 * DAY + 3_600)] == [Bar] * 60
    assert store.bars(BTC, 1, day + 5 * DAY, day + 5 * DAY + 60) == [Gap(day + 5 * DAY, day + 5 * DAY + 60)]
    assert store.bars(BTC, 60, day + 2 * DAY, day + 2 * DAY + 3_600) == [Gap(day + 2 * DAY, day + 2 * DAY + 3_600)]
    assert store.bars(BTC, 3_600, day, day + 10 * DAY) == hours


def test_the_oldest_days_make_room_when_there_are_too_many_seconds() -> None:
    day = T0 - T0 % DAY
    store = opened(None, day + 9 * DAY + 7_200, Kept(seconds_days=100, max_seconds=4 * 60))
    filled(store, day, 10)
    store.prune()
    assert count(store, "seconds") == 4 * 60
    assert isinstance(store.bars(BTC, 1, day + 9 * DAY, day + 9 * DAY + 1)[0], Bar)


# -- files -------------------------------------------------------------------------------------------------------------------


def test_a_full_disk_loses_nothing_that_waits_and_says_so_once(tmp_path: Path) -> None:
    store = opened(tmp_path / "c.sqlite")
    pages = store.file.db.execute("PRAGMA page_count").fetchone()[0]
    store.file.db.execute(f"PRAGMA max_page_count = {pages + 1}")
    batch = [Heard(BTC, [second(T0 + n, "10") for n in range(2_000)], [(T0, T0 + 2_000)])]
    assert not store.write(batch)
    assert not store.write(batch)
    assert [text for text in store.notices if "cannot be written" in text] == store.notices[:1] == store.notices
    assert store.bars(BTC, 1, T0, T0 + 10) == []
    store.file.db.execute("PRAGMA max_page_count = 1000000")
    assert store.write(batch)
    (bar,) = store.bars(BTC, 2_000, T0, T0 + 2_000)
    assert isinstance(bar, Bar)
    assert (bar.trades, bar.known_s) == (2_000, 2_000)
    assert store.file.db.execute("SELECT SUM(trades) FROM seconds").fetchone()[0] == 2_000
    store.close()


def test_a_file_of_an_older_version_is_brought_up_to_date_with_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    store = opened(path)
    store.write([Heard(BTC, [second(T0, "10")], [(T0, T0 + 1)])])
    store.close()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE synthetic")  # what the second version added
        db.execute("PRAGMA user_version = 1")
    store = opened(path)
    assert isinstance(store.bars(BTC, 1, T0, T0 + 1)[0], Bar)
    assert store.invent(BTC, [told(T0 + 1, "1", "1", "1", "1", interval=1)])
    store.close()


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    opened(path).close()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {len(tables.MIGRATIONS) + 1}")
    before = path.read_bytes()
    store = CandleStore(path, ManualClock(T0 * NS))
    assert not store.open()
    assert "newer tui-trader" in store.notices[0]
    assert path.read_bytes() == before
    assert not store.write([Heard(BTC, [second(T0, "1")], [])])


@pytest.mark.parametrize("content", [b"not a database" * 400, b"SQLite format 3\0" + b"\xff" * 8_000])
def test_a_damaged_file_is_set_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.sqlite"
    path.write_bytes(content)
    store = opened(path)
    assert "set aside" in store.notices[0]
    assert store.write([Heard(BTC, [second(T0, "10")], [(T0, T0 + 1)])])
    assert len(list(tmp_path.glob("c.sqlite.damaged-*"))) == 1
    store.close()


def test_damage_that_shows_while_it_is_in_use_costs_the_past_and_not_what_comes(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    store = opened(path)
    assert store.write([Heard(BTC, [second(T0 + n, "10") for n in range(9_000)], [(T0, T0 + 9_000)])])
    assert isinstance(store.bars(BTC, 1, T0, T0 + 1)[0], Bar)
    store.file.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096 * 60)
    store.file.db.execute("PRAGMA shrink_memory")  # what it remembers of the file
    assert store.write([Heard(BTC, [second(T0 + n, "11") for n in range(50)], [(T0, T0 + 50)])])
    assert "the file of the candles was damaged" in store.notices[0]
    (bar,) = store.bars(BTC, 60, T0, T0 + 1)[:1]
    assert isinstance(bar, Bar)
    assert bar.close == 11
    store.close()


def spoilt(path: Path) -> CandleStore:
    """Return a store over a file whose writer was killed, on a disk that lost the middle of it."""
    store = opened(path)
    assert store.write([Heard(BTC, [second(T0 + n, "10") for n in range(9_000)], [(T0, T0 + 9_000)])])
    store.close()
    with path.open("r+b") as file:
        file.seek(4096 * 20)
        file.write(b"\xff" * 4096 * 10)
    path.with_name(f"{path.name}-wal").touch()
    return opened(path)


def test_a_file_whose_writer_was_killed_is_open_at_once_and_looked_through_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    store = spoilt(path)
    assert store.notices == []
    assert isinstance(store.bars(BTC, 1, T0, T0 + 1)[0], Bar)
    store.examine()
    (notice,) = store.notices
    assert "the file of the candles was damaged" in notice
    assert store.bars(BTC, 1, T0, T0 + 1) == []
    assert store.write([Heard(BTC, [second(T0, "11")], [(T0, T0 + 1)])])
    (bar,) = store.bars(BTC, 1, T0, T0 + 1)
    assert isinstance(bar, Bar)
    assert bar.close == 11
    store.close()
    again = opened(path)
    again.examine()  # closed well: nothing to look for
    assert again.notices == []
    again.close()


def test_a_store_that_was_closed_is_not_opened_again_by_what_was_found_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = spoilt(tmp_path / "c.sqlite")

    def slow(path: Path) -> sqlite3.Connection:
        store.file._drop()  # closed by another thread, while the file is looked through
        return reader(path)

    monkeypatch.setattr(database, "reader", slow)
    store.examine()
    assert not store.writable
    assert store.notices == []
    store.close()


def test_a_writer_that_is_killed_leaves_a_log_that_can_be_played_again(tmp_path: Path) -> None:
    store = opened(tmp_path / "c.sqlite")
    assert store.file.db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store.file.db.execute("PRAGMA synchronous").fetchone() == (1,)
    store.close()


def test_who_looks_does_not_wait_for_who_writes(tmp_path: Path) -> None:
    store = opened(tmp_path / "c.sqlite")
    store.write([Heard(BTC, [second(T0, "10")], [(T0, T0 + 1)])])
    found: list[Bars] = []
    with store.file.transaction() as db:
        db.execute("DELETE FROM seconds")
        looking = threading.Thread(target=lambda: found.append(store.bars(BTC, 1, T0, T0 + 1)))
        looking.start()
        looking.join(30)
        assert not looking.is_alive()
    assert isinstance(found[0][0], Bar)  # what was there before
    assert store.bars(BTC, 1, T0, T0 + 1) == [Gap(T0, T0 + 1, observed=True)]
    store.close()


def test_a_second_process_reads_and_does_not_write(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    first, second_one = opened(path), CandleStore(path, ManualClock((T0 + 100) * NS))
    assert not second_one.open()
    first.write([Heard(BTC, [second(T0, "10")], [(T0, T0 + 1)])])
    assert isinstance(second_one.bars(BTC, 1, T0, T0 + 1)[0], Bar)
    assert not second_one.write([Heard(BTC, [second(T0, "10")], [])])
    first.close()
    assert second_one.open()
    second_one.close()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_kill_9_loses_at_most_the_second_that_was_not_flushed(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "c.sqlite"
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.storage.candle_child", str(path), str(seed)],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent.parent,
    )  # fmt: skip
    assert child.stdout is not None
    wanted = 20 + random.Random(seed).randrange(40)
    last = 0
    for line in child.stdout:
        last = int(line)
        if last >= T0 + wanted:
            child.send_signal(signal.SIGKILL)
            break
    rest = child.stdout.read().split()
    child.wait()
    child.stdout.close()
    last = int(rest[-1]) if rest else last
    store = opened(path)
    assert store.notices == []  # not damaged
    beyond = set()
    for number, iid in enumerate(SERIES):
        found = store.bars(iid, 1, T0, last + 2)
        expected: Bars = []
        for _, trades in zip(range(T0, last + 2), trades_of(seed + number), strict=False):
            one = second_of(trades)
            prices = (one.open, one.high, one.low, one.close)
            expected.append(Bar(one.start_s, 1, *prices, one.volume, one.trades, 1, 1, Basis.TRADES))
        # Everything that was told to be kept is there; of the one after it all or nothing.
        assert found[: last - T0 + 1] == expected[: last - T0 + 1]
        assert found[last - T0 + 1 :] in ([expected[last - T0 + 1]], [Gap(last + 1, last + 2)])
        beyond.add(type(found[-1]))
        minutes = [item for item in store.bars(iid, 60, T0, last + 1) if isinstance(item, Bar)]
        assert sum(bar.trades for bar in minutes) == sum(item.trades for item in found if isinstance(item, Bar))
    assert len(beyond) == 1  # a batch is there for every symbol or for none
    store.examine()
    assert store.notices == []
    store.close()


def test_the_oldest_days_of_all_symbols_make_room_together(tmp_path: Path) -> None:
    day = T0 - T0 % DAY
    store = opened(tmp_path / "c.sqlite", day + 5 * DAY + 7_200, Kept(seconds_days=100, max_seconds=3 * 60))
    for shift, iid in enumerate(SERIES[:3]):
        for number in range(2 * shift, 2 * shift + 2):
            at = day + number * DAY
            store.write([Heard(iid, [second(at + 60 * n, "100") for n in range(60)], [(at, at + 3_600)])])
    store.prune()
    left = dict(store.file.db.execute("SELECT symbol, COUNT(*) FROM seconds JOIN series ON id = series GROUP BY venue, symbol"))
    assert left == {SERIES[1].symbol: 60, SERIES[2].symbol: 120}
    for shift, iid in enumerate(SERIES[:3]):  # and their hours stay
        at = day + 2 * shift * DAY
        (bar,) = store.bars(iid, 3_600, at, at + 3_600)
        assert isinstance(bar, Bar)
        assert (bar.trades, bar.is_whole) == (60, True)
    store.close()


def test_a_symbol_that_needs_more_decimals_leaves_the_others_as_they_were() -> None:
    store = opened(None)
    for iid in SERIES[:3]:
        store.write([Heard(iid, [second(T0, "10.5")], [(T0, T0 + 1)])])
    store.write([Heard(BTC, [second(T0 + 1, "10.123456")], [(T0 + 1, T0 + 2)])])
    for iid in SERIES[:3]:
        (bar,) = store.bars(iid, 1, T0, T0 + 1)
        assert isinstance(bar, Bar)
        assert bar.close == Decimal("10.5")


def test_a_late_part_of_a_second_moves_every_bar_that_holds_it() -> None:
    store = opened(None)
    day = T0 - T0 % DAY
    store.write([Heard(BTC, [second(day + 30, "10"), second(day + 700, "12")], [(day, day + 800)])])
    store.write([Heard(BTC, [second(day + 30, "8", "99")], [])])
    for interval in (1, 7, 60, 599, 3_600, 86_399, DAY):
        at = day + 30 - (day + 30) % interval
        (bar,) = store.bars(BTC, interval, at, at + interval, now_s=day + 800)
        assert isinstance(bar, Bar), interval
        assert (bar.low, bar.high) == (8, 99), interval
        assert bar.trades == (4 if interval >= 3_600 else 3), interval
