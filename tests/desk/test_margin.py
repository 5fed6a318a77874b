"""What backs a position is set once, after what can be known here was looked at."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from tests.desk.conftest import ACK, BTC, UNKNOWN, Bench, linear, report
from tui_trader.core.error import CommandError, LinkError, OutcomeUnknown, RefusedError, TraderError, VenueError
from tui_trader.core.event import InstrumentsListed, PositionChanged, PositionsSnapshot
from tui_trader.core.facts import TradingState
from tui_trader.core.instrument import Instrument, RiskTier
from tui_trader.core.position import Position
from tui_trader.core.risk import Limits
from tui_trader.core.types import ContractKind, InstrumentId, MarginMode, PositionMode, PositionSide, Side
from tui_trader.desk.account import Account
from tui_trader.desk.environment import Environment
from tui_trader.desk.facts import FactSource
from tui_trader.desk.margin import Margin
from tui_trader.desk.resolve import Presets, Resolver
from tui_trader.venues.base import Endpoints, Outcome, Verdict
from tui_trader.venues.phemex import PHEMEX

COIN = InstrumentId("phemex", "BTCUSD")
TIERS = (RiskTier(D(100), D(100), D("0.005"), D(0)), RiskTier(D(150), D(66), D("0.01"), D(0)))
INVERSE = Instrument(COIN, ContractKind.INVERSE, "BTC", "USD", "BTC", D("0.5"), D(1), price_scale=4, tiers=TIERS)


@pytest.fixture
def margin(bench: Bench) -> Margin:
    bench.absorb([InstrumentsListed("phemex", [linear(BTC), INVERSE])])
    dialect = PHEMEX.orders()
    dialect.list_instruments(list(bench.store.instruments.values()))
    bench.wire.on("positions", Verdict(Outcome.REJECTED))
    return Margin(
        account=Account(PHEMEX, Environment.SIM, Endpoints("http://localhost", "ws://localhost"), None),
        store=bench.store,
        dialect=dialect,
        resolver=Resolver(bench.store, Presets()),
        facts=FactSource(store=bench.store, clock=bench.clock, limits=Limits(), state=lambda: TradingState.ACTIVE, recent=()),
        send=bench.wire,
        absorb=bench.absorb,
        record=bench.journal.append,
    )


def hold(bench: Bench, iid: InstrumentId = BTC, side: PositionSide = PositionSide.MERGED, **change: Any) -> None:
    mode = PositionMode.ONE_WAY if side is PositionSide.MERGED else PositionMode.HEDGED
    values: dict[str, Any] = {"margin_mode": MarginMode.ISOLATED} | change
    bench.absorb([PositionChanged(Position(iid, side, mode, Side.BUY, D(2), D(100), **values))])


async def test_the_mode_is_switched_and_its_legs_are_learned(bench: Bench, margin: Margin) -> None:
    flat = Position(BTC, PositionSide.MERGED, PositionMode.ONE_WAY, None, D(0), D(0))
    legs = [Position(BTC, side, PositionMode.HEDGED, None, D(0), D(0)) for side in (PositionSide.LONG, PositionSide.SHORT)]
    bench.absorb([PositionChanged(flat)])
    bench.wire.on("set_position_mode", ACK)
    bench.wire.on("positions", Verdict(Outcome.ACK, events=(PositionsSnapshot("phemex", "USDT", legs),)))
    await margin.set_position_mode(BTC, PositionMode.HEDGED)
    assert [request.target for request in bench.wire.sent] == [
        "/g-positions/switch-pos-mode-sync?symbol=BTCUSDT&targetPosMode=Hedged",
        "/g-accounts/accountPositions?currency=USDT",
    ]
    assert [side for _, side in bench.store.positions] == [PositionSide.LONG, PositionSide.SHORT], "the merged row is history"
    assert [record.kind for record in bench.records()] == ["setting", "outcome"]


async def test_a_mode_is_switched_only_without_position_and_orders(bench: Bench, margin: Margin) -> None:
    hold(bench)
    with pytest.raises(RefusedError, match="without a position"):
        await margin.set_position_mode(BTC, PositionMode.HEDGED)
    bench.store.positions.clear()
    bench.hear(report())
    with pytest.raises(RefusedError, match="without open orders"):
        await margin.set_position_mode(BTC, PositionMode.HEDGED)
    with pytest.raises(RefusedError, match="one position only"):
        await margin.set_position_mode(COIN, PositionMode.HEDGED)
    assert bench.wire.sent == []


async def test_margin_of_a_leg(bench: Bench, margin: Margin) -> None:
    hold(bench, side=PositionSide.SHORT)
    bench.wire.on("assign_margin", ACK)
    await margin.assign_margin(BTC, D("12.50"))
    request = bench.wire.sent[0]
    assert (request.method, request.target, request.body) == (
        "POST",
        "/g-positions/assign?symbol=BTCUSDT&posSide=Short&posBalanceRv=12.5",
        b"",
    )
    hold(bench, side=PositionSide.LONG)
    with pytest.raises(CommandError, match="which of them"):
        await margin.assign_margin(BTC, D(5))
    await margin.assign_margin(BTC, D(5), PositionSide.LONG)
    assert "posSide=Long" in [request for request in bench.wire.sent if request.what == "assign_margin"][-1].query


async def test_margin_of_a_coin_position_is_scaled(bench: Bench, margin: Margin) -> None:
    hold(bench, COIN)
    bench.wire.on("assign_margin", ACK)
    await margin.assign_margin(COIN, D("0.015"))
    assert bench.wire.sent[0].target == "/positions/assign?symbol=BTCUSD&posBalanceEv=1500000"


@pytest.mark.parametrize(
    ("change", "amount", "words"),
    [
        ({"margin_mode": MarginMode.CROSS}, D(5), "backed by the whole account"),
        ({}, D(0), "not a margin"),
        ({}, D("0.000000001"), "at most 8 decimals"),
        ({"iid": COIN}, D(5), "no BTCUSDT position"),
    ],
)
async def test_margin_that_cannot_be(bench: Bench, margin: Margin, change: dict[str, Any], amount: D, words: str) -> None:
    hold(bench, **change)
    with pytest.raises(TraderError, match=words):
        await margin.assign_margin(BTC, amount)
    assert bench.wire.sent == []


async def test_risk_limit(bench: Bench, margin: Margin) -> None:
    bench.wire.on("set_risk_limit", ACK)
    await margin.set_risk_limit(COIN, D(150))
    assert bench.wire.sent[0].target == "/positions/riskLimit?symbol=BTCUSD&riskLimitEv=15000000000"
    with pytest.raises(CommandError, match="no risk limit of 120 BTC") as raised:
        await margin.set_risk_limit(COIN, D(120))
    assert raised.value.fix == "one of 100, 150"
    with pytest.raises(RefusedError, match="follows its leverage"):
        await margin.set_risk_limit(BTC, D(100))


@pytest.mark.parametrize(
    ("verdict", "error", "words"),
    [
        (UNKNOWN, OutcomeUnknown, "not known"),
        (Verdict(Outcome.NOT_SENT, text="x"), LinkError, "was not changed"),
        (Verdict(Outcome.REJECTED, text="x"), VenueError, "was not changed"),
    ],
)
async def test_what_is_not_known_to_be_done_is_said(
    bench: Bench, margin: Margin, verdict: Verdict, error: type[TraderError], words: str
) -> None:
    bench.wire.on("set_position_mode", verdict)
    with pytest.raises(error, match=words):
        await margin.set_position_mode(BTC, PositionMode.HEDGED)
    assert len(bench.wire.sent) == 1
