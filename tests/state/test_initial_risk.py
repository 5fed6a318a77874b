"""The measure of a trade: what its entry risked, and nothing that only looks like it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.state.conftest import BTC, balance, fill, leg, linear, mark, report
from tui_trader.core.clock import ManualClock
from tui_trader.core.event import BalanceChanged, InstrumentsListed, OrderChanged, OrderFilled
from tui_trader.core.position import Position
from tui_trader.core.types import ClientOrderId, ContractKind, InstrumentId, OrderStatus, PositionSide, Side, VenueOrderId
from tui_trader.state.store import Store

ENTRY = ClientOrderId("tt-1")


def order(store: Store, client_id: str = "tt-1", stop: str | None = "97", **change: object) -> None:
    store.initial_risk.stake(ClientOrderId(client_id), D(stop) if stop is not None else None)
    values = {"client_id": ClientOrderId(client_id), "venue_id": VenueOrderId(f"v-{client_id}")} | change
    store.apply(OrderChanged(report(**values)))  # type: ignore[arg-type]


def execute(store: Store, exec_id: str, qty: str, price: str = "100", client_id: str = "tt-1", side: Side = Side.BUY) -> None:
    store.apply(
        OrderFilled(
            fill(
                exec_id,
                qty,
                price=D(price),
                side=side,
                client_id=ClientOrderId(client_id),
                venue_id=VenueOrderId(f"v-{client_id}"),
            )
        )
    )


def risk(store: Store, qty: str, side: Side = Side.BUY, entry: str = "100") -> D | None:
    return store.initial_risk.of(leg(side, qty, entry))


def test_it_is_what_the_entry_would_lose_at_its_stop(store: Store) -> None:
    order(store)
    execute(store, "e-1", "1", "100")
    execute(store, "e-2", "2", "101")
    assert risk(store, "3") == 3 + 2 * 4


def test_it_does_not_change_when_the_stop_moves(store: Store) -> None:
    order(store)
    execute(store, "e-1", "2")
    order(store, stop="99")  # noted again, as a later bracket would be
    assert risk(store, "2") == 6


def test_of_a_part_that_is_closed_nothing_is_counted(store: Store) -> None:
    order(store)
    execute(store, "e-1", "2")
    order(store, "tt-2", stop=None, side=Side.SELL)
    execute(store, "e-2", "0.5", "103", "tt-2", Side.SELL)
    assert risk(store, "1.5") == D("4.5")


def test_a_flat_leg_begins_anew(store: Store) -> None:
    order(store)
    execute(store, "e-1", "2")
    execute(store, "e-2", "2", "103", "tt-1", Side.SELL)
    order(store, "tt-3", "98")
    execute(store, "e-3", "1", "100", "tt-3")
    assert risk(store, "1") == 2


def test_an_order_that_turns_a_position_over_risks_what_it_opens(store: Store) -> None:
    order(store)
    execute(store, "e-1", "2")
    order(store, "tt-2", "104", side=Side.SELL)
    execute(store, "e-2", "3", "102", "tt-2", Side.SELL)
    assert risk(store, "1", Side.SELL) == 2


@pytest.mark.parametrize("stop", [None, "101"], ids=["no stop", "a stop that locks in a profit"])
def test_without_a_risk_there_is_no_measure(store: Store, stop: str | None) -> None:
    order(store, stop=stop)
    execute(store, "e-1", "2")
    assert risk(store, "2") is None


def test_one_part_without_a_stop_takes_the_measure_away(store: Store) -> None:
    order(store)
    execute(store, "e-1", "2")
    order(store, "tt-2", stop=None)
    execute(store, "e-2", "1", "100", "tt-2")
    assert risk(store, "3") is None


def test_a_leg_that_was_there_before_has_none(store: Store) -> None:
    order(store)
    execute(store, "e-1", "2")
    assert risk(store, "5") is None
    assert risk(store, "2", Side.SELL) is None
    assert store.initial_risk.of(replace(leg(), position_side=PositionSide.LONG)) is None


def test_a_stop_that_the_venue_tells_counts(store: Store) -> None:
    order(store, stop=None, stop_loss=D(96))
    execute(store, "e-1", "2")
    assert risk(store, "2") == 8


def test_an_execution_told_twice_counts_once(store: Store) -> None:
    order(store)
    execute(store, "e-1", "2")
    execute(store, "e-1", "2")
    assert risk(store, "2") == 6


@given(st.lists(st.tuples(st.sampled_from([1, -1]), st.integers(1, 9), st.integers(90, 110)), max_size=30))
@settings(max_examples=60, deadline=None)
def test_its_size_is_the_position_s(trades: list[tuple[int, int, int]]) -> None:
    """The leg that it adds up is the one that executions make, through every turn."""
    store = Store(ManualClock())
    store.apply(InstrumentsListed("phemex", [linear(BTC)]))
    held = D(0)
    for number, (sign, qty, price) in enumerate(trades):
        side = Side.BUY if sign > 0 else Side.SELL
        order(store, f"tt-{number}", str(price - sign * 3), side=side, status=OrderStatus.LIVE)
        execute(store, f"e-{number}", str(qty), str(price), f"tt-{number}", side)
        held += sign * qty
    if held:
        now = leg(Side.BUY if held > 0 else Side.SELL, str(abs(held)))
        found = store.initial_risk.of(now)
        assert found == 3 * abs(held)


# -- in the currency of totals -----------------------------------------------------------------------------------------------

COIN = InstrumentId("phemex", "BTCUSD")


def with_coin(store: Store) -> Store:
    inverse = replace(linear(COIN), kind=ContractKind.INVERSE, quote="USD", settle="BTC", lot=D(1))
    store.apply(InstrumentsListed("phemex", [linear(BTC), inverse]))
    return store


def tell(store: Store, clock: ManualClock, *events: object) -> None:
    store.mono_ns = clock.mono_ns()
    for event in events:
        store.apply(event)  # type: ignore[arg-type]


def test_coins_are_told_in_the_currency_of_totals_by_a_fresh_mark_alone(store: Store, clock: ManualClock) -> None:
    with_coin(store).home = "USDT"
    tell(store, clock, BalanceChanged(balance("1000")))
    assert store.in_home(D(5), "USDT") == 5
    assert store.in_home(D("0.01"), "BTC") is None
    tell(store, clock, mark("60000", COIN))
    assert store.in_home(D("0.01"), "BTC") == 600
    clock.advance(10)
    assert store.in_home(D("0.01"), "BTC") is None
    assert store.in_home(D(5), "USDT") == 5, "what is in that currency already rests on no mark"


def test_and_the_other_way_round(store: Store, clock: ManualClock) -> None:
    with_coin(store).home = "BTC"
    tell(store, clock, BalanceChanged(balance("1", currency="BTC")), mark("50000", COIN))
    assert store.in_home(D(100), "USDT") == D("0.002")


def test_a_currency_that_nothing_prices_is_not_converted(store: Store, clock: ManualClock) -> None:
    tell(store, clock, BalanceChanged(balance("1000")))
    assert store.in_home(D(1), "DOGE") is None


def test_the_measure_of_an_inverse_leg_is_in_its_coin(store: Store) -> None:
    with_coin(store)
    store.initial_risk.stake(ENTRY, D(48_000))
    store.apply(OrderChanged(report(instrument=COIN, price=D(50_000), qty=D(600))))
    store.apply(OrderFilled(fill("e-1", "600", instrument=COIN, price=D(50_000))))
    position = Position(COIN, PositionSide.MERGED, leg().mode, Side.BUY, D(600), D(50_000))
    found = store.initial_risk.of(position)
    assert found is not None
    assert abs(found - D("0.0005")) < D("1e-20")  # 600/48,000 less 600/50,000
