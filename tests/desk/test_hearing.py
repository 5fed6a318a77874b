"""A stream that owes a word is given up, once for each order, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

import pytest

from tests.desk.conftest import BTC, Bench, report
from tui_trader.core.event import LinkChanged, OrderFilled
from tui_trader.core.order import Fill
from tui_trader.core.types import ExecId, LinkState, Liquidity, OrderStatus, Side
from tui_trader.desk.hearing import DEAF_NS, Hearing

DEAF_S = DEAF_NS / 1e9


@pytest.fixture
def given_up() -> list[str]:
    return []


@pytest.fixture
def hearing(bench: Bench, given_up: list[str]) -> Hearing:
    bench.absorb([LinkChanged("phemex", "private", LinkState.LIVE)])
    return Hearing(store=bench.store, clock=bench.clock, renew=given_up.append)


def order(bench: Bench, status: OrderStatus, filled: str = "0") -> None:
    """Let the venue have an order that this run sent."""
    bench.hear(report(status, filled=D(filled)))
    bench.store.blotter.put(replace(bench.order(), rtt_ns=1))


def later(bench: Bench, hearing: Hearing, seconds: float) -> None:
    hearing.look()
    bench.clock.advance(seconds)
    bench.store.mono_ns = bench.clock.mono_ns()
    bench.store.heard("phemex", "private")
    hearing.look()


def test_an_acknowledged_order_that_is_not_spoken_of(bench: Bench, hearing: Hearing, given_up: list[str]) -> None:
    order(bench, OrderStatus.ACKED)
    later(bench, hearing, DEAF_S)
    assert given_up == []
    later(bench, hearing, 0.1)
    later(bench, hearing, 60.0)
    assert given_up == ["it says nothing of order tt-1"]


def test_an_execution_that_was_not_brought(bench: Bench, hearing: Hearing, given_up: list[str]) -> None:
    order(bench, OrderStatus.PARTIAL, filled="1")
    later(bench, hearing, DEAF_S + 0.1)
    assert len(given_up) == 1


def test_an_execution_that_came_late(bench: Bench, hearing: Hearing, given_up: list[str]) -> None:
    order(bench, OrderStatus.PARTIAL, filled="1")
    later(bench, hearing, DEAF_S - 0.1)
    told = bench.order()
    fill = Fill(
        exec_id=ExecId("x"),
        instrument=BTC,
        client_id=told.client_id,
        venue_id=told.venue_id,
        side=Side.BUY,
        qty=told.filled,
        price=D(100),
        fee=D(0),
        fee_currency="USDT",
        liquidity=Liquidity.TAKER,
        at_ns=1,
    )
    bench.absorb([OrderFilled(fill)])
    later(bench, hearing, 60.0)
    assert given_up == []


def test_orders_of_others_and_of_earlier_runs_owe_nothing(bench: Bench, hearing: Hearing, given_up: list[str]) -> None:
    bench.hear(report(OrderStatus.PARTIAL, filled=D(3)))
    later(bench, hearing, 60.0)
    assert given_up == []


def test_a_stream_that_is_down_is_not_given_up_again(bench: Bench, hearing: Hearing, given_up: list[str]) -> None:
    order(bench, OrderStatus.ACKED)
    bench.absorb([LinkChanged("phemex", "private", LinkState.DOWN)])
    later(bench, hearing, 60.0)
    assert given_up == []
