"""A desk over both families of contracts, against the built-in exchange: each wallet, each stream, each path."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path

import pytest

from tests.desk.conftest import WIDE, World, until
from tui_trader.core.clock import SystemClock
from tui_trader.core.command import PriceRef
from tui_trader.core.error import OutcomeUnknown, RefusedError
from tui_trader.core.facts import TradingState
from tui_trader.core.funds import TransferState
from tui_trader.core.order import OrderTicket
from tui_trader.core.types import (
    ClientOrderId,
    ContractKind,
    InstrumentId,
    MarginMode,
    OrderStatus,
    OrderType,
    PositionMode,
    PositionSide,
    Severity,
    Side,
    TimeInForce,
    TriggerSource,
)
from tui_trader.desk.controls import Controls
from tui_trader.desk.desk import Desk
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.faults import Action, FaultRule
from tui_trader.sim.market import SeededFlow
from tui_trader.sim.masks.phemex import PhemexMask
from tui_trader.sim.products import phemex_coin_instruments, phemex_instruments
from tui_trader.sim.server import SimServer
from tui_trader.storage.state_file import StateFile
from tui_trader.venues.base import Outcome

BTCUSDT, BTCUSD, ETHUSD = (InstrumentId("phemex", symbol) for symbol in ("BTCUSDT", "BTCUSD", "ETHUSD"))
RICH = {"USDT": D(10_000), "BTC": D(1), "ETH": D(10), "USD": D(10_000)}
MERGED = PositionSide.MERGED


@pytest.fixture
def balances() -> dict[str, D]:
    return RICH


@pytest.fixture
async def world(tmp_path: Path, balances: dict[str, D]) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        clock = SystemClock()
        listed = [one for one in phemex_instruments() if one.symbol == "BTCUSDT"] + phemex_coin_instruments()
        flow = SeededFlow(always_on=("BTCUSDT", "BTCUSD", "ETHUSD"))
        exchange = Exchange(listed, seed=7, start_ns=clock.wall_ns(), flow=flow)
        exchange.open_account("sim", balances, {"USDT": D(1_000), "BTC": D("0.5")})
        server = SimServer(exchange, PhemexMask, account="sim", seed=7, clock=clock)
        await server.start()
        stack.push_async_callback(server.stop)
        yield World(server, tmp_path, stack)


def order_of(client_id: str, iid: InstrumentId, side: Side, kind: OrderType, qty: str, **change: object) -> OrderTicket:
    return OrderTicket(ClientOrderId(client_id), iid, side, kind, D(qty), **change)  # type: ignore[arg-type]


def below(desk: Desk, iid: InstrumentId, percent: str) -> D:
    bid = desk.resolver.reference(iid, PriceRef.BID)
    return desk.resolver.instrument(iid).round_price(bid * (1 - D(percent) / 100))


async def ended(desk: Desk, client_id: str, *ends: OrderStatus) -> None:
    def there() -> bool:
        order = desk.store.blotter.get(client_id)
        return order is not None and order.status in ends

    await until(there, f"{client_id}: {desk.store.blotter.get(client_id)}")


async def test_the_list_has_both_and_names_match_in_any_case(world: World) -> None:
    desk = await world.desk("BTCUSDT", "BTCUSD")
    kinds = {iid.symbol: one.kind for iid, one in desk.store.instruments.items()}
    assert kinds["BTCUSD"] is ContractKind.INVERSE
    assert kinds["BTCUSDT"] is kinds["ETHUSD"] is ContractKind.LINEAR
    assert desk.symbol("cethusd").symbol == "cETHUSD"
    assert desk.store.currencies() == ["BTC", "ETH", "USD", "USDT"]
    assert {c: desk.store.balances["phemex", c].total for c in desk.store.currencies()} == RICH
    await until(lambda: desk.store.instruments[BTCUSD].taker_fee == world.server.exchange.instruments["BTCUSD"].taker_fee)


@pytest.mark.parametrize(("iid", "qty"), [(BTCUSDT, "0.01"), (BTCUSD, "500"), (ETHUSD, "20")])
async def test_a_day_in_the_life_of_each_kind(world: World, iid: InstrumentId, qty: str) -> None:
    desk = await world.desk(iid.symbol)
    exchange, instrument = world.server.exchange, desk.resolver.instrument(iid)

    # Rests, moves, grows, goes.
    resting = order_of("tt-rest", iid, Side.BUY, OrderType.LIMIT, qty, price=below(desk, iid, "2"), tif=TimeInForce.POST_ONLY)
    assert (await desk.submit(resting)).outcome is Outcome.ACK
    await ended(desk, "tt-rest", OrderStatus.LIVE)
    order = desk.store.blotter.get("tt-rest")
    assert order is not None
    moved, larger = below(desk, iid, "3"), D(qty) * 2
    assert (await desk.amend(order, price=moved, qty=larger)).outcome is Outcome.ACK

    def changed() -> bool:
        order = desk.store.blotter.get("tt-rest")
        return order is not None and (order.price, order.qty, order.pending) == (moved, larger, None)

    await until(changed, "changed")
    [theirs] = exchange.open_orders("sim", iid.symbol)
    assert (theirs.price, theirs.qty) == (moved, larger)
    assert (await desk.cancel(order)).outcome is Outcome.ACK
    await ended(desk, "tt-rest", OrderStatus.CANCELED)

    # Opens at the market: size, entry, balance and fee are the exchange's.
    assert (await desk.submit(order_of("tt-open", iid, Side.BUY, OrderType.MARKET, qty))).outcome is Outcome.ACK
    await ended(desk, "tt-open", OrderStatus.FILLED)
    await until(lambda: desk.store.open_positions(), "a position")
    held, told = exchange.position("sim", iid.symbol, MERGED), desk.store.position(iid)
    assert told is not None
    step = D(1).scaleb(-(instrument.price_scale or 8))
    assert (told.side, told.qty) == (Side.BUY, held.qty)
    assert abs(told.entry - held.entry) < step
    fills = desk.store.blotter.fills(iid)
    assert sum(fill.qty for fill in fills) == held.qty
    assert {fill.fee_currency for fill in fills} == {instrument.settle}
    mark = exchange.market(iid.symbol).mark
    theirs_now, ours_now = (instrument.pnl(Side.BUY, each.qty, each.entry, mark) for each in (held, told))
    assert abs(theirs_now - ours_now) <= instrument.value(held.qty, mark) * step / mark * 2
    wallet, kept = exchange.accounts["sim"].balances[instrument.settle], D(1).scaleb(-instrument.value_scale)
    await until(lambda: abs(desk.store.balances["phemex", instrument.settle].total - wallet) < kept, "the balance")

    # Is protected by a stop with everything, which the venue holds on the same terms.
    stop = order_of(
        "tt-stop",
        iid,
        Side.SELL,
        OrderType.STOP,
        qty,
        trigger_price=below(desk, iid, "5"),
        trigger_source=TriggerSource.LAST,
        reduce_only=True,
    )
    assert (await desk.submit(stop)).outcome is Outcome.ACK
    await ended(desk, "tt-stop", OrderStatus.ARMED)
    waiting = desk.store.blotter.get("tt-stop")
    assert waiting is not None
    assert (waiting.trigger_price, waiting.trigger_source, waiting.reduce_only) == (stop.trigger_price, TriggerSource.LAST, True)

    # Has its leverage set, by sign.
    assert await desk.set_leverage(iid, D(5), MarginMode.ISOLATED) is MarginMode.ISOLATED
    await until(lambda: (p := desk.store.position(iid)) is not None and (p.leverage, p.margin_mode) == (5, MarginMode.ISOLATED))

    # And ends.
    assert "0 open orders left" in await desk.panic(flatten=True)
    await until(lambda: not desk.store.open_positions(), "flat")
    assert exchange.open_orders("sim") == []
    assert exchange.position("sim", iid.symbol, MERGED).qty == 0
    assert not [n.text for n in desk.store.notices if n.severity is Severity.ALARM and "without that" in n.text]


@pytest.mark.parametrize(("iid", "qty"), [(BTCUSDT, "0.01"), (BTCUSD, "500")])
@pytest.mark.parametrize("later", [False, True])
async def test_a_stop_that_follows(world: World, iid: InstrumentId, qty: str, later: bool) -> None:
    desk = await world.desk(iid.symbol)
    await desk.submit(order_of("tt-open", iid, Side.BUY, OrderType.MARKET, qty))
    await until(desk.store.open_positions, "a position")
    activation = below(desk, iid, "-5") if later else None
    trailing = order_of(
        "tt-trail",
        iid,
        Side.SELL,
        OrderType.TRAILING_STOP,
        "0",
        close_on_trigger=True,
        trigger_price=activation or below(desk, iid, "3"),
        trigger_source=TriggerSource.LAST,
        trail=D(1500),
        activation_price=activation,
    )
    sent = await desk.submit(trailing)
    assert sent.outcome is Outcome.ACK, sent
    await ended(desk, "tt-trail", OrderStatus.ARMED)
    order = desk.store.blotter.get("tt-trail")
    assert order is not None
    assert (order.type, order.trail, order.close_on_trigger) == (OrderType.TRAILING_STOP, D(1500), True)
    assert order.activation_price == activation


async def test_what_a_family_cannot_is_said_and_not_sent(world: World) -> None:
    desk = await world.desk("BTCUSD")
    before = len(world.server.exchange.open_orders("sim"))
    price = below(desk, BTCUSD, "2")
    for change, words in (
        ({"take_profit": price * 2, "take_profit_limit": price * 2}, "cannot have a limit"),
        ({"position_side": PositionSide.LONG}, "one position only"),
        ({"stop_loss": price / 2, "stop_loss_source": TriggerSource.INDEX}, "cannot be triggered by the index"),
    ):
        ticket = order_of("tt-no", BTCUSD, Side.BUY, OrderType.LIMIT, "100", price=price, **change)
        with pytest.raises(RefusedError, match=words):
            await desk.submit(ticket)
    assert len(world.server.exchange.open_orders("sim")) == before


class TestPoor:
    @pytest.fixture
    def balances(self) -> dict[str, D]:
        return {"USDT": D(10_000)}

    async def test_an_account_of_one_currency_trades_without_waiting_for_others(self, world: World) -> None:
        desk = await world.desk("BTCUSDT", "BTCUSD")
        assert desk.blocked(BTCUSDT) == ""
        sent = await desk.submit(order_of("tt-1", BTCUSDT, Side.BUY, OrderType.MARKET, "0.01"))
        assert sent.outcome is Outcome.ACK
        await until(desk.store.open_positions, "a position")


async def test_a_mode_is_switched_and_switched_back(world: World) -> None:
    desk = await world.desk("BTCUSDT")
    for mode, legs in (
        (PositionMode.HEDGED, {PositionSide.LONG, PositionSide.SHORT}),
        (PositionMode.ONE_WAY, {PositionSide.MERGED}),
    ):
        await desk.set_position_mode(BTCUSDT, mode)
        await until(lambda mode=mode: desk.facts.mode(BTCUSDT) is mode, f"{mode}")
        assert {side for iid, side in desk.store.positions if iid == BTCUSDT} == legs
    await desk.submit(order_of("tt-1", BTCUSDT, Side.BUY, OrderType.MARKET, "0.01"))
    await until(desk.store.open_positions, "a position")
    with pytest.raises(RefusedError, match="without a position"):
        await desk.set_position_mode(BTCUSDT, PositionMode.HEDGED)


@pytest.mark.parametrize(("iid", "qty", "more"), [(BTCUSDT, "0.01", "150"), (BTCUSD, "500", "0.01")])
async def test_an_isolated_position_is_given_margin(world: World, iid: InstrumentId, qty: str, more: str) -> None:
    desk = await world.desk(iid.symbol)
    await desk.set_leverage(iid, D(10), MarginMode.ISOLATED)
    await desk.submit(order_of("tt-1", iid, Side.BUY, OrderType.MARKET, qty))
    await until(desk.store.open_positions, "a position")
    before = desk.store.open_positions()[0]
    assert before.margin_mode is MarginMode.ISOLATED
    await desk.assign_margin(iid, D(more))
    await until(lambda: desk.store.open_positions()[0].margin != before.margin, f"{before.margin}")


@pytest.mark.parametrize("currency", ["USDT", "BTC"])
async def test_money_is_moved_there_and_back(world: World, currency: str) -> None:
    desk = await world.desk("BTCUSDT")
    exchange = world.server.exchange
    before = exchange.accounts["sim"].balances[currency]
    for to_trading, after in ((True, before + D("0.25")), (False, before)):
        told = await desk.transfer(currency, D("0.25"), to_trading=to_trading)
        assert told.state is TransferState.DONE
        assert exchange.accounts["sim"].balances[currency] == after
    rows = await desk.funds.transfers(currency, 0)
    assert sorted(row.to_trading for row in rows) == [False, True]
    assert {row.amount for row in rows} == {D("0.25")}


@pytest.mark.parametrize(("currency", "path"), [("USDT", "POST /assets/transfer"), ("BTC", "POST /exchange/margins")])
@pytest.mark.parametrize(("action", "end"), [(Action.DROP_AFTER, TransferState.DONE), (Action.ERROR_AFTER, TransferState.DONE)])
async def test_a_transfer_whose_answer_is_lost_is_found_in_the_history(
    world: World, currency: str, path: str, action: Action, end: TransferState
) -> None:
    desk = await world.desk("BTCUSDT")
    before = world.server.exchange.accounts["sim"].balances[currency]
    world.server.faults.add(FaultRule(action, prefix=path))
    with pytest.raises(OutcomeUnknown, match="nothing is sent again"):
        await desk.transfer(currency, D("0.25"), to_trading=True)
    await until(lambda: [transfer.state for transfer in desk.store.transfers.values()] == [end], f"{desk.store.transfers}")
    assert world.server.exchange.accounts["sim"].balances[currency] == before + D("0.25"), "once"


async def test_a_loss_in_coin_counts_in_dollars(world: World, tmp_path: Path) -> None:
    """A hundredth of a bitcoin is about a thousand dollars: a limit of 500 has been reached."""
    now = SystemClock()
    controls = Controls(now, name="phemex", file=StateFile(tmp_path / "state.json"))
    controls.remember("opening", {"BTC": {"at_ns": str(now.wall_ns()), "wallet": "1.01", "equity": "1.01"}})
    desk = await world.desk(limits=replace(WIDE, day_loss=D(500)), controls=controls, start=False)
    await desk.start(["BTCUSD"])
    await until(lambda: desk.controls.state is TradingState.HALTED, "halted")
    assert "(0.01 BTC) has reached the limit of 500" in desk.controls.reason
