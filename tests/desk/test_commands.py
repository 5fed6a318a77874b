"""What a typed line does: the same for the terminal and for the shell."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

import pytest

from tests.desk.conftest import BTC, ETH, World, until
from tui_trader.core.error import CommandError, RefusedError, VenueError
from tui_trader.core.grammar import parse_one
from tui_trader.core.types import MarginMode, OrderStatus, OrderType, PositionMode, Side
from tui_trader.desk.commands import Executor, Result
from tui_trader.desk.desk import Desk
from tui_trader.desk.keeping import SCREEN_ONLY
from tui_trader.sim.faults import Action, FaultRule
from tui_trader.venues.base import Outcome


class Shell:
    """A desk and somebody who types."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.labels: dict[str, str] = {}
        self.executor = Executor(desk, find_label=self.labels.get)

    async def __call__(self, line: str, *, send: bool = True) -> list[Result]:
        return await self.executor.run(parse_one(line), send=send)

    async def order(self, line: str, *ends: OrderStatus) -> str:
        """Place an order and wait for its state; return its client id."""
        (result,) = await self(line)
        assert result.outcome is Outcome.ACK, result.text
        await until(lambda: self.status(result.client_id) in (ends or (OrderStatus.LIVE,)), line)
        return result.client_id

    def status(self, client_id: str) -> OrderStatus:
        order = self.desk.store.blotter.get(client_id)
        assert order is not None
        return order.status

    async def ended(self, *ids: str) -> None:
        await until(lambda: all(self.status(each) is OrderStatus.CANCELED for each in ids), f"{ids} canceled")

    def alive(self) -> list[str]:
        return [order.client_id for order in self.desk.store.blotter.working()]


@pytest.fixture
async def shell(world: World) -> Shell:
    return Shell(await world.desk("BTCUSDT", "ETHUSDT"))


async def test_an_order_is_staged_and_sent_only_when_told_to(shell: Shell, world: World) -> None:
    (result,) = await shell("buy 0.01 @ bid-2%", send=False)
    assert result.staged
    assert shell.desk.stage.draft is not None
    assert world.server.receipts["POST /g-orders"] == 0
    (result,) = await shell("buy 0.01 @ bid-2%")
    assert (result.text, result.outcome) == ("order accepted", Outcome.ACK)
    assert shell.desk.stage.draft is None


async def test_a_line_that_cannot_be_resolved_leaves_nothing_staged(shell: Shell) -> None:
    with pytest.raises(CommandError, match="less than one lot") as caught:
        await shell("buy $1")
    assert caught.value.fix
    assert shell.desk.stage.draft is None
    with pytest.raises(RefusedError, match="above the limit"):
        await shell("buy 5 @ bid-2%")
    assert shell.desk.stage.draft is None


async def test_a_size_that_looks_like_a_price_is_questioned(shell: Shell) -> None:
    last = shell.desk.facts.gather(BTC).last
    with pytest.raises(CommandError, match="looks like a price"):
        await shell(f"buy {last}")


async def test_an_unknown_symbol_is_named(shell: Shell) -> None:
    with pytest.raises(CommandError, match="'XYZUSDT'"):
        await shell("buy 1 XYZUSDT @ 5")


async def test_selectors_choose_orders(shell: Shell) -> None:
    bid = await shell.order("buy 0.01 @ bid-2%")
    ask = await shell.order("sell 0.01 @ ask+2%")
    await shell("cancel bids")
    await shell.ended(bid)
    assert ask in shell.alive()
    await shell("cancel asks")
    await shell.ended(ask)
    with pytest.raises(CommandError, match="no working order matches 'all'"):
        await shell("cancel all")


async def test_orders_are_named_by_id_by_its_end_by_symbol_and_by_glob(shell: Shell) -> None:
    first = await shell.order("buy 0.01 @ bid-2%")
    await shell(f"cancel {first}")
    await shell.ended(first)
    second = await shell.order("buy 0.02 @ bid-2%")
    await shell(f"cancel {second[-6:]}")
    await shell.ended(second)
    third = await shell.order("buy 0.03 @ bid-2%")
    await shell("cancel btc*")
    await shell.ended(third)
    fourth = await shell.order("buy 0.04 @ bid-2%")
    with pytest.raises(CommandError, match="no working order matches"):
        await shell("cancel ETHUSDT")
    await shell("cancel last")
    await shell.ended(fourth)


async def test_a_label_of_the_screen_names_its_order(shell: Shell) -> None:
    first = await shell.order("buy 0.01 @ bid-2%")
    second = await shell.order("buy 0.02 @ bid-2%")
    shell.labels["b7"] = second
    await shell("cancel b7")
    await shell.ended(second)
    assert shell.alive() == [first]
    with pytest.raises(CommandError, match="no working order matches 'b8'"):
        await shell("cancel b8")
    with pytest.raises(CommandError, match="no working order matches 'b7'"):
        await shell("cancel b7")


async def test_without_a_word_the_selected_order_is_meant(shell: Shell) -> None:
    with pytest.raises(CommandError, match="no order is selected"):
        await shell("cancel")
    client_id = await shell.order("buy 0.01 @ bid-2%")
    shell.executor.selected = shell.desk.store.blotter.get(client_id)
    await shell("cancel")
    await shell.ended(client_id)
    with pytest.raises(CommandError, match="nothing is marked"):
        await shell("cancel marked")


async def test_orders_are_moved_and_resized(shell: Shell) -> None:
    client_id = await shell.order("buy 0.01 @ bid-2%")
    order = shell.desk.store.blotter.get(client_id)
    assert order is not None
    assert order.price is not None
    price = order.price
    (result,) = await shell(f"move {client_id} -5t")
    assert result.text == "amend accepted"

    def now() -> tuple[D | None, D, bool]:
        order = shell.desk.store.blotter.get(client_id)
        assert order is not None
        return order.price, order.qty, order.pending is None

    await until(lambda: now() == (price - D("0.5"), D("0.01"), True), "the move")
    await shell(f"qty {client_id} 0.03")
    await until(lambda: now() == (price - D("0.5"), D("0.03"), True), "the size")
    with pytest.raises(RefusedError, match="above the limit"):
        await shell(f"qty {client_id} 5")
    with pytest.raises(RefusedError, match="from the mark"):
        await shell(f"move {client_id} 50000")


async def test_positions_are_closed_in_part_and_whole(shell: Shell) -> None:
    with pytest.raises(CommandError, match="no such position"):
        await shell("close")
    await shell.order("buy 0.01", OrderStatus.FILLED)
    await until(shell.desk.store.open_positions, "the position")
    await shell("close 40%")
    await until(lambda: shell.desk.store.open_positions()[0].qty == D("0.006"), "a part")
    with pytest.raises(CommandError, match="no such position"):
        await shell("close shorts")
    await shell("close longs")
    await until(lambda: not shell.desk.store.open_positions(), "flat")


async def test_a_close_with_a_price_rests(shell: Shell) -> None:
    await shell.order("buy 0.01", OrderStatus.FILLED)
    await until(shell.desk.store.open_positions, "the position")
    (result,) = await shell("close @ ask+2%")
    await until(lambda: shell.status(result.client_id) is OrderStatus.LIVE, "the exit")
    order = shell.desk.store.blotter.get(result.client_id)
    assert order is not None
    assert (order.reduce_only, order.type, order.side) == (True, OrderType.LIMIT, Side.SELL)


async def test_flat_cancels_and_closes(shell: Shell) -> None:
    await shell.order("buy 0.01", OrderStatus.FILLED)
    resting = await shell.order("buy 0.02 @ bid-2%")
    await until(shell.desk.store.open_positions, "the position")
    (result,) = await shell("flat btc*")
    assert (result.outcome, result.text) == (Outcome.ACK, "BTCUSDT: orders cancelled, position closing")
    await until(lambda: not shell.desk.store.open_positions(), "flat")
    await shell.ended(resting)


async def test_a_position_is_turned_around_once_it_is_closed(shell: Shell) -> None:
    await shell.order("buy 0.01", OrderStatus.FILLED)
    await until(shell.desk.store.open_positions, "the position")
    (staged,) = await shell("rev", send=False)
    assert staged.staged
    assert shell.desk.stage.draft is not None
    assert shell.desk.stage.draft.reverses is not None
    (opening,) = await shell("rev")
    assert opening.outcome is Outcome.ACK
    await until(lambda: [p.signed_qty for p in shell.desk.store.open_positions()] == [D("-0.01")], "the other side")


async def test_of_two_legs_one_is_turned_around(shell: Shell, world: World) -> None:
    await shell("mode hedge")
    await shell.order("buy 0.01", OrderStatus.FILLED)
    await shell.order("sell 0.02", OrderStatus.FILLED)
    await until(lambda: len(shell.desk.store.open_positions()) == 2, "both legs")
    with pytest.raises(CommandError, match="one position at a time") as caught:
        await shell("rev")
    assert caught.value.fix == "rev longs, or rev shorts"
    (turned,) = await shell("rev longs")
    assert turned.outcome is Outcome.ACK, turned.text
    await until(lambda: [p.signed_qty for p in shell.desk.store.open_positions()] == [D("-0.03")], "the long on the other side")


async def test_a_reverse_whose_first_half_is_not_known_opens_nothing(shell: Shell, world: World) -> None:
    await shell.order("buy 0.01", OrderStatus.FILLED)
    await until(shell.desk.store.open_positions, "the position")
    world.server.faults.add(FaultRule(Action.DROP_BEFORE, prefix="POST /g-orders"))
    (result,) = await shell("rev")
    assert result.outcome is not Outcome.ACK
    assert world.server.receipts["POST /g-orders"] == 2, "nothing was opened beside a close in doubt"


async def test_leverage_is_set_and_a_refusal_is_the_venues(shell: Shell, world: World) -> None:
    (result,) = await shell("lev 20 iso")
    assert result.text == "BTCUSDT: leverage 20x isolated"
    await until(
        lambda: (p := shell.desk.store.position(BTC)) and (p.leverage, p.margin_mode) == (20, MarginMode.ISOLATED), "leverage"
    )
    (result,) = await shell("lev 10")
    assert result.text == "BTCUSDT: leverage 10x isolated", "the mode stays"
    with pytest.raises(CommandError, match="a leverage of 5000 is above 100, the most that BTCUSDT has"):
        await shell("lev 5000")
    listed = shell.desk.store.instruments
    listed[BTC] = replace(listed[BTC], max_leverage=D(9999))
    with pytest.raises(VenueError, match="leverage was not changed"):
        await shell("lev 5000")


async def test_the_position_mode_is_switched_and_not_under_a_position(shell: Shell, world: World) -> None:
    (result,) = await shell("mode hedge")
    assert result.text == "BTCUSDT: a long and a short leg"
    assert world.server.exchange.ledger.mode("sim", "BTCUSDT") is PositionMode.HEDGED
    (result,) = await shell("mode oneway")
    assert result.text == "BTCUSDT: one position"
    await shell.order("buy 0.01", OrderStatus.FILLED)
    await until(shell.desk.store.open_positions, "a position")
    with pytest.raises(RefusedError, match="only without a position"):
        await shell("mode hedge")
    assert world.server.exchange.ledger.mode("sim", "BTCUSDT") is PositionMode.ONE_WAY


async def test_money_is_moved_out_and_back_in(shell: Shell, world: World) -> None:
    before = world.server.exchange.wallet("sim", "USDT")[0]
    (result,) = await shell("transfer 100 usdt out")
    assert result.text == "100 USDT from trading account to wallet: done"
    assert world.server.exchange.wallet("sim", "USDT")[0] == before - 100
    (result,) = await shell("transfer 40 USDT in")
    assert result.text == "40 USDT from wallet to trading account: done"
    assert world.server.exchange.wallet("sim", "USDT")[0] == before - 60
    with pytest.raises((CommandError, RefusedError), match="DOGE"):
        await shell("transfer 5 DOGE in")
    assert world.server.exchange.wallet("sim", "USDT")[0] == before - 60


async def test_an_order_may_bring_its_leverage(shell: Shell) -> None:
    await shell("buy 0.01 lev 7 iso")
    await until(lambda: [p.leverage for p in shell.desk.store.open_positions()] == [7], "leverage")


async def test_another_symbol_is_shown(shell: Shell) -> None:
    (result,) = await shell("symbol ethusdt")
    assert (result.text, shell.desk.focus) == ("showing ETHUSDT", ETH)


async def test_panic_says_what_is_verified(shell: Shell) -> None:
    client_id = await shell.order("buy 0.01 @ bid-2%")
    (result,) = await shell("panic")
    assert result.text == "verified: 0 open orders left"
    await shell.ended(client_id)


@pytest.mark.parametrize("line", ["theme dark", "help", "quit", "log", "keys", "arm 5m", "group 10", "layout wide"])
async def test_what_belongs_to_the_screen_is_not_done_here(shell: Shell, line: str) -> None:
    with pytest.raises(CommandError, match=SCREEN_ONLY):
        await shell(line)


async def test_what_came_of_a_request_is_said_in_words(shell: Shell, world: World) -> None:
    world.server.faults.add(FaultRule(Action.LIMIT, prefix="POST /g-orders"))
    (result,) = await shell("buy 0.01 @ bid-2%")
    assert result.outcome is Outcome.LIMITED
    assert "too many requests" in result.text
