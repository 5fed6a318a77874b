"""A chase: created once, moved after its touch within bounds, and never more than what was asked for. The network is a script."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from tests.ui.desks import ScriptedDesk, quiet_desk
from tests.ui.panes.conftest import BTC
from tui_trader.core.error import CommandError
from tui_trader.core.event import OrderChanged
from tui_trader.core.grammar import parse_one
from tui_trader.core.order import Order, OrderReport
from tui_trader.core.types import OrderStatus, OrderType, Side, TimeInForce, VenueOrderId
from tui_trader.desk.commands import Executor
from tui_trader.venues.base import Outcome, RequestKind, Verdict

BUY = "chase buy 0.1"


class Chasing:
    """A desk that chases, and a market that a test moves."""

    def __init__(self, desk: ScriptedDesk) -> None:
        self.desk = desk
        self.looks: list[Callable[[], None]] = []
        desk.chases._sleep = self._sleep
        self.touch = ("67000", "67001")
        self.frozen = False
        """Whether the book has stopped to come."""

    async def _sleep(self, seconds: float) -> None:
        """Let virtual time pass, and the next thing happen."""
        self.desk.world.clock.advance(seconds)
        for lane in ("public", "private"):
            self.desk.store.heard("phemex", lane)
        if not self.frozen:
            self._quote(*self.touch)
        if self.looks:
            self.looks.pop(0)()
        await asyncio.sleep(0)

    def quote(self, bid: str, ask: str) -> Callable[[], None]:
        """Return what puts the touch somewhere."""
        return lambda: self._quote(bid, ask)

    def _quote(self, bid: str, ask: str) -> None:
        self.touch = (bid, ask)
        self.desk.world.book([(bid, "5")], [(ask, "5")])
        self.desk.world.ticker(mark=bid, last=bid, index=bid)

    def tell(self, status: OrderStatus, **change: Any) -> Callable[[], None]:
        """Return what lets the venue say how the chased order stands."""

        def say() -> None:
            order = self.order
            at = self.desk.world.clock.wall_ns()
            values: dict[str, Any] = {
                "instrument": BTC,
                "client_id": order.client_id,
                "venue_id": VenueOrderId("v1"),
                "status": status,
                "side": order.side,
                "type": OrderType.LIMIT,
                "qty": order.qty,
                "price": order.price,
                "tif": TimeInForce.POST_ONLY,
                "sequence": at // 1000 % 10**9,
                "at_ns": at,
            }
            self.desk.absorb([OrderChanged(OrderReport(**(values | change)))])

        return say

    def moved(self) -> Callable[[], None]:
        """Return what lets the venue say that the last change was done."""

        def say() -> None:
            change = [request for request in self.desk.sent if request.kind is RequestKind.AMEND]
            assert change
            self.tell(OrderStatus.LIVE, price=self.wanted[-1])()

        return say

    @property
    def order(self) -> Order:
        orders = [order for order in self.desk.store.blotter.orders() if not order.external]
        return orders[0]

    @property
    def wanted(self) -> list[D]:
        """The prices that the order was moved to."""
        from urllib.parse import parse_qs

        found = []
        for request in self.desk.sent:
            if request.kind is RequestKind.AMEND:
                words = parse_qs(request.query)
                key = next(key for key in words if key.lower().startswith("price"))
                found.append(D(words[key][0]))
        return found

    async def run(self, line: str) -> None:
        command = parse_one(line)
        (result,) = await Executor(self.desk).run(command, send=True, at_once=True)
        assert result.outcome is Outcome.ACK, result.text
        for _ in range(400):
            if not self.desk.runs.rows():
                return
            await asyncio.sleep(0)

    def kinds(self) -> list[RequestKind]:
        return [kind for kind in self.desk.kinds() if kind is not RequestKind.READ]

    @property
    def said(self) -> str:
        return "\n".join(notice.text for notice in self.desk.store.notices)


@pytest.fixture
async def chasing(tmp_path: Path) -> Any:
    desk = quiet_desk(tmp_path)
    yield Chasing(desk)
    await desk.close()


async def test_it_is_staged_first_and_rests_at_its_touch(chasing: Chasing) -> None:
    desk = chasing.desk
    (result,) = await Executor(desk).run(parse_one(BUY), send=True)
    assert result.staged
    assert desk.creates() == []
    view = desk.stage.view()
    assert view is not None
    assert view.ticket is not None
    book = desk.store.book(BTC)
    assert book is not None
    assert (view.ticket.price, view.ticket.tif, view.ticket.type) == (book.best_bid, TimeInForce.POST_ONLY, OrderType.LIMIT)


async def test_it_follows_the_touch_up_and_never_back_and_is_created_once(chasing: Chasing) -> None:
    chasing._quote("67000", "67001")
    chasing.looks = [
        chasing.tell(OrderStatus.LIVE),
        chasing.quote("67010", "67011"),
        chasing.moved(),
        *[lambda: None] * 6,
        chasing.quote("67005", "67011"),
        *[lambda: None] * 6,
        lambda: chasing.tell(OrderStatus.FILLED, filled=D("0.1"))(),
    ]
    await chasing.run(BUY)
    assert chasing.wanted == [D(67010)]
    assert len(chasing.desk.creates()) == 1
    assert "filled 0.1" in chasing.said
    assert "runs only while this terminal is up" in chasing.said


async def test_it_moves_at_most_once_a_second(chasing: Chasing) -> None:
    chasing._quote("67000", "67001")
    moves: list[Callable[[], None]] = [chasing.tell(OrderStatus.LIVE)]
    for step in range(1, 21):
        moves.append(chasing.quote(str(67000 + step), str(67002 + step)))
        moves.append(lambda: chasing.tell(OrderStatus.LIVE, price=chasing.wanted[-1] if chasing.wanted else D(67000))())
    chasing.looks = [*moves, lambda: chasing.tell(OrderStatus.CANCELED)()]
    began = chasing.desk.clock.mono_ns()
    await chasing.run(BUY)
    seconds = (chasing.desk.clock.mono_ns() - began) / 1e9
    assert 3 <= len(chasing.wanted) <= seconds + 1


async def test_beyond_its_bound_it_cancels_and_sends_nothing_more(chasing: Chasing) -> None:
    chasing._quote("67000", "67001")
    chasing.looks = [
        chasing.tell(OrderStatus.LIVE),
        chasing.quote("67200", "67201"),
        lambda: chasing.tell(OrderStatus.CANCELED, filled=D("0.04"))(),
    ]
    await chasing.run(f"{BUY} max 0.1%")
    assert chasing.wanted == []
    assert chasing.kinds() == [RequestKind.CREATE, RequestKind.CANCEL]
    assert "0.06 was not filled and is cancelled" in chasing.said


async def test_then_market_takes_exactly_what_is_left_after_the_end_is_known(chasing: Chasing) -> None:
    chasing._quote("67000", "67001")
    chasing.looks = [
        chasing.tell(OrderStatus.LIVE),
        *[lambda: None] * 12,
        lambda: chasing.tell(OrderStatus.CANCELED, filled=D("0.04"))(),
    ]
    await chasing.run(f"{BUY} for 2s then market")
    assert chasing.kinds() == [RequestKind.CREATE, RequestKind.CANCEL, RequestKind.CREATE], chasing.said
    first, second = chasing.desk.creates()
    assert first.ref != second.ref
    rest = chasing.desk.store.blotter.get(second.ref)
    assert rest is not None
    assert (rest.qty, rest.side, rest.tif) == (D("0.06"), Side.BUY, TimeInForce.IOC)


async def test_an_end_that_is_not_known_lets_no_market_order_out(chasing: Chasing) -> None:
    chasing._quote("67000", "67001")
    chasing.looks = [chasing.tell(OrderStatus.LIVE)]
    await chasing.run(f"{BUY} for 1s then market")
    assert chasing.kinds() == [RequestKind.CREATE, RequestKind.CANCEL]
    assert "nothing more is sent" in chasing.said


async def test_where_orders_cannot_change_it_is_placed_anew_once_it_is_over(chasing: Chasing) -> None:
    chasing.desk.chases._in_place = lambda iid: False
    chasing._quote("67000", "67001")

    def second(status: OrderStatus, **change: Any) -> Callable[[], None]:
        def say() -> None:
            first, *rest = [order for order in chasing.desk.store.blotter.orders() if not order.external]
            assert first.status is OrderStatus.CANCELED, "never both"
            [order] = rest
            report = OrderReport(
                BTC,
                order.client_id,
                VenueOrderId("v2"),
                status,
                order.side,
                OrderType.LIMIT,
                order.qty,
                tif=order.tif,
                at_ns=1,
                **change,
            )
            chasing.desk.absorb([OrderChanged(report)])

        return say

    chasing.looks = [
        chasing.tell(OrderStatus.LIVE),
        chasing.quote("67010", "67011"),
        chasing.tell(OrderStatus.CANCELED, filled=D("0.04")),
        second(OrderStatus.LIVE),
        second(OrderStatus.FILLED, filled=D("0.06")),
    ]
    await chasing.run(BUY)
    assert chasing.kinds() == [RequestKind.CREATE, RequestKind.CANCEL, RequestKind.CREATE]
    placed = [order for order in chasing.desk.store.blotter.orders() if not order.external][1]
    assert (placed.qty, placed.price, placed.tif) == (D("0.06"), D(67010), TimeInForce.POST_ONLY)
    assert "over after 1 moves: filled 0.06" in chasing.said


async def test_what_somebody_else_cancelled_is_not_placed_anew(chasing: Chasing) -> None:
    chasing.desk.chases._in_place = lambda iid: False
    chasing.desk.answers = [Verdict(Outcome.ACK), Verdict(Outcome.MISSING)]
    chasing._quote("67000", "67001")
    chasing.looks = [
        chasing.tell(OrderStatus.LIVE),
        chasing.quote("67010", "67011"),
        chasing.tell(OrderStatus.CANCELED, filled=D("0.04")),
    ]
    await chasing.run(BUY)
    assert chasing.kinds() == [RequestKind.CREATE, RequestKind.CANCEL]
    assert "cancelled elsewhere; 0.06 was not filled" in chasing.said


async def test_nothing_is_placed_anew_before_the_end_of_the_old_one_is_known(chasing: Chasing) -> None:
    chasing.desk.chases._in_place = lambda iid: False
    chasing._quote("67000", "67001")
    chasing.looks = [chasing.tell(OrderStatus.LIVE), chasing.quote("67010", "67011")]
    await chasing.run(BUY)
    assert chasing.kinds() == [RequestKind.CREATE, RequestKind.CANCEL]
    assert "nothing more is sent" in chasing.said


async def test_a_cancel_by_the_trader_ends_it_without_the_market(chasing: Chasing) -> None:
    chasing._quote("67000", "67001")

    def cancel() -> None:
        chasing.desk.runs.cancelled(chasing.order.client_id)
        chasing.tell(OrderStatus.CANCELED)()

    chasing.looks = [chasing.tell(OrderStatus.LIVE), cancel]
    await chasing.run(f"{BUY} for 9s then market")
    assert len(chasing.desk.creates()) == 1
    assert "it is not sent again" in chasing.said


async def test_a_panic_ends_it(chasing: Chasing) -> None:
    chasing._quote("67000", "67001")
    work: list[asyncio.Task[str]] = []

    def panic() -> None:
        work.append(asyncio.get_running_loop().create_task(chasing.desk.panic()))

    chasing.looks = [chasing.tell(OrderStatus.LIVE), panic, chasing.quote("67100", "67101")]
    await chasing.run(f"{BUY} for 9s then market")
    await work[0]
    assert len(chasing.desk.creates()) == 1
    assert RequestKind.AMEND not in chasing.kinds()
    assert "everything was cancelled" in chasing.said


async def test_off_ends_it_and_leaves_the_order(chasing: Chasing) -> None:
    chasing._quote("67000", "67001")
    executor = Executor(chasing.desk)
    listed: list[str] = []

    def end() -> None:
        listed.extend(executor.answers.running())
        (run,) = chasing.desk.runs.rows()
        executor.keeping.keep(parse_one(f"off {run.number}"))

    chasing.looks = [chasing.tell(OrderStatus.LIVE), end]
    await chasing.run(f"{BUY} for 9s then market")
    assert any("chase" in line and "buy" in line for line in listed)
    assert chasing.kinds() == [RequestKind.CREATE]
    assert "its order is left as it is" in chasing.said


async def test_an_order_in_doubt_is_left_alone_until_it_is_known(chasing: Chasing) -> None:
    chasing._quote("67000", "67001")
    chasing.desk.answers = [Verdict(Outcome.UNKNOWN, "timeout", "no answer in time")]
    chasing.looks = [chasing.quote("67050", "67051"), *[lambda: None] * 20, lambda: chasing.tell(OrderStatus.CANCELED)()]
    (result,) = await Executor(chasing.desk).run(parse_one(f"{BUY} for 1s then market"), send=True, at_once=True)
    assert result.outcome is Outcome.UNKNOWN
    for _ in range(300):
        await asyncio.sleep(0)
    assert chasing.kinds() == [RequestKind.CREATE], "neither moved nor cancelled nor sent again"


async def test_a_stale_book_moves_nothing(chasing: Chasing) -> None:
    chasing._quote("67000", "67001")

    def stale() -> None:
        chasing._quote("67090", "67091")
        chasing.frozen = True
        chasing.desk.world.clock.advance(5)

    chasing.looks = [chasing.tell(OrderStatus.LIVE), stale, *[lambda: None] * 6, lambda: chasing.tell(OrderStatus.CANCELED)()]
    await chasing.run(BUY)
    assert chasing.wanted == []


async def test_from_the_shell_it_is_refused(chasing: Chasing) -> None:
    with pytest.raises(CommandError, match="a terminal that runs"):
        await Executor(chasing.desk, stays=False).run(parse_one(BUY), send=True, at_once=True)
    with pytest.raises(CommandError, match="a terminal that runs"):
        await Executor(chasing.desk, stays=False).run(parse_one("buy 0.1 @ bid gtd 5m"), send=True, at_once=True)
    assert chasing.desk.creates() == []
    assert chasing.desk.stage.draft is None
