"""Brackets on a whole desk against the built-in exchange, and the keys' coalesced moves on a script."""

from __future__ import annotations

import asyncio
from decimal import Decimal as D
from typing import Any

import pytest

from tests.desk.conftest import BTC, World, heard, until
from tui_trader.core.bracket import Bracket
from tui_trader.core.error import CommandError, NotThereError, RefusedError
from tui_trader.core.grammar import parse_one
from tui_trader.core.order import Order
from tui_trader.core.types import OrderStatus, OrderType, PositionMode, PositionSide, Side, TimeInForce
from tui_trader.desk.commands import Executor
from tui_trader.desk.desk import Desk
from tui_trader.desk.nudge import Level, Nudges
from tui_trader.desk.orders import Sent
from tui_trader.desk.plans import OpenBrackets, bracket_body, bracket_from_body
from tui_trader.sim.types import NewOrder, SimOrder, SimStatus
from tui_trader.state.cover import cover_of
from tui_trader.storage.journal import read
from tui_trader.venues.base import Outcome


class Book:
    """What stands at the exchange for the desk's account, and somebody to trade with it."""

    def __init__(self, world: World) -> None:
        self.exchange = world.server.exchange
        self.exchange.open_account("other", {"USDT": D(1_000_000)})

    def inside(self, side: Side) -> D:
        """Return a price better than the touch of ``side``, so that the next one who comes meets it first."""
        bids, asks = self.exchange.book("BTCUSDT", 1)
        tick = self.exchange.instruments["BTCUSDT"].tick
        return asks[0][0] - tick if side is Side.BUY else bids[0][0] + tick

    def hit(self, side: Side, qty: str, price: D) -> None:
        new = NewOrder("", "BTCUSDT", side, OrderType.LIMIT, D(qty), price, TimeInForce.IOC, PositionSide.MERGED)
        self.exchange.submit("other", new)

    async def sell_into(self, price: D, qty: str = "0.05", most: D | None = None) -> None:
        """Sell down to ``price``, in pieces, until something (``most``: so much) of the order that rests there has filled."""
        before = self.held
        enough = before + D("0.001") if most is None else most

        def sell() -> bool:
            if self.held < enough:
                self.hit(Side.SELL, qty, price)
            return self.held >= enough

        await until(sell, f"sold down to {price}")

    def open(self, kind: OrderType) -> list[SimOrder]:
        return [order for order in self.exchange.open_orders("sim", "BTCUSDT") if order.type is kind]

    def size(self, kind: OrderType) -> D:
        return sum((order.remaining for order in self.open(kind)), D(0))

    @property
    def held(self) -> D:
        return self.exchange.position("sim", "BTCUSDT", PositionSide.MERGED).qty


async def enter(desk: Desk, book: Book, exits: str, qty: str = "0.4") -> tuple[Executor, D, Order]:
    """Rest a buy with exits inside the spread; return the executor, its price and the order."""
    executor = Executor(desk)
    price = book.inside(Side.BUY)
    [result] = await executor.run(parse_one(f"buy {qty} @ {price} {exits}"), send=True)
    assert result.outcome is Outcome.ACK, result.text
    await until(lambda: desk.store.blotter.get(result.client_id).status is not OrderStatus.ACKED)
    return executor, price, desk.store.blotter.get(result.client_id)


def covered(desk: Desk) -> bool:
    legs = desk.store.open_positions()
    return bool(legs) and not any(cover_of(leg, desk.store.blotter.working(BTC)).is_naked for leg in legs)


async def test_a_partial_fill_is_covered_and_the_cover_gives_way_to_the_native_stop(world: World) -> None:
    desk, book = await world.desk(), Book(world)
    _, price, order = await enter(desk, book, "sl -2% tp +2%")
    assert not book.open(OrderType.STOP), "attached exits protect nothing before the entry is whole"
    await book.sell_into(price)
    await until(lambda: book.held and book.size(OrderType.STOP) == book.held and covered(desk), "covered")
    [ours] = book.open(OrderType.STOP)
    assert ours.client_id.startswith("tt-")
    assert desk.protect.role(desk.store.blotter.get(ours.client_id)) == "ours"
    await book.sell_into(price, "5", order.qty)
    await until(lambda: [one.client_id for one in book.open(OrderType.STOP)] == [""], "swapped for the native one")
    [native] = book.open(OrderType.STOP)
    await until(lambda: desk.store.blotter.find(native.order_id) is not None)
    assert desk.protect.role(desk.store.blotter.find(native.order_id)) == "native"
    assert covered(desk)


async def test_targets_share_the_entry_and_the_rest_follows_what_is_left(world: World) -> None:
    desk, book = await world.desk(), Book(world)
    executor, price, order = await enter(desk, book, "sl -2% tp +2%:50% tp +3%:50%")
    await book.sell_into(price, "5", order.qty)
    await until(lambda: book.size(OrderType.MARKET_IF_TOUCHED) == book.size(OrderType.STOP) == order.qty, "all stands")
    assert [one.qty for one in book.open(OrderType.MARKET_IF_TOUCHED)] == [D("0.2"), D("0.2")]
    await executor.run(parse_one("close 75%"), send=True)
    await until(lambda: book.held == D("0.1"), "three quarters closed")
    await until(lambda: book.size(OrderType.STOP) == D("0.1") == book.size(OrderType.MARKET_IF_TOUCHED), "all follows")
    await executor.run(parse_one("close"), send=True)
    await until(lambda: not book.held and not desk.protect.brackets(), "over")
    assert not book.open(OrderType.STOP)
    assert not book.open(OrderType.MARKET_IF_TOUCHED)


async def test_after_a_kill_the_next_run_covers_what_was_being_covered(world: World) -> None:
    desk, book = await world.desk(), Book(world)
    _, price, _ = await enter(desk, book, "sl -2%")
    await book.sell_into(price)
    await until(lambda: book.held and book.size(OrderType.STOP) == book.held, "covered")
    path = desk._journal.path
    await desk.close()
    await book.sell_into(price)  # nobody is there
    naked = book.held - book.size(OrderType.STOP)
    assert naked > 0
    recall = heard(read(path))
    again = await world.desk(start=False)
    again.recoverable, again.brackets = recall.to_recover(), recall.plans.brackets()
    again.store.blotter.claim(recall.ids)
    await again.start(("BTCUSDT",))
    await until(lambda: book.size(OrderType.STOP) == book.held, "covered again")
    assert len(book.open(OrderType.STOP)) == 1, "the stop that stood was made larger, not doubled"


async def test_a_stop_that_was_passed_before_it_stood_closes_at_the_market(world: World) -> None:
    desk, book = await world.desk(), Book(world)
    _, price, _ = await enter(desk, book, "sl -2%")
    bracket = desk.protect.brackets()[0]
    above = (price * D("1.05")).quantize(D("0.1"))
    desk.protect._open[bracket.entry] = bracket_from_body(bracket_body(bracket) | {"stop": str(above), "attached": False})
    await book.sell_into(price)
    await until(lambda: any("passed before it stood" in notice.text for notice in desk.store.notices), "said")
    await until(lambda: any(fill.side is Side.SELL for fill in desk.store.blotter.fills()), "closed")


async def test_what_the_trader_cancels_is_not_put_back(world: World) -> None:
    desk, book = await world.desk(), Book(world)
    _, price, _ = await enter(desk, book, "sl -2%")
    await book.sell_into(price)
    await until(lambda: book.size(OrderType.STOP) == book.held and covered(desk), "covered")
    [stop] = book.open(OrderType.STOP)
    await desk.cancel(desk.store.blotter.get(stop.client_id))
    await until(lambda: not book.open(OrderType.STOP), "cancelled")
    await asyncio.sleep(0)
    desk.protect.look()
    assert not desk.protect.brackets()[0].keeps_stop
    assert not desk.protect._busy


async def test_a_bracket_that_the_trader_bared_leaves_what_is_left_to_one_that_keeps_its_stop(world: World) -> None:
    desk, book = await world.desk(), Book(world)
    executor = Executor(desk)
    _, price, first = await enter(desk, book, "sl -2%")
    await book.sell_into(price, "5", first.qty)
    await until(lambda: book.size(OrderType.STOP) == D("0.4"), "the first is covered")
    _, price, second = await enter(desk, book, "sl -3%", "0.3")
    await book.sell_into(price, "5", first.qty + second.qty)
    await until(lambda: book.size(OrderType.STOP) == D("0.7"), "both are covered")
    newer = min(book.open(OrderType.STOP), key=lambda order: order.trigger_price)
    await until(lambda: desk.store.blotter.find(newer.order_id) is not None, "the newer stop is shown")
    await desk.cancel(desk.store.blotter.find(newer.order_id))
    await until(lambda: book.size(OrderType.STOP) == D("0.4"), "the trader took the newer stop")
    await executor.run(parse_one("close 50%"), send=True)
    await until(lambda: book.held == D("0.35"), "half is closed")
    await until(lambda: book.size(OrderType.STOP) == D("0.35"), "the older stop has what is left to itself")


async def test_a_stop_that_somebody_else_cancels_is_put_back(world: World) -> None:
    desk, book = await world.desk(), Book(world)
    _, price, _ = await enter(desk, book, "sl -2%")
    await book.sell_into(price)
    await until(lambda: book.size(OrderType.STOP) == book.held and covered(desk), "covered")
    [stop] = book.open(OrderType.STOP)
    book.exchange.cancel("sim", "BTCUSDT", order_id=stop.order_id)
    assert stop.status is SimStatus.CANCELED
    await until(lambda: book.size(OrderType.STOP) == book.held, "covered again")


async def test_protect_covers_a_whole_position_by_line_and_break_even_moves_it(world: World) -> None:
    desk = await world.desk()
    executor, book = Executor(desk), Book(world)
    await executor.run(parse_one("buy 0.02"), send=True)
    await until(lambda: bool(book.held) and bool(desk.store.open_positions()), "in")
    assert not covered(desk)
    [result] = await executor.run(parse_one("protect"), send=True)
    assert result.outcome is Outcome.ACK
    await until(lambda: covered(desk), "covered")
    [stop] = book.open(OrderType.STOP)
    assert (stop.qty, stop.close_on_trigger) == (0, True), "the whole position, however large it is by then"
    with pytest.raises(CommandError, match="is covered, its stop stands at"):
        await executor.run(parse_one("protect"), send=False)
    with pytest.raises(CommandError, match="break-even"):
        await executor.run(parse_one("be"), send=False)
    before = stop.trigger_price
    [moved] = await executor.run(parse_one("sl mark-3%"), send=True)
    assert moved.outcome is Outcome.ACK, moved.text
    await until(lambda: stop.trigger_price != before, "moved")
    assert len(book.open(OrderType.STOP)) == 1
    await executor.run(parse_one("tp +4%:50%"), send=True)
    await until(lambda: book.size(OrderType.MARKET_IF_TOUCHED) == D("0.01"), "half of it has a target")


async def test_exits_that_need_a_terminal_are_not_begun_by_a_command_that_ends(world: World) -> None:
    desk, book = await world.desk(), Book(world)
    price = book.inside(Side.BUY) - 500
    line = parse_one(f"buy 0.01 @ {price} sl -2% tp +1%:50% tp +2%:50%")
    with pytest.raises(CommandError, match="looked after by a terminal that runs"):
        await Executor(desk, stays=False).run(line, send=True)
    assert not book.exchange.open_orders("sim", "BTCUSDT")


async def test_a_bracket_that_cannot_be_written_down_does_not_leave(world: World) -> None:
    desk, book = await world.desk(), Book(world)
    bracket = Bracket("tt-1", BTC, Side.BUY, PositionSide.MERGED, D(1))  # type: ignore[arg-type]
    desk._journal.failure = "the disk is full"
    with pytest.raises(RefusedError, match="entries are refused"):
        desk.protect.adopt(bracket)
    assert not desk.protect.brackets()
    assert book.held == 0
    desk._journal.failure = ""


def test_a_bracket_is_read_back_as_it_was_written() -> None:
    plans = OpenBrackets()
    bracket = Bracket("tt-1", BTC, Side.SELL, PositionSide.SHORT, D("1.5"), attached=True)  # type: ignore[arg-type]
    plans.take("bracket", bracket_body(bracket))
    plans.take("exit", {"bracket": "tt-1", "role": "stop", "id": "tt-2"})
    carried = OpenBrackets()
    carried.take("segment", {"brackets": plans.bodies()})
    assert carried.brackets() == [bracket.with_exit("stop", "tt-2")]  # type: ignore[arg-type]
    assert carried.ids() == {"tt-1", "tt-2"}
    carried.take("bracket_end", {"id": "tt-1", "why": ""})
    assert carried.brackets() == []


def test_a_bracket_whose_stop_follows_is_read_back_and_so_is_one_of_an_older_journal() -> None:
    bracket = Bracket("tt-1", BTC, Side.BUY, PositionSide.MERGED, D(95), trail=D("1.5"), trails_whole=True)  # type: ignore[arg-type]
    body = bracket_body(bracket)
    assert bracket_from_body(body) == bracket
    older = {key: value for key, value in body.items() if not key.startswith("trail")}
    assert bracket_from_body(older).trail is None


async def test_a_stop_that_follows_stands_from_the_first_fill_on_and_follows(world: World) -> None:
    desk, book = await world.desk(), Book(world)
    executor, price, order = await enter(desk, book, "trail 1% tp +2%")
    behind = desk.protect.brackets()[0].trail
    assert behind is not None
    await book.sell_into(price)
    await until(lambda: len(book.open(OrderType.TRAILING_STOP)) == 1 and covered(desk), "covered")
    [stop] = book.open(OrderType.TRAILING_STOP)
    assert stop.trail == behind
    assert stop.close_on_trigger, "over the whole leg, so that it grows with it"
    assert stop.trigger_price is not None
    assert stop.trigger_price >= price - behind - D("0.1")
    assert not book.open(OrderType.STOP)
    await book.sell_into(price, "5", order.qty)
    await until(lambda: book.size(OrderType.MARKET_IF_TOUCHED) == order.qty, "the target")
    assert len(book.open(OrderType.TRAILING_STOP)) == 1
    assert covered(desk)
    with pytest.raises(CommandError, match="over the whole position, and you hold one already"):
        await executor.run(parse_one("buy 0.1 @ bid trail 1%"), send=True)
    with pytest.raises(CommandError, match="would close your BTCUSDT long first"):
        await executor.run(parse_one("sell 0.1 @ ask trail 1%"), send=True)
    await executor.run(parse_one("close"), send=True)
    await until(lambda: not book.held and not desk.protect.brackets(), "over")
    assert not book.open(OrderType.TRAILING_STOP)
    assert not book.open(OrderType.MARKET_IF_TOUCHED)


# -- moved by keys -------------------------------------------------------------------------------------------------------


class Moves:
    """Nudges whose time and answers are in the test's hand."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench
        self.asked: list[Level] = []
        self.said: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.nudges = Nudges(
            store=bench.store, amend=self._amend, spawn=bench.spawn, say=lambda text, _: self.said.append(text), sleep=bench.sleep
        )

    async def _amend(self, order: Order, level: Level) -> Sent:
        self.asked.append(level)
        await self.gate.wait()
        return Sent(order.client_id, Outcome.ACK)


@pytest.fixture
def moves(bench: Any) -> Moves:
    from tests.desk.conftest import report

    stop = {"type": OrderType.STOP, "side": Side.SELL, "price": None, "trigger_price": D(95), "reduce_only": True}
    bench.hear(report(OrderStatus.ARMED, **stop))
    return Moves(bench)


async def test_presses_that_follow_each_other_are_one_change(moves: Moves) -> None:
    order = moves.bench.order()
    for step in range(1, 4):
        level = moves.nudges.level(order)
        assert level == Level(D(95) + D(step - 1), by_price=False)
        moves.nudges.press(order, level._replace(price=level.price + 1))
    await moves.bench.settle()
    assert moves.asked == [Level(D(98), by_price=False)]


async def test_one_change_is_outstanding_at_a_time_and_the_newest_is_next(moves: Moves) -> None:
    order = moves.bench.order()
    moves.gate.clear()
    moves.nudges.press(order, Level(D(96), by_price=False))
    await until(lambda: moves.asked)
    for price in (97, 98, 99):
        moves.nudges.press(order, Level(D(price), by_price=False))
        await asyncio.sleep(0)
    assert [level.price for level in moves.asked] == [96]
    moves.gate.set()
    await moves.bench.settle()
    assert [level.price for level in moves.asked] == [96, 99]


async def test_an_order_that_ended_meanwhile_is_not_moved(moves: Moves) -> None:
    from tests.desk.conftest import report

    order = moves.bench.order()
    moves.nudges.press(order, Level(D(96), by_price=False))
    moves.bench.hear(report(OrderStatus.CANCELED, sequence=9, at_ns=9))
    await moves.bench.settle()
    assert moves.asked == []
    assert moves.said == ["not moved: the order is over"]


async def test_margin_mode_and_transfers_are_typed(world: World) -> None:
    desk = await world.desk()
    executor, book = Executor(desk), Book(world)
    with pytest.raises(NotThereError):
        await executor.run(parse_one("margin +50"), send=True)
    [hedged] = await executor.run(parse_one("mode hedge"), send=True)
    assert "a long and a short leg" in hedged.text
    await until(lambda: desk.facts.mode(BTC) is PositionMode.HEDGED, "hedged")
    await executor.run(parse_one("mode oneway"), send=True)
    await until(lambda: desk.facts.mode(BTC) is PositionMode.ONE_WAY, "one position again")
    await executor.run(parse_one("lev 10 iso"), send=True)
    await executor.run(parse_one("buy 0.01"), send=True)
    await until(lambda: any(leg.margin for leg in desk.store.open_positions()), "in, isolated")
    before = desk.store.open_positions()[0].margin
    [result] = await executor.run(parse_one("margin +50"), send=True)
    assert result.text.endswith(f"-> {before + 50}")
    await until(lambda: desk.store.open_positions()[0].margin > before + 40, "more margin")
    assert book.held == D("0.01")
