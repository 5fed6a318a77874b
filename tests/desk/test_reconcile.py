"""After a connect the truth is asked for; what is not answered is not known, and never nothing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

import pytest

from tests.desk.conftest import BTC, ETH, MISSING, NO_FILLS, NOBODY, UNKNOWN, Bench, linear, open_list, report, told
from tui_trader.core.clock import NS
from tui_trader.core.event import InstrumentsListed, OrderFilled, PositionChanged, PositionsSnapshot
from tui_trader.core.order import Fill
from tui_trader.core.position import Position
from tui_trader.core.types import (
    ClientOrderId,
    ExecId,
    InstrumentId,
    Liquidity,
    OrderStatus,
    PositionMode,
    PositionSide,
    Side,
    VenueOrderId,
)
from tui_trader.desk.reconcile import MAX_PAGES, OVERLAP_NS, Reconciler
from tui_trader.venues.base import Outcome, Request, Verdict
from tui_trader.venues.phemex import PHEMEX

USDC = InstrumentId("phemex", "BTCUSDC")
FLAT = Verdict(Outcome.ACK, events=(PositionsSnapshot("phemex", "USDT", ()),))


def leg(qty: str = "1", iid: InstrumentId = BTC, sequence: int = 0) -> Position:
    return Position(iid, PositionSide.MERGED, PositionMode.ONE_WAY, Side.BUY, D(qty), D(100), sequence=sequence)


def positions(*legs: Position) -> Verdict:
    return Verdict(Outcome.ACK, events=(PositionsSnapshot("phemex", "USDT", legs),))


def execution(n: int, at_ns: int) -> Fill:
    client_id, venue_id = ClientOrderId("tt-1"), VenueOrderId("v-tt-1")
    return Fill(ExecId(f"e-{n}"), BTC, client_id, venue_id, Side.BUY, D(1), D(100), D(0), "USDT", Liquidity.MAKER, at_ns)


@pytest.fixture
def reconciler(bench: Bench) -> Reconciler:
    bench.wire.on("positions", FLAT)
    bench.absorb([InstrumentsListed("phemex", [linear(BTC), linear(ETH), linear(USDC, quote="USDC", settle="USDC")])])
    return Reconciler(
        store=bench.store,
        dialect=PHEMEX.orders(),
        send=bench.wire,
        absorb=bench.absorb,
        orders=bench.path,
        currencies=("USDT", "USDC", "BTC"),
    )


async def test_everything_in_question_is_asked_for(bench: Bench, reconciler: Reconciler) -> None:
    bench.absorb([PositionChanged(leg(iid=ETH))])
    bench.wire.on("positions", positions(leg(iid=ETH)), Verdict(Outcome.ACK, events=(PositionsSnapshot("phemex", "USDC", ()),)))
    assert await reconciler.run("phemex", [BTC], 0) == []
    assert bench.wire.whats() == ["positions", "positions", "open_orders", "open_orders", "fills"]
    assert [r.ref for r in bench.wire.sent] == ["USDT", "USDC", "BTCUSDT", "ETHUSDT", ""]


@pytest.mark.parametrize("what", ["positions", "open_orders", "fills"])
@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.LIMITED, Outcome.NOT_SENT, Outcome.REJECTED])
async def test_a_question_that_was_not_answered_is_not_reconciled(
    bench: Bench, reconciler: Reconciler, what: str, outcome: Outcome
) -> None:
    bench.absorb([PositionChanged(leg())])
    bench.wire.on("positions", positions(leg()))
    bench.wire.on(what, Verdict(outcome, text="no"))
    with pytest.raises(ConnectionError, match="not answered"):
        await reconciler.run("phemex", [BTC], 0)
    assert [p.qty for p in bench.store.open_positions()] == [1], "what is not known is not flat"


REFUSED = Verdict(Outcome.REJECTED, "11003", "no such account")


async def test_a_refused_currency_does_not_hold_the_others_up(bench: Bench, reconciler: Reconciler) -> None:
    bench.absorb([PositionChanged(leg(iid=USDC))])
    bench.wire.on("positions", positions(leg("4")), REFUSED)
    bench.wire.on("open_orders", UNKNOWN, NOBODY)
    await reconciler.run("phemex", [BTC, USDC], 0)
    assert reconciler.refused == {"USDC": "no such account"}
    assert {p.instrument: p.qty for p in bench.store.open_positions()} == {BTC: 4, USDC: 1}, "what was refused is not flat"
    assert [r.ref for r in bench.wire.sent if r.what == "fills"] == [""]
    bench.wire.on("positions", REFUSED, Verdict(Outcome.ACK, events=(PositionsSnapshot("phemex", "USDC", ()),)))
    assert await reconciler.ask_again() == []
    assert await reconciler.ask_again() == ["USDC"]
    assert (reconciler.refused, [p.instrument for p in bench.store.open_positions()]) == ({}, [BTC])


@pytest.mark.parametrize("change", [{"bad_key": True}, {"outcome": Outcome.UNKNOWN}, {"outcome": Outcome.LIMITED}])
async def test_only_a_refusal_of_the_currency_sets_it_aside(
    bench: Bench, reconciler: Reconciler, change: dict[str, object]
) -> None:
    bench.wire.on("positions", positions(leg("4")), replace(REFUSED, **change))
    with pytest.raises(ConnectionError, match="positions were not answered"):
        await reconciler.run("phemex", [BTC], 0)


async def test_an_order_that_was_not_answered_for_is_not_reconciled(bench: Bench, reconciler: Reconciler) -> None:
    bench.hear(report(at_ns=bench.clock.wall_ns()))
    bench.clock.advance(60)
    bench.wire.on("order_by_id", UNKNOWN)
    with pytest.raises(ConnectionError, match="BTCUSDT"):
        await reconciler.run("phemex", [BTC], 0)


async def test_what_changed_while_away_is_listed(bench: Bench, reconciler: Reconciler) -> None:
    bench.absorb([PositionChanged(leg("1"))])
    bench.hear(report(at_ns=bench.clock.wall_ns()), report(OrderStatus.LIVE, "tt-2", at_ns=bench.clock.wall_ns()))
    bench.clock.advance(60)
    bench.wire.on("positions", positions(leg("4"), leg("2", ETH)))
    bench.wire.on("open_orders", open_list(report(OrderStatus.LIVE, "tt-2")), NOBODY)
    bench.wire.on("order_by_id", told(report(OrderStatus.FILLED, filled=D(3))))
    assert await reconciler.run("phemex", [BTC], 0) == [
        "order tt-1 BTCUSDT: live -> filled",
        "position BTCUSDT: 1 -> 4",
        "position ETHUSDT: 0 -> 2",
    ]


async def test_the_first_look_is_no_list_of_changes(bench: Bench, reconciler: Reconciler) -> None:
    bench.wire.on("positions", positions(leg("4")))
    assert await reconciler.run("phemex", [BTC], 0) == []


async def test_a_position_that_is_gone_is_a_change(bench: Bench, reconciler: Reconciler) -> None:
    bench.absorb([PositionChanged(leg("0.50"))])
    assert await reconciler.run("phemex", [BTC], 0) == ["position BTCUSDT: 0.5 -> 0"]


async def test_fills_are_asked_for_with_an_overlap_and_over_pages(bench: Bench, reconciler: Reconciler) -> None:
    now = bench.clock.wall_ns()
    bench.absorb([OrderFilled(execution(1, now))])
    page = PHEMEX.orders().fills(None, 0)
    first = Verdict(Outcome.ACK, events=(OrderFilled(execution(3, now + 2)), OrderFilled(execution(2, now + 1))), next_page=page)
    second = Verdict(Outcome.ACK, events=(OrderFilled(execution(2, now + 1)), OrderFilled(execution(1, now))))
    bench.wire.on("fills", first, second)
    await reconciler.run("phemex", [BTC], 0)
    assert [f.exec_id for f in bench.store.blotter.fills()] == ["e-1", "e-2", "e-3"]
    asked = next(r for r in bench.wire.sent if r.what == "fills")
    assert f"start={(now - OVERLAP_NS) // 1_000_000}&" in asked.query


async def test_without_a_known_fill_they_are_asked_for_since_the_start(bench: Bench, reconciler: Reconciler) -> None:
    await reconciler.run("phemex", [BTC], 5_000 * NS)
    assert f"start={(5_000 * NS - OVERLAP_NS) // 1_000_000}&" in bench.wire.sent[-1].query


async def test_fills_are_asked_for_from_the_last_one_before_the_loss(bench: Bench, reconciler: Reconciler) -> None:
    loss = bench.clock.wall_ns()
    bench.absorb([OrderFilled(execution(1, loss))])
    reconciler.remember()
    bench.clock.advance(7_200)
    bench.absorb([OrderFilled(execution(900, bench.clock.wall_ns()))])
    await reconciler.run("phemex", [BTC], 0)
    asked = next(r for r in bench.wire.sent if r.what == "fills")
    assert f"start={(loss - OVERLAP_NS) // 1_000_000}&" in asked.query, "the snapshot after the loss holds only the newest"


async def test_changes_are_told_against_what_stood_before_the_loss(bench: Bench, reconciler: Reconciler) -> None:
    bench.absorb([PositionChanged(leg("1"))])
    bench.hear(report())
    reconciler.remember()
    bench.absorb([PositionChanged(leg("4"))])
    bench.hear(report(OrderStatus.FILLED, filled=D(3)))
    bench.wire.on("positions", positions(leg("4")))
    assert await reconciler.run("phemex", [BTC], 0) == ["order tt-1 BTCUSDT: live -> filled", "position BTCUSDT: 1 -> 4"]
    assert await reconciler.run("phemex", [BTC], 0) == [], "told once"


async def test_pages_without_end_are_not_taken_for_all_of_them(bench: Bench, reconciler: Reconciler) -> None:
    bench.wire.on("fills", Verdict(Outcome.ACK, next_page=PHEMEX.orders().fills(None, 0)))
    with pytest.raises(ConnectionError, match=f"more than {MAX_PAGES} pages"):
        await reconciler.run("phemex", [BTC], 0)


async def test_fills_of_other_currencies_are_asked_for_by_instrument(bench: Bench, reconciler: Reconciler) -> None:
    usdc = InstrumentId("phemex", "BTCUSDC")
    bench.absorb([InstrumentsListed("phemex", [linear(usdc, quote="USDC", settle="USDC")])])
    await reconciler.run("phemex", [BTC, usdc], 0)
    assert [r.ref for r in bench.wire.sent if r.what == "fills"] == ["", "BTCUSDC"]


async def test_an_answer_that_the_stream_overtook_is_asked_for_again(bench: Bench, reconciler: Reconciler) -> None:
    def overtaken(request: Request) -> Verdict:
        bench.absorb([PositionChanged(leg("7"))])
        return FLAT

    bench.wire.on("positions", overtaken, positions(leg("7")))
    await reconciler.run("phemex", [BTC], 0)
    assert [p.qty for p in bench.store.open_positions()] == [7], "an older answer does not flatten a newer position"
    assert [r.ref for r in bench.wire.sent if r.what == "positions"] == ["USDT", "USDT", "USDC"]


async def test_only_instruments_of_the_venue_are_asked_about(bench: Bench, reconciler: Reconciler) -> None:
    bench.wire.on("order_by_id", MISSING)
    bench.wire.on("fills", NO_FILLS)
    await reconciler.run("phemex", [BTC, InstrumentId("mexc", "BTC_USDT")], 0)
    assert [r.ref for r in bench.wire.sent if r.what == "open_orders"] == ["BTCUSDT"]


async def test_a_second_loss_does_not_narrow_what_a_trailing_history_still_owes(bench: Bench, reconciler: Reconciler) -> None:
    loss = bench.clock.wall_ns()
    bench.absorb([OrderFilled(execution(1, loss))])
    reconciler.remember()
    bench.clock.advance(3_600)
    newest = bench.clock.wall_ns()
    await reconciler.run("phemex", [BTC], 0)  # answered with nothing: the history trails
    bench.absorb([OrderFilled(execution(9, newest))])  # while the stream's snapshot has the newest one
    reconciler.remember()
    owed = f"start={(loss - OVERLAP_NS) // 1_000_000}&"
    await reconciler.run("phemex", [BTC], 0)
    assert owed in bench.wire.sent[-1].query
    await reconciler.late_fills()
    assert owed in bench.wire.sent[-1].query
    reconciler.remember()
    await reconciler.run("phemex", [BTC], 0)
    assert f"start={(newest - OVERLAP_NS) // 1_000_000}&" in bench.wire.sent[-1].query, "what is proven is not asked for again"


async def test_an_asking_that_a_loss_overtook_proves_nothing(bench: Bench, reconciler: Reconciler) -> None:
    loss = bench.clock.wall_ns()
    bench.absorb([OrderFilled(execution(1, loss))])
    await reconciler.run("phemex", [BTC], 0)
    bench.clock.advance(3_600)
    bench.absorb([OrderFilled(execution(9, bench.clock.wall_ns()))])

    async def overtaken(request: Request) -> Verdict:
        await reconciler.run("phemex", [], 0)
        return NO_FILLS

    bench.wire.on("fills", overtaken, NO_FILLS)
    await reconciler.late_fills()
    await reconciler.run("phemex", [BTC], 0)
    assert f"start={(loss - OVERLAP_NS) // 1_000_000}&" in bench.wire.sent[-1].query


async def test_a_page_that_the_budget_has_no_room_for_is_waited_for(bench: Bench, reconciler: Reconciler) -> None:
    page = PHEMEX.orders().fills(None, 0)
    first = Verdict(Outcome.ACK, events=(OrderFilled(execution(2, 2)),), next_page=page)
    full = Verdict(Outcome.NOT_SENT, text="the budget is used up", retry_after_s=0.001)
    bench.wire.on("fills", first, full, full, Verdict(Outcome.ACK, events=(OrderFilled(execution(1, 1)),)))
    await reconciler.run("phemex", [BTC], 0)
    assert [f.exec_id for f in bench.store.blotter.fills()] == ["e-1", "e-2"]
    assert bench.wire.whats().count("fills") == 4, "not from the first page again"
