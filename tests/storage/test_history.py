"""The local history: the same rows whatever came first and however often, and no end or damage that anything else would feel."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui_trader.core.clock import DAY_NS, NS, ManualClock
from tui_trader.core.event import FundingPaid
from tui_trader.core.order import Fill, Order, OrderReport, OrderTicket
from tui_trader.core.types import (
    ClientOrderId,
    ExecId,
    InstrumentId,
    Liquidity,
    OrderStatus,
    OrderType,
    Side,
    VenueOrderId,
)
from tui_trader.storage import history as module
from tui_trader.storage.database import SET_ASIDE
from tui_trader.storage.history import MIGRATIONS, VERSION, History, read
from tui_trader.storage.history_rows import KINDS, ROWS, FillRow, FundingRow, OrderRow, Row, TransferRow

BTC = InstrumentId("phemex", "BTCUSDT")
ETH = InstrumentId("phemex", "ETHUSDT")
NOW = 1_700_000_000 * NS
FOREVER = 1 << 62


def fill(n: int = 1, at_ns: int = NOW, iid: InstrumentId = BTC, **change: object) -> FillRow:
    made = Fill(
        ExecId(f"e-{n}"), iid, ClientOrderId("tt-1"), VenueOrderId("v-1"), Side.BUY, D("0.010"), D("50000.10"), D("0.30"),
        "USDT", Liquidity.TAKER, at_ns,
    )  # fmt: skip
    return FillRow.of("main", replace(made, **change))  # type: ignore[arg-type]


def order(client_id: str = "tt-1", status: OrderStatus = OrderStatus.SENT, at_ns: int = NOW) -> Order:
    ticket = OrderTicket(ClientOrderId(client_id), BTC, Side.BUY, OrderType.LIMIT, D(3), price=D(100))
    sent = Order.from_ticket(ticket, at_ns).to_status(OrderStatus.SENT)
    return sent if status is OrderStatus.SENT else sent.to_status(status)


def report(client_id: str = "tt-1", venue_id: str = "v-1", **change: object) -> OrderReport:
    told = OrderReport(
        BTC, ClientOrderId(client_id), VenueOrderId(venue_id), OrderStatus.LIVE, Side.BUY, OrderType.LIMIT, D(3), price=D(100)
    )
    return replace(told, **change)  # type: ignore[arg-type]


def told(**change: object) -> OrderRow:
    return OrderRow.of("main", Order.from_report(report(**change)))  # type: ignore[arg-type]


def rows_of(path: Path, table: str = "fills") -> list[Row]:
    return list(read(path, table, 0, FOREVER))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history" / "phemex-live-main.sqlite"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def opened(path: Path, clock: ManualClock) -> Iterator[History]:
    history = History(path, clock)
    assert history.open()
    assert history.notices == []
    yield history
    history.close()


# -- the same facts, the same rows ---------------------------------------------------------------------------------------

_small = st.integers(0, 3)
_money = st.none() | st.integers(1, 3).map(D)


def _both_ids(n: int, with_client: bool, with_venue: bool) -> tuple[str, str]:
    return (f"c-{n}" if with_client or not with_venue else "", f"v-{n}" if with_venue else "")


@st.composite
def _orders(draw: st.DrawFn) -> OrderRow:
    client_id, venue_id = _both_ids(draw(st.integers(1, 2)), draw(st.booleans()), draw(st.booleans()))
    at_ns = draw(_small)
    row = told(
        client_id=client_id,
        venue_id=venue_id,
        status=draw(st.sampled_from([status for status in OrderStatus if status is not OrderStatus.INTENT])),
        filled=D(draw(_small)),
        filled_value=D(draw(_small)),
        qty=D(draw(st.integers(1, 3))),
        price=draw(_money),
        trigger_price=draw(_money),
        reduce_only=draw(st.booleans()),
        sequence=draw(_small),
        at_ns=at_ns,
        reason=draw(st.sampled_from(["", "a", "b"])),
    )
    return row.as_own() if draw(st.booleans()) else row


_fills = st.builds(
    lambda n, iid, client, fee, at, gain: fill(n, at, iid, client_id=ClientOrderId(client), fee=D(fee), realised=D(gain)),
    st.integers(1, 2),
    st.sampled_from([BTC, ETH]),
    st.sampled_from(["", "tt-1"]),
    st.integers(0, 1),
    _small,
    st.integers(-1, 1),
)
_funding = st.builds(
    lambda exec_id, amount, at: FundingRow.of("main", FundingPaid(BTC, D(amount), "USDT", D("0.0001"), at * NS, exec_id)),
    st.sampled_from(["", "f-1", "f-2"]),
    st.integers(-1, 1),
    _small,
)
_transfers = st.builds(
    lambda n, status: TransferRow("phemex", "main", f"t-{n}", "USDT", "5", "wallet", "trading", status, "", NOW),
    st.integers(1, 2),
    st.sampled_from(["under_way", "unknown", "done"]),
)


def _all_rows(history: History) -> list[list[Row]]:
    return [history.newest(kind.table, 100) for kind in ROWS]


def _kept(batches: list[list[Row]]) -> list[list[Row]]:
    history = History(None, ManualClock(NOW), keep_days=36_500)
    assert history.open()
    for batch in batches:
        assert history.write(batch)
    rows = _all_rows(history)
    history.close()
    return rows


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=150, deadline=None)
@given(st.data(), st.lists(_orders() | _fills | _funding | _transfers, max_size=7))
def test_any_order_and_any_repetition_gives_the_same_rows(data: st.DataObject, facts: list[Row]) -> None:
    # Every order is told once with both of its ids: which of ours the venue means, somebody must say.
    facts = [*facts, *(told(client_id=f"c-{n}", venue_id=f"v-{n}", sequence=9, at_ns=9) for n in (1, 2))]
    again = data.draw(st.lists(st.sampled_from(facts), max_size=5))
    shuffled = data.draw(st.permutations([*facts, *again]))
    cut = data.draw(st.integers(0, len(shuffled)))
    assert _kept([facts]) == _kept([shuffled[:cut], shuffled[cut:]])


@settings(max_examples=100, deadline=None)
@given(_orders(), _orders(), _orders())
def test_a_join_is_a_lattice(a: OrderRow, b: OrderRow, c: OrderRow) -> None:
    a, b, c = (replace(row, id="v-1", client_id="c-1", venue_id="v-1") for row in (a, b, c))
    assert a.join(b) == b.join(a)
    assert a.join(b).join(c) == a.join(b.join(c))
    assert a.join(a) == a


def test_an_order_goes_by_the_venues_id_once_it_is_known(opened: History) -> None:
    opened.write([OrderRow.of("main", order())])
    (row,) = opened.newest("orders", 9)
    assert row.id == "tt-1"
    opened.write([OrderRow.of("main", order().merge(report(at_ns=NOW, price=D(101))))])
    (row,) = opened.newest("orders", 9)
    assert isinstance(row, OrderRow)
    assert (row.id, row.client_id, row.status, row.price, row.external) == ("v-1", "tt-1", "live", "101", 0)


def test_an_order_that_goes_on_under_another_id_stays_one_row(opened: History) -> None:
    """The venue's past tells what came of it as somebody's; whatever is told first, it is one order and ours."""
    waited = order().merge(report(at_ns=NOW, status=OrderStatus.ARMED, venue_id=VenueOrderId("plan-7")))
    fired = waited.merge(
        report(at_ns=NOW + 1, status=OrderStatus.LIVE, venue_id=VenueOrderId("plan-7"), becomes=VenueOrderId("99"))
    )
    follower = replace(told(client_id="_m_99", venue_id="99", at_ns=NOW + 2, status=OrderStatus.FILLED, filled=D(3)), external=1)
    for facts in ([waited, fired, follower], [follower, waited, fired], [fired, follower, waited], [waited, follower, fired]):
        opened.write([one if isinstance(one, OrderRow) else OrderRow.of("main", one) for one in facts])
        (row,) = opened.newest("orders", 9)
        assert isinstance(row, OrderRow)
        assert (row.id, row.venue_id, row.client_id, row.status, row.external) == ("99", "99", "tt-1", "filled", 0)


def test_an_absence_that_was_concluded_gives_way_to_the_venues_word(opened: History) -> None:
    opened.write([OrderRow.of("main", order(status=OrderStatus.ABSENT))])
    opened.write([told(at_ns=NOW)])
    (row,) = opened.newest("orders", 9)
    assert isinstance(row, OrderRow)
    assert row.status == "live"


def test_the_newest_terms_stand_and_an_older_word_does_not_bring_others_back(opened: History) -> None:
    opened.write([told(at_ns=7, sequence=2, price=D(102)), told(at_ns=7, sequence=1, price=D(101)), told(at_ns=3, price=D(109))])
    (row,) = opened.newest("orders", 9)
    assert isinstance(row, OrderRow)
    assert row.price == "102"


def test_money_is_the_decimal_text_that_was_told(opened: History, path: Path) -> None:
    opened.write([fill(qty=D("1E-8"), price=D("50000.10"), fee=D("-0.00"), realised=D("0E-8"))])
    (row,) = rows_of(path)
    assert isinstance(row, FillRow)
    assert (row.qty, row.price, row.fee, row.realised) == ("0.00000001", "50000.1", "0", "0")
    kinds = sqlite3.connect(path).execute("SELECT typeof(qty), typeof(price), typeof(fee) FROM fills").fetchone()
    assert kinds == ("text", "text", "text")


@pytest.mark.parametrize("turn", [1, -1])
def test_a_profit_that_only_one_source_tells_stands(opened: History, turn: int) -> None:
    opened.write([fill(realised=D("-1.5")), fill(realised=D(0))][::turn])
    (row,) = opened.newest("fills", 9)
    assert isinstance(row, FillRow)
    assert row.realised == "-1.5"


def test_the_same_execution_id_of_two_contracts_is_two_fills(opened: History) -> None:
    opened.write([fill(1), fill(1, iid=ETH)])
    assert len(opened.newest("fills", 9)) == 2


# -- reading -------------------------------------------------------------------------------------------------------------


def test_rows_come_by_time_and_then_by_id(opened: History, path: Path) -> None:
    opened.write([fill(n, at_ns) for n, at_ns in ((3, 20), (2, 10), (1, 20), (4, 30))])
    assert [row.id for row in read(path, "fills", 10, 30)] == ["e-2", "e-1", "e-3"]
    assert [row.id for row in opened.newest("fills", 2)] == ["e-3", "e-4"]
    assert [row.id for row in opened.newest("fills", 2, before_ns=30)] == ["e-1", "e-3"]


def test_a_reader_sees_one_moment_while_somebody_writes(opened: History, path: Path) -> None:
    opened.write([fill(n, n) for n in range(1, 200)])
    reading = read(path, "fills", 0, FOREVER)
    assert next(reading).id == "e-1"
    assert opened.write([fill(n, n) for n in range(200, 400)])
    assert len(list(reading)) == 198


def test_what_was_closed_can_be_read(opened: History, path: Path) -> None:
    opened.write([fill()])
    opened.close()
    assert len(rows_of(path)) == 1


def test_a_history_that_is_not_there_is_not_made_by_reading(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        rows_of(path)
    assert not path.exists()


# -- the file ------------------------------------------------------------------------------------------------------------


def test_the_files_are_for_this_user_alone(opened: History, path: Path) -> None:
    opened.write([fill()])
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert len(modes) >= 3  # the database, its log, the lock
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_one_writes_and_the_next_goes_on_after_it(opened: History, path: Path, clock: ManualClock) -> None:
    other = History(path, clock)
    assert not other.open()
    assert not other.write([fill(2)])
    assert other.notices == []  # it is no fault that another terminal writes
    opened.write([fill(1)])
    opened.close()
    assert other.open()
    assert other.write([fill(2)])
    assert [row.id for row in rows_of(path)] == ["e-1", "e-2"]
    other.close()


def test_a_link_in_its_place_is_not_followed(path: Path, clock: ManualClock) -> None:
    path.parent.mkdir()
    target = path.with_name("elsewhere")
    path.symlink_to(target)
    history = History(path, clock)
    assert not history.open()
    assert not target.exists()
    assert "cannot keep the history" in history.notices[0]


def test_what_is_older_than_the_retention_goes_and_open_orders_stay(path: Path, clock: ManualClock) -> None:
    history = History(path, clock, keep_days=30)
    history.open()
    old = NOW - 31 * DAY_NS
    over = told(client_id="tt-2", venue_id="v-2", at_ns=old, status=OrderStatus.CANCELED)
    history.write([fill(1, old), fill(2), told(at_ns=old), over])
    clock.advance(2 * 86_400)
    history.write([fill(3)])
    assert [row.id for row in rows_of(path)] == ["e-2", "e-3"]
    assert [row.id for row in rows_of(path, "orders")] == ["v-1"]
    history.close()


def test_the_newest_rows_are_kept_when_there_are_too_many(path: Path, clock: ManualClock) -> None:
    history = History(path, clock, max_rows=10)
    history.open()
    history.write([fill(n, NOW + n) for n in range(100, 150)])
    history.close()
    history.open()
    assert [row.id for row in rows_of(path)] == [f"e-{n}" for n in range(140, 150)]
    history.close()


# -- versions ------------------------------------------------------------------------------------------------------------


def _at_version(path: Path, version: int) -> sqlite3.Connection:
    path.parent.mkdir(exist_ok=True)
    db = sqlite3.connect(path)
    for step in MIGRATIONS[:version]:
        db.executescript(step)
    db.executescript(f"PRAGMA application_id = {module.APPLICATION}; PRAGMA user_version = {version}")
    return db


def test_an_older_schema_is_brought_to_this_one_with_its_rows(path: Path, clock: ManualClock) -> None:
    assert VERSION == 2
    db = _at_version(path, 1)
    row = fill()
    db.execute(f"INSERT INTO fills VALUES ({', '.join('?' * len(FillRow.columns()))})", [getattr(row, c) for c in row.columns()])
    db.commit()
    db.close()
    history = History(path, clock)
    assert history.open()
    assert history.newest("fills", 9) == [row]
    assert history.write([], {"fills": 7})
    assert history.known_until("fills") == 7
    history.close()
    assert sqlite3.connect(path).execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_a_file_of_a_newer_program_is_left_alone(path: Path, clock: ManualClock) -> None:
    _at_version(path, VERSION).executescript(f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    history = History(path, clock)
    assert not history.open()
    assert "newer tui-trader" in history.notices[0]
    assert path.read_bytes() == before


# -- damage --------------------------------------------------------------------------------------------------------------


def _rubbish(path: Path) -> None:
    path.write_bytes(b"\0not a database" * 4096)


def _hole(path: Path) -> None:
    # The middle of a table, so that the header reads well.
    with path.open("r+b") as file:
        file.seek(4096 * 2)
        file.write(b"\xff" * 4096 * 6)


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _other_program(path: Path) -> None:
    path.unlink()
    db = sqlite3.connect(path)
    db.executescript("CREATE TABLE fills (a); PRAGMA user_version = 2")
    db.close()


def _other_columns(path: Path) -> None:
    db = sqlite3.connect(path)
    db.executescript("DROP TABLE fills; CREATE TABLE fills (a, at_ns)")
    db.close()


@pytest.mark.parametrize("spoil", [_rubbish, _hole, _cut, _other_program, _other_columns])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(path: Path, clock: ManualClock, spoil: Callable[[Path], None]) -> None:
    history = History(path, clock)
    history.open()
    history.write([fill(n) for n in range(500)], {"fills": NOW})
    history.close()
    spoil(path)
    path.with_name(f"{path.name}-wal").touch()  # as after a crash
    spoilt = path.stat().st_size
    again = History(path, clock)
    assert again.open()
    (notice,) = again.notices
    assert "damaged" in notice
    assert "asked for it again" in notice
    (aside,) = (one for one in path.parent.glob("*.damaged-*") if not one.name.endswith(("-wal", "-shm")))
    assert aside.stat().st_size >= spoilt
    assert again.known_until("fills") == 0  # so the venue is asked for everything
    assert again.write([fill(n) for n in range(500)])
    assert len(rows_of(path)) == 500
    again.close()


def test_damage_while_it_is_in_use_is_set_aside_too(opened: History, path: Path) -> None:
    opened.write([fill(n) for n in range(500)])
    connection = opened.file.db
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _hole(path)
    connection.execute("PRAGMA shrink_memory")  # what it remembers of the file
    assert opened.write([fill(n, NOW + n) for n in range(1000, 1400)])
    assert "damaged" in opened.notices[0]
    assert len(rows_of(path)) == 400


def test_damaged_files_do_not_pile_up(path: Path, clock: ManualClock) -> None:
    for _ in range(SET_ASIDE + 3):
        path.parent.mkdir(exist_ok=True)
        _rubbish(path)
        history = History(path, clock)
        assert history.open()
        history.close()
        clock.advance(1)
    assert len(list(path.parent.glob("*.damaged-*"))) == SET_ASIDE


def test_a_disk_that_takes_nothing_is_told_once_and_tried_again(opened: History) -> None:
    connection = opened.file.db
    connection.execute("PRAGMA max_page_count = 1")  # what SQLite says then is what it says of a full disk
    assert not opened.write([fill(n) for n in range(2000)])
    assert not opened.write([fill(n) for n in range(2000)])
    assert opened.notices == ["the history cannot be written: database or disk is full; trying again"]
    connection.execute("PRAGMA max_page_count = 100000")
    assert opened.write([fill(n) for n in range(2000)])
    assert len(opened.newest("fills", 9999)) == 2000


# -- kill -9 -------------------------------------------------------------------------------------------------------------

_WRITER = """
import sys
from pathlib import Path
from tests.storage.test_history import fill
from tui_trader.core.clock import SystemClock
from tui_trader.storage.history import History
history = History(Path(sys.argv[1]), SystemClock(), keep_days=36500)
assert history.open()
first = int(sys.argv[2])
for batch in range(first, first + 1_000_000):
    assert history.write([fill(batch * 10 + n, batch * 10 + n) for n in range(10)])
    print(batch, flush=True)
"""


def test_a_killed_writer_loses_nothing_that_it_had_written(path: Path, clock: ManualClock) -> None:
    written = -1
    for life in range(3):
        command = [sys.executable, "-c", _WRITER, str(path), str(written + 1)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                written = int(line)
                if written % 20 == 19 - life:
                    break
            process.send_signal(signal.SIGKILL)
            written = max([written, *(int(line) for line in process.stdout.read().split())])
        assert process.returncode == -signal.SIGKILL
        history = History(path, clock, keep_days=36_500)
        assert history.open()
        assert history.notices == []
        history.close()
        ids = {row.id for row in rows_of(path)}
        assert ids >= {f"e-{n}" for n in range((written + 1) * 10)}
        assert len(ids) % 10 == 0  # a batch is there whole or not at all
        assert len(ids) <= (written + 2) * 10


def test_every_kind_of_row_has_its_table() -> None:
    assert set(KINDS) == {"orders", "fills", "funding", "transfers"}
