"""What a bracket asks for, against a small venue that does what it is told: no gap, nothing twice, nothing left behind."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_trader.core.bracket import (
    Bracket,
    Drop,
    End,
    Goal,
    Place,
    Resize,
    Seen,
    Shift,
    exit_ticket,
    is_native,
    next_steps,
    portions,
    split,
)
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order
from tui_trader.core.types import (
    ClientOrderId,
    ContractKind,
    InstrumentId,
    OrderStatus,
    OrderType,
    PendingAction,
    PositionSide,
    Side,
    TriggerSource,
    VenueOrderId,
)

BTC = InstrumentId("phemex", "BTCUSDT")
INSTRUMENT = Instrument(BTC, ContractKind.LINEAR, "BTC", "USDT", "USDT", tick=D("0.1"), lot=D("0.001"))
ENTRY = ClientOrderId("tt-entry")


def bracket(side: Side = Side.BUY, *goals: str, stop: str | None = "95", attached: bool = False) -> Bracket:
    shares = portions([None] * len(goals))
    made = tuple(Goal(D(goal), share) for goal, share in zip(goals, shares, strict=True))
    return Bracket(ENTRY, BTC, side, PositionSide.MERGED, None if stop is None else D(stop), goals=made, attached=attached)


def order(kind: OrderType, qty: str, *, filled: str = "0", status: OrderStatus = OrderStatus.ARMED, **more: object) -> Order:
    values = {
        "client_id": ClientOrderId(f"tt-{kind}"),
        "instrument": BTC,
        "side": Side.SELL,
        "type": kind,
        "qty": D(qty),
        "filled": D(filled),
        "status": status,
        "trigger_price": D(95),
        "reduce_only": True,
    }
    return Order(**(values | more))  # type: ignore[arg-type]


def entry(qty: str, filled: str, status: OrderStatus) -> Order:
    return order(OrderType.LIMIT, qty, filled=filled, status=status, client_id=ENTRY, side=Side.BUY, trigger_price=None)


PART = entry("10", "3", OrderStatus.PARTIAL)
WHOLE = entry("10", "10", OrderStatus.FILLED)
ENDED = entry("10", "3", OrderStatus.CANCELED)


@pytest.mark.parametrize("attached", [True, False])
def test_what_a_partial_fill_opened_is_covered_at_once(attached: bool) -> None:
    assert next_steps(bracket(attached=attached), Seen(PART, room=D(3)), INSTRUMENT) == [Place("stop", D(3))]


def test_a_cover_grows_with_the_entry_and_shrinks_with_the_position() -> None:
    stop = order(OrderType.STOP, "3")
    more = entry("10", "7", OrderStatus.PARTIAL)
    assert next_steps(bracket(), Seen(more, (stop,), room=D(7)), INSTRUMENT) == [Resize(stop, D(7))]
    assert next_steps(bracket(), Seen(more, (stop,), room=D(2)), INSTRUMENT) == [Resize(stop, D(2))]
    assert next_steps(bracket(), Seen(more, (stop,), room=D(2), sure=False), INSTRUMENT) == []
    assert next_steps(bracket(), Seen(more, (stop,), room=D(0)), INSTRUMENT) == [Drop(stop, "the position is closed")]


def test_a_stop_of_unknown_outcome_is_waited_for() -> None:
    for doubt in (
        {"status": OrderStatus.UNKNOWN},
        {"status": OrderStatus.SENT},
        {"status": OrderStatus.ACKED},
        {"pending": PendingAction.AMEND},
    ):
        stop = order(OrderType.STOP, "2", **doubt)
        assert next_steps(bracket(), Seen(PART, (stop,), room=D(3)), INSTRUMENT) == []


def test_ours_gives_way_only_to_a_native_stop_that_covers_all() -> None:
    ours, native = order(OrderType.STOP, "10"), order(OrderType.STOP, "10", venue_id=VenueOrderId("v"), external=True)
    plan = bracket(attached=True)
    assert next_steps(plan, Seen(WHOLE, (ours,), room=D(10)), INSTRUMENT) == []
    sent = replace(native, status=OrderStatus.ACKED)
    assert next_steps(plan, Seen(WHOLE, (ours,), natives=(sent,), room=D(10)), INSTRUMENT) == []
    assert next_steps(plan, Seen(WHOLE, (ours,), natives=(native,), room=D(10)), INSTRUMENT) == [
        Drop(ours, "the venue's own stop covers it")
    ]
    small = replace(native, qty=D(4))
    assert next_steps(plan, Seen(WHOLE, (ours,), natives=(small,), room=D(10)), INSTRUMENT) == [Resize(ours, D(6))]


def test_a_stop_that_was_moved_is_moved_at_the_venue_before_ours_goes() -> None:
    ours, native = order(OrderType.STOP, "10", trigger_price=D(97)), order(OrderType.STOP, "10", external=True)
    plan = replace(bracket(attached=True), stop=D(97))
    assert next_steps(plan, Seen(WHOLE, (ours,), natives=(native,), room=D(10)), INSTRUMENT) == [Shift(native, D(97))]


def test_native_exits_are_waited_for_and_made_here_when_they_do_not_come() -> None:
    plan = bracket(attached=True)
    assert next_steps(plan, Seen(WHOLE, room=D(10), wait_for_native=True), INSTRUMENT) == []
    assert next_steps(plan, Seen(WHOLE, room=D(10)), INSTRUMENT) == [Place("stop", D(10))]
    assert next_steps(plan, Seen(ENDED, room=D(3)), INSTRUMENT) == [Place("stop", D(3))]


def test_targets_wait_for_the_entry_to_be_done_and_then_share_it() -> None:
    plan, stop = bracket(Side.BUY, "105", "110", "115"), order(OrderType.STOP, "10")
    assert next_steps(plan, Seen(PART, (order(OrderType.STOP, "3"),), ((), (), ()), room=D(3)), INSTRUMENT) == []
    first = order(OrderType.MARKET_IF_TOUCHED, "3.333")
    second = Seen(WHOLE, (stop,), ((first,), (), ()), room=D(10))
    assert next_steps(plan, second, INSTRUMENT) == [Place("1", D("3.333"))]
    last = Seen(WHOLE, (stop,), ((first,), (first,), ()), room=D(10))
    assert next_steps(plan, last, INSTRUMENT) == [Place("2", D("3.334"))]


def test_one_target_fills_and_the_rest_follows_the_remaining_size() -> None:
    plan, stop = bracket(Side.BUY, "105", "110"), order(OrderType.STOP, "10")
    near = order(OrderType.MARKET_IF_TOUCHED, "5", filled="5", status=OrderStatus.FILLED)
    far = order(OrderType.MARKET_IF_TOUCHED, "5")
    assert next_steps(plan, Seen(WHOLE, (stop,), ((near,), (far,)), room=D(5)), INSTRUMENT) == [Resize(stop, D(5))]
    half = replace(stop, qty=D(2))
    cut = next_steps(plan, Seen(WHOLE, (half,), ((near,), (far,)), room=D(2)), INSTRUMENT)
    assert cut == [Resize(far, D(2))]


def test_the_stop_fills_and_the_targets_go() -> None:
    plan = bracket(Side.BUY, "105")
    fired = order(OrderType.STOP, "10", filled="10", status=OrderStatus.FILLED)
    target = order(OrderType.MARKET_IF_TOUCHED, "10")
    assert next_steps(plan, Seen(WHOLE, (fired,), ((target,),), room=D(0)), INSTRUMENT) == [
        Drop(target, "the position is closed")
    ]
    gone = replace(target, status=OrderStatus.CANCELED)
    [end] = next_steps(plan, Seen(WHOLE, (fired,), ((gone,),), room=D(0)), INSTRUMENT)
    assert isinstance(end, End)


def test_a_stop_that_cannot_be_placed_does_not_keep_targets_too_large() -> None:
    plan, target = bracket(Side.BUY, "105"), order(OrderType.MARKET_IF_TOUCHED, "10")
    assert next_steps(plan, Seen(WHOLE, (), ((target,),), room=D(4)), INSTRUMENT) == [Place("stop", D(4)), Resize(target, D(4))]


def test_what_the_trader_took_away_is_not_put_back() -> None:
    plan = replace(bracket(Side.BUY, "105"), keeps_stop=False, keeps_targets=False)
    assert next_steps(plan, Seen(WHOLE, (), ((),), room=D(10)), INSTRUMENT) == []


def test_of_a_bracket_that_nothing_is_left_of_every_exit_goes_whoever_had_it_in_hand() -> None:
    plan = replace(bracket(Side.BUY, "105"), keeps_stop=False, keeps_targets=False)
    closed = order(OrderType.MARKET, "10", filled="10", status=OrderStatus.FILLED)
    stop, target = order(OrderType.STOP, "10"), order(OrderType.MARKET_IF_TOUCHED, "10")
    seen = Seen(WHOLE, (closed, stop), ((target,),), room=D(5))  # the leg lives on: another order opened it
    assert next_steps(plan, seen, INSTRUMENT) == [Drop(stop, "the position is closed"), Drop(target, "the position is closed")]


def test_what_the_trader_took_away_and_still_stands_follows_the_position_down() -> None:
    plan = replace(bracket(Side.BUY, "105"), keeps_stop=False, keeps_targets=False)
    stop, target = order(OrderType.STOP, "10"), order(OrderType.MARKET_IF_TOUCHED, "10")
    assert next_steps(plan, Seen(WHOLE, (stop,), ((target,),), room=D(10)), INSTRUMENT) == []
    shrunk = [Resize(stop, D(4)), Resize(target, D(4))]
    assert next_steps(plan, Seen(WHOLE, (stop,), ((target,),), room=D(4)), INSTRUMENT) == shrunk


def test_an_entry_that_nobody_knows_or_that_is_absent_is_waited_for() -> None:
    assert next_steps(bracket(), Seen(None), INSTRUMENT) == []
    assert next_steps(bracket(), Seen(entry("10", "0", OrderStatus.ABSENT)), INSTRUMENT) == []
    [end] = next_steps(bracket(), Seen(entry("10", "0", OrderStatus.REJECTED)), INSTRUMENT)
    assert isinstance(end, End)


def test_the_exits_that_are_made_here_reduce_and_say_what_they_watch() -> None:
    plan = Bracket(
        ENTRY,
        BTC,
        Side.SELL,
        PositionSide.SHORT,
        D(105),
        TriggerSource.LAST,
        D("105.5"),
        (Goal(D(95), source=TriggerSource.INDEX),),
    )
    stop, target = (exit_ticket(plan, role, D(2), ClientOrderId("x")) for role in ("stop", "0"))
    assert (stop.side, stop.type, stop.trigger_price, stop.price) == (Side.BUY, OrderType.STOP_LIMIT, 105, D("105.5"))
    assert (target.type, target.trigger_source, target.price) == (OrderType.MARKET_IF_TOUCHED, TriggerSource.INDEX, None)
    assert all(one.reduce_only and one.position_side is PositionSide.SHORT for one in (stop, target))


def test_an_exit_of_the_venue_is_told_by_leg_side_and_trigger() -> None:
    plan = bracket(Side.BUY, "105", attached=True)
    child = order(OrderType.STOP, "10", external=True)
    assert is_native(plan, child)
    assert is_native(plan, order(OrderType.MARKET_IF_TOUCHED, "10", external=True, trigger_price=D(105)))
    for change in (
        {"external": False},
        {"side": Side.BUY},
        {"trigger_price": D(96)},
        {"position_side": PositionSide.LONG},
        {"reduce_only": False},
    ):
        assert not is_native(plan, replace(child, **change))  # type: ignore[arg-type]


@given(
    st.decimals(min_value="0.001", max_value=50, places=3),
    st.lists(st.none() | st.integers(1, 30).map(D), min_size=1, max_size=3),
)
def test_shares_never_add_up_to_more_than_there_is(qty: D, said: list[D | None]) -> None:
    goals = [Goal(D(100), share) for share in portions(said)]
    sizes = split(qty, goals, INSTRUMENT)
    assert all(size >= 0 and INSTRUMENT.on_lot(size) for size in sizes)
    assert sum(sizes) <= qty
    if None in said:
        assert sum(sizes) == qty, "what was not said is all the rest"


def test_where_sizes_cannot_change_a_smaller_stop_stands_before_the_larger_one_goes() -> None:
    large, small = order(OrderType.STOP, "10"), order(OrderType.STOP, "6")
    assert next_steps(bracket(), Seen(WHOLE, (large,), room=D(6), resizable=False), INSTRUMENT) == [Place("stop", D(6))]
    both = Seen(WHOLE, (large, small), room=D(6), resizable=False)
    assert next_steps(bracket(), both, INSTRUMENT) == [Drop(large, "another stop covers it")]
    native = order(OrderType.STOP, "10", external=True, venue_id=VenueOrderId("v"))
    beside = Seen(WHOLE, (small,), natives=(native,), room=D(6), resizable=False)
    assert next_steps(bracket(attached=True), beside, INSTRUMENT) == [Drop(native, "another stop covers it")]
    more = Seen(WHOLE, (small,), room=D(10), resizable=False)
    assert next_steps(bracket(), more, INSTRUMENT) == [Place("stop", D(4))]


def test_a_target_that_went_with_the_venue_s_stop_is_made_here() -> None:
    plan, small = bracket(Side.BUY, "105", attached=True), order(OrderType.STOP, "6")
    gone = order(OrderType.STOP, "10", external=True, status=OrderStatus.CANCELED, take_profit=D(105))
    seen = Seen(WHOLE, (small,), ((),), natives=(gone,), room=D(6))
    assert next_steps(plan, seen, INSTRUMENT) == []
    assert next_steps(plan, replace(seen, resizable=False), INSTRUMENT) == [Place("0", D(6))]


def test_a_stop_that_follows_is_changed_in_size_and_never_put_anew() -> None:
    plan = replace(bracket(), trail=D(2))
    ticket = exit_ticket(plan, "stop", D(3), ClientOrderId("x"))
    assert (ticket.type, ticket.trail, ticket.trigger_price, ticket.qty) == (OrderType.TRAILING_STOP, 2, 95, 3)
    stop = order(OrderType.TRAILING_STOP, "3", trail=D(2))
    for resizable in (True, False):  # where other waiting orders cannot be changed, this kind can
        more = Seen(WHOLE, (stop,), room=D(10), resizable=resizable)
        assert next_steps(plan, more, INSTRUMENT) == [Resize(stop, D(10))]
    assert next_steps(plan, Seen(WHOLE, (replace(stop, qty=D(10)),), room=D(6)), INSTRUMENT) == [
        Resize(replace(stop, qty=D(10)), D(6))
    ]
    fired = replace(stop, status=OrderStatus.LIVE)
    assert next_steps(plan, Seen(WHOLE, (fired,), room=D(10)), INSTRUMENT) == [Place("stop", D(7))]
    assert next_steps(plan, Seen(PART, (replace(stop, status=OrderStatus.UNKNOWN),), room=D(3)), INSTRUMENT) == []
    assert next_steps(replace(plan, keeps_stop=False), Seen(WHOLE, room=D(10)), INSTRUMENT) == []


def test_one_that_is_over_the_whole_leg_stands_once_whoever_sent_it() -> None:
    plan = replace(bracket(), trail=D(2), trails_whole=True, stops=(ClientOrderId("mine"),))
    assert next_steps(plan, Seen(PART, room=D(3)), INSTRUMENT) == [Place("stop", D(3))]
    mine = order(OrderType.TRAILING_STOP, "0", trail=D(2), close_on_trigger=True, client_id=ClientOrderId("mine"))
    theirs = replace(mine, client_id=ClientOrderId("theirs"))
    for stop in (mine, theirs):
        assert next_steps(plan, Seen(WHOLE, (stop,), room=D(10)), INSTRUMENT) == []
    closed = Seen(ENDED, (mine, theirs), room=D(0))
    assert next_steps(plan, closed, INSTRUMENT) == [Drop(mine, "the position is closed")]
    assert next_steps(plan, replace(closed, sure=False), INSTRUMENT) == []


# -- against a venue that does what it is told ----------------------------------------------------------------------------


class Venue:
    """An entry, a position and exits; whatever happens, the venue cuts what executes to what is held."""

    def __init__(self, plan: Bracket, qty: int, *, resizable: bool = True) -> None:
        self.plan = plan
        self.resizable = resizable
        self.entry = entry(str(qty), "0", OrderStatus.LIVE)
        self.held = D(0)
        self.stops: list[Order] = []
        self.targets: list[list[Order]] = [[] for _ in plan.goals]
        self.natives: list[Order] = []

    def seen(self) -> Seen:
        rows = tuple(map(tuple, self.targets))
        return Seen(self.entry, tuple(self.stops), rows, tuple(self.natives), self.held, resizable=self.resizable)

    def live(self, kind: OrderType) -> D:
        every = [*self.stops, *self.natives, *(one for row in self.targets for one in row)]
        return sum((one.remaining for one in every if one.type is kind and one.status is OrderStatus.ARMED), D(0))

    def fill(self, qty: int) -> None:
        if self.entry.status.is_terminal:
            return
        more = min(D(qty), self.entry.remaining)
        self.held += more
        whole = more == self.entry.remaining
        status = OrderStatus.FILLED if whole else OrderStatus.PARTIAL
        self.entry = replace(self.entry, filled=self.entry.filled + more, status=status)
        if whole:
            self._attach()

    def end(self) -> None:
        if not self.entry.status.is_terminal:
            self.entry = replace(self.entry, status=OrderStatus.CANCELED)
            self._attach()

    def close(self, qty: int) -> None:
        self.held -= min(D(qty), self.held)

    def fire(self, index: int, qty: int) -> None:
        """Execute a part of an exit that stands."""
        rows = [self.stops, self.natives, *self.targets]
        armed = [(row, i) for row in rows for i, one in enumerate(row) if one.status is OrderStatus.ARMED]
        if armed:
            row, i = armed[index % len(armed)]
            done = min(D(qty), row[i].remaining, self.held)
            self.held -= done
            filled = row[i].filled + done
            row[i] = replace(row[i], filled=filled, status=OrderStatus.FILLED if filled == row[i].qty else row[i].status)

    def lose(self, index: int) -> None:
        """Let somebody else cancel an exit."""
        rows = [self.stops, self.natives, *self.targets]
        armed = [(row, i) for row in rows for i, one in enumerate(row) if one.status is OrderStatus.ARMED]
        if armed:
            row, i = armed[index % len(armed)]
            row[i] = replace(row[i], status=OrderStatus.CANCELED)

    def _attach(self) -> None:
        if self.plan.attached and self.entry.filled:
            size = str(self.entry.filled)
            self.natives.append(order(OrderType.STOP, size, external=True))
            if self.plan.native_targets:
                self.natives.append(order(OrderType.MARKET_IF_TOUCHED, size, external=True))

    def obey(self, step: object) -> None:
        match step:
            case Place("stop", qty):
                self.stops.append(order(OrderType.STOP, str(qty)))
            case Place(role, qty):
                self.targets[int(role)].append(order(OrderType.MARKET_IF_TOUCHED, str(qty)))
            case Resize(which, qty):
                assert self.resizable
                self._swap(which, replace(which, qty=qty))
            case Drop(which, _):
                self._swap(which, replace(which, status=OrderStatus.CANCELED))
            case _:
                raise AssertionError(step)

    def _swap(self, which: Order, by: Order) -> None:
        for row in (self.stops, self.natives, *self.targets):
            for i, one in enumerate(row):
                if one is which:
                    row[i] = by
                    return
        raise AssertionError("no such exit")


events = st.lists(
    st.tuples(st.sampled_from(["fill", "fill", "fill", "end", "close", "fire", "lose"]), st.integers(0, 5), st.integers(1, 8)),
    max_size=14,
)


@settings(max_examples=500)
@given(
    st.integers(1, 12),
    st.sampled_from([(), ("105",), ("105", "110"), ("105", "110", "120")]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    events,
)
def test_whatever_happens_all_that_is_held_is_covered_and_nothing_more(
    qty: int, goals: tuple[str, ...], attached: bool, resizable: bool, trails: bool, happened: list[tuple[str, int, int]]
) -> None:
    plan = bracket(Side.BUY, *goals, attached=attached)
    if trails:  # one that follows is changed in size wherever there is one
        plan, resizable = replace(plan, attached=False, trail=D(2)), True
    venue = Venue(plan, qty, resizable=resizable)
    over = False
    for what, which, size in happened:
        match what:
            case "fill":
                venue.fill(size)
            case "end":
                venue.end()
            case "close":
                venue.close(size)
            case "fire":
                venue.fire(which, size)
            case _:
                venue.lose(which)
        for _ in range(40):
            steps = next_steps(plan, venue.seen(), INSTRUMENT)
            if not steps or isinstance(steps[0], End):
                over = bool(steps)
                break
            covered = min(venue.live(OrderType.STOP), venue.held)
            venue.obey(steps[0])
            assert min(venue.live(OrderType.STOP), venue.held) >= covered, "a gap while one stop takes the place of another"
        else:
            pytest.fail("it does not come to rest")
        assert venue.live(OrderType.STOP) == venue.held
        if not plan.native_targets:
            assert venue.live(OrderType.MARKET_IF_TOUCHED) <= venue.held
        if over:
            assert not venue.held
            break
