"""The history follows what the desk absorbs and what the venue remembers, and nothing that happens to it is felt by an order."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path

import pytest

from tests.desk.conftest import BTC, NO_FILLS, UNKNOWN, WIDE, Bench, World, report, told, until
from tests.desk.test_desk import buy, ended, passive
from tui_trader.core.account import Balance
from tui_trader.core.clock import DAY_NS, NS, SystemClock
from tui_trader.core.event import BalanceChanged, BookRun, FundingPaid, FundsTransferred, Notice, OrderFilled
from tui_trader.core.funds import Transfer, TransferState
from tui_trader.core.order import Fill
from tui_trader.core.types import ClientOrderId, ExecId, Liquidity, OrderStatus, Side, VenueOrderId
from tui_trader.desk import recorder as module
from tui_trader.desk.desk import Desk
from tui_trader.desk.recorder import OVERLAP_NS, Recorder
from tui_trader.storage.history import History, read
from tui_trader.storage.history_rows import FillRow, OrderRow, Row, TransferRow
from tui_trader.venues.base import Outcome, Verdict
from tui_trader.venues.phemex import PHEMEX

FOREVER = 1 << 62
AGAIN = replace(WIDE, duplicate_s=0)


def rows(path: Path, table: str) -> list[Row]:
    return list(read(path, table, 0, FOREVER))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history" / "phemex-sim-main.sqlite"


def kept(path: Path) -> History:
    return History(path, SystemClock())


def spoil(path: Path) -> None:
    path.write_bytes(b"\0" * 40_000)


def in_its_place(path: Path) -> None:
    path.mkdir(parents=True)


def fills_of(desk: Desk) -> list[FillRow]:
    return sorted((FillRow.of("main", fill) for fill in desk.store.blotter.fills()), key=lambda row: (row.at_ns, row.id))


# -- the whole stack -----------------------------------------------------------------------------------------------------


async def test_what_was_traded_is_there_after_the_desk(world: World, path: Path) -> None:
    desk = await world.desk(history=kept(path), limits=AGAIN)
    await buy(desk)
    await desk.submit(passive(desk, "tt-rests"))
    await ended(desk, "tt-rests", OrderStatus.LIVE)
    await desk.submit(passive(desk, "tt-goes"))
    await ended(desk, "tt-goes", OrderStatus.LIVE)
    order = desk.store.blotter.get("tt-goes")
    assert order is not None
    await desk.cancel(order)
    await ended(desk, "tt-goes", OrderStatus.CANCELED)
    expected = fills_of(desk)
    await desk.close()
    assert rows(path, "fills") == expected
    assert expected
    orders = {row.client_id: row for row in rows(path, "orders") if isinstance(row, OrderRow)}
    assert len(orders) == 3
    assert {row.status for row in orders.values()} == {"filled", "live", "canceled"}
    assert all(not row.external and row.id == row.venue_id for row in orders.values())
    again = await world.desk(history=kept(path), limits=AGAIN)
    await until(lambda: again.store.past.fills, "the past")
    assert [FillRow.of("main", fill) for fill in again.store.past.fills] == expected


async def test_a_later_desk_learns_from_the_venue_what_none_recorded(world: World, path: Path) -> None:
    unseen = await world.desk(limits=AGAIN)
    for _ in range(3):
        await buy(unseen)
    expected = fills_of(unseen)
    await unseen.close()
    desk = await world.desk(history=kept(path), limits=AGAIN)
    assert desk.recorder is not None
    before = desk.store.blotter.fills()
    assert await desk.recorder.fill_in() >= len(expected)
    assert desk.store.blotter.fills() == before  # the past is written down, not absorbed: the session's sums stay its own
    assert rows(path, "fills") == expected
    await desk.close()
    assert rows(path, "fills")


async def test_the_past_comes_in_pages(world: World, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unseen = await world.desk(limits=AGAIN)
    for _ in range(5):
        await buy(unseen)
    expected = {row.id for row in fills_of(unseen)}
    await unseen.close()
    monkeypatch.setattr("tui_trader.venues.phemex.orders.PAGE_ROWS", 2)
    monkeypatch.setattr("tui_trader.venues.phemex.replies.PAGE_ROWS", 2)
    desk = await world.desk(history=kept(path), limits=AGAIN)
    assert desk.recorder is not None
    pages: list[int] = []
    desk.recorder.progress = lambda name, count: pages.append(count)
    await desk.recorder.fill_in()
    assert len(pages) >= 3
    assert {row.id for row in rows(path, "fills")} == expected


async def test_a_damaged_history_is_rebuilt_and_hinders_nothing(world: World, path: Path) -> None:
    first = await world.desk(history=kept(path), limits=AGAIN)
    await buy(first)
    expected = fills_of(first)
    await first.close()
    spoil(path)
    desk = await world.desk(history=kept(path), limits=AGAIN)
    assert desk.recorder is not None
    await until(lambda: any("damaged" in notice.text for notice in desk.store.notices), "the notice")
    await buy(desk)
    await desk.recorder.fill_in()
    assert {row.id for row in rows(path, "fills")} >= {row.id for row in expected}


@pytest.mark.parametrize("fault", ["a folder is in its place", "another terminal writes it"])
async def test_a_desk_trades_without_its_history(world: World, path: Path, fault: str) -> None:
    other = kept(path)
    if fault == "a folder is in its place":
        in_its_place(path)
    else:
        other.open()
    desk = await world.desk(history=kept(path), limits=AGAIN)
    await buy(desk)
    if fault == "a folder is in its place":
        await until(lambda: any("cannot keep the history" in notice.text for notice in desk.store.notices), "the notice")
    else:
        assert not any("history" in notice.text for notice in desk.store.notices)
    await desk.close()
    other.close()


# -- piece by piece ------------------------------------------------------------------------------------------------------


def execution(n: int, at_ns: int = 5) -> Fill:
    ids = ClientOrderId("tt-1"), VenueOrderId("v-tt-1")
    return Fill(ExecId(f"e-{n}"), BTC, *ids, Side.BUY, D(1), D(100), D("0.06"), "USDT", Liquidity.MAKER, at_ns)


def recorder(bench: Bench, history: History, now_ns: int = 200 * DAY_NS) -> Recorder:
    return Recorder(
        history=history,
        account="main",
        store=bench.store,
        dialect=PHEMEX.orders(),
        send=bench.wire,
        scopes=lambda: [None],
        watched=lambda: [BTC],
        server_ns=lambda: now_ns,
        reconciled=lambda: True,
        say=lambda text, severity: bench.absorb([Notice(text, severity)]),
    )


async def test_market_data_is_not_heard(world: World, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = await world.desk(history=kept(path), limits=AGAIN)
    assert desk.recorder is not None
    heard: list[type] = []
    monkeypatch.setattr(desk.recorder, "hear", lambda event: heard.append(type(event)))
    seen: list[type] = []
    apply = desk.store.apply
    monkeypatch.setattr(desk.store, "apply", lambda event: (seen.append(type(event)), apply(event))[1])
    await until(lambda: seen.count(BookRun) > 5, "some market data")
    assert BookRun not in heard
    assert set(heard).isdisjoint(
        {kind for kind in seen if kind.__module__ == "tui_trader.core.event" and "Trades" in kind.__name__}
    )


async def test_orders_are_noted_when_they_change_and_only_then(bench: Bench) -> None:
    history = History(None, bench.clock)
    history.open()
    keeper = recorder(bench, history)
    bench.hear(report())
    keeper.look()
    keeper.look()
    assert len(keeper._waiting) == 1
    bench.hear(report(OrderStatus.FILLED, filled=D(3), sequence=3))
    await keeper.flush()
    (row,) = history.newest("orders", 9)
    assert isinstance(row, OrderRow)
    assert (row.status, row.filled) == ("filled", "3")


async def test_what_the_disk_does_not_take_waits_and_is_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(None, bench.clock)
    keeper = recorder(bench, history)
    monkeypatch.setattr(module, "MAX_WAITING", 10)
    for n in range(15):
        keeper.hear(OrderFilled(execution(n)))
    await keeper.flush()
    assert len(keeper._waiting) == 10
    history.open()
    await keeper.flush()
    assert [row.id for row in history.newest("fills", 99)] == sorted(f"e-{n}" for n in range(5, 15))
    assert "5 rows of the history were not kept" in bench.notices()


async def test_a_question_that_was_not_answered_is_asked_whole_again(bench: Bench) -> None:
    history = History(None, bench.clock)
    keeper = recorder(bench, history)
    first = PHEMEX.orders().fills(None, 0)
    bench.wire.on("fills", Verdict(Outcome.ACK, events=(OrderFilled(execution(1)),), next_page=first), UNKNOWN)
    bench.wire.on("closed_orders", NO_FILLS)
    with pytest.raises(ConnectionError):
        await keeper.fill_in()
    assert [row.id for row in history.newest("fills", 9)] == ["e-1"]  # what was told is kept
    assert history.known_until("fills") == 0
    bench.wire.on("fills", Verdict(Outcome.ACK, events=(OrderFilled(execution(2)),)))
    await keeper.fill_in()
    assert history.known_until("fills") == 200 * DAY_NS
    asked = [request for request in bench.wire.sent if request.what == "fills"][-1].query
    assert f"start={(200 * DAY_NS - module.FIRST_NS) // 1_000_000}" in asked
    await keeper.fill_in()
    assert (
        f"start={(200 * DAY_NS - OVERLAP_NS) // 1_000_000}"
        in [request for request in bench.wire.sent if request.what == "fills"][-1].query
    )
    assert bench.wire.whats().count("closed_orders") == 2


async def test_funding_and_orders_of_the_past_are_rows_too(bench: Bench) -> None:
    history = History(None, bench.clock)
    keeper = recorder(bench, history)
    bench.absorb([BalanceChanged(Balance("phemex", "USDT", D(1)))])
    paid = FundingPaid(BTC, D("-0.12"), "USDT", D("0.0001"), 3 * NS, "f-1")
    own = told(report(OrderStatus.CANCELED, at_ns=4), report(OrderStatus.FILLED, "web-1", at_ns=5)).events
    moved = Transfer("k-1", "USDT", D("5.50"), to_trading=True, state=TransferState.DONE, at_ns=6)
    bench.wire.on("fills", Verdict(Outcome.ACK, events=(paid,)))
    bench.wire.on("closed_orders", Verdict(Outcome.ACK, events=own))
    bench.wire.on("transfers", Verdict(Outcome.ACK, events=(FundsTransferred("phemex", moved),)))
    assert await keeper.fill_in() == 4
    (row,) = history.newest("transfers", 9)
    assert isinstance(row, TransferRow)
    assert (row.id, row.amount, row.source, row.target, row.status) == ("k-1", "5.5", "wallet", "trading", "done")
    assert [row.id for row in history.newest("funding", 9)] == ["f-1"]
    orders = [row for row in history.newest("orders", 9) if isinstance(row, OrderRow)]
    assert [(row.client_id, row.external) for row in orders] == [("tt-1", 0), ("web-1", 1)]
