"""A bracket: the stop and the targets that belong to an entry, and what is to be done next so that they protect what it opened.

It must not send, wait or remember. ``next_steps`` looks at how things stand now and names what is to be done, so it does not
matter what was missed, came twice or was done by an earlier run: the same picture gives the same steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tui_trader.core.decimals import HUNDRED, ZERO, divide, plain
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import (
    ClientOrderId,
    InstrumentId,
    OrderStatus,
    OrderType,
    PositionSide,
    Side,
    TriggerSource,
    VenueOrderId,
)

_AT_VENUE = frozenset({OrderStatus.ARMED, OrderStatus.LIVE, OrderStatus.PARTIAL})


@dataclass(frozen=True, slots=True)
class Goal:
    """One profit target."""

    trigger: Decimal
    portion: Decimal = HUNDRED
    """Percent of what the entry filled."""
    source: TriggerSource = TriggerSource.MARK
    limit: Decimal | None = None
    """None executes at the market."""


@dataclass(frozen=True, slots=True)
class Bracket:
    """The exits of one entry: how they were meant, and which orders they have become."""

    entry: ClientOrderId
    instrument: InstrumentId
    side: Side
    """Of the entry."""
    position_side: PositionSide
    stop: Decimal | None = None
    """Trigger of the stop, where it was last put; None for none."""
    stop_source: TriggerSource = TriggerSource.MARK
    stop_limit: Decimal | None = None
    goals: tuple[Goal, ...] = ()
    attached: bool = False
    """Whether the venue makes the exits itself once the entry is done; of several targets it makes none."""
    stops: tuple[ClientOrderId, ...] = ()
    """Stops, and closing orders in their place, that this side sent; oldest first."""
    targets: tuple[tuple[ClientOrderId, ...], ...] = ()
    """The same of each goal."""
    natives: tuple[VenueOrderId, ...] = ()
    """Exits that the venue made."""
    keeps_stop: bool = True
    """False once the trader has taken the stop into their own hands."""
    keeps_targets: bool = True
    also: tuple[ClientOrderId, ...] = ()
    """Further entries of the same meaning, as of a scale: the exits are of all of them together."""
    trail: Decimal | None = None
    """Distance that the stop keeps behind the best price; ``stop`` is then where it may stand at worst. None does not follow."""
    trails_whole: bool = False
    """Whether a stop that follows is over a whole leg at this venue, of which there is one then."""

    @property
    def entries(self) -> tuple[ClientOrderId, ...]:
        """Every entry, the one that it is named by first."""
        return (self.entry, *self.also)

    @property
    def native_targets(self) -> bool:
        """Whether the venue makes the target."""
        return self.attached and len(self.goals) == 1

    def sent(self, ticket: OrderTicket) -> OrderTicket:
        """Return the entry as it leaves: with the exits that the venue makes, without those that are made here."""
        if not self.attached:
            return replace(ticket, take_profit=None, stop_loss=None, take_profit_limit=None, stop_loss_limit=None)
        return ticket if self.native_targets else replace(ticket, take_profit=None, take_profit_limit=None)

    def with_exit(self, role: str, client_id: ClientOrderId) -> Bracket:
        """Return the bracket with one more order of this side; ``role`` is ``stop`` or the number of a goal."""
        if role == "stop":
            return replace(self, stops=(*self.stops, client_id))
        rows = [*self.targets, *(() for _ in range(len(self.goals) - len(self.targets)))]
        rows[int(role)] = (*rows[int(role)], client_id)
        return replace(self, targets=tuple(rows))

    def of_goal(self, index: int) -> tuple[ClientOrderId, ...]:
        """Return the orders that one goal became."""
        return self.targets[index] if index < len(self.targets) else ()


@dataclass(frozen=True, slots=True)
class Seen:
    """A bracket's orders as they are known now, and what there is to protect."""

    entry: Order | None
    stops: tuple[Order, ...] = ()
    targets: tuple[tuple[Order, ...], ...] = ()
    """Per goal; as many as there are goals."""
    natives: tuple[Order, ...] = ()
    room: Decimal = ZERO
    """How much of the leg is there for this bracket: brackets of one leg share it."""
    sure: bool = True
    """Whether the leg is known as of the latest execution: only then may protection be made smaller."""
    wait_for_native: bool = False
    """Whether the venue may still be making its exits."""
    resizable: bool = True
    """Whether the venue changes the size of a waiting order in place; else another one stands in its place before it goes."""


@dataclass(frozen=True, slots=True)
class Place:
    """Send an exit of this side."""

    role: str
    qty: Decimal


@dataclass(frozen=True, slots=True)
class Resize:
    """Change the total size of a working exit."""

    order: Order
    qty: Decimal


@dataclass(frozen=True, slots=True)
class Shift:
    """Move the trigger of a working exit."""

    order: Order
    trigger: Decimal


@dataclass(frozen=True, slots=True)
class Drop:
    """Cancel an exit."""

    order: Order
    why: str


@dataclass(frozen=True, slots=True)
class End:
    """Nothing is left to protect."""

    why: str


Step = Place | Resize | Shift | Drop | End


def together(bracket: Bracket, orders: Sequence[Order | None]) -> Order | None:
    """Return the entries of a bracket as if they were one order; None while the first is not known.

    It is over when all of them are: one that has not left yet is not, and one that was never at the venue has nothing to say.
    """
    first = orders[0]
    if first is None or not bracket.also:
        return first
    known = [order for order in orders if order is not None]
    ended = len(known) == len(orders) and all(order.status.is_terminal for order in known)
    there = [order for order in known if order.status is not OrderStatus.ABSENT]
    status = OrderStatus.LIVE
    if ended and there:
        status = OrderStatus.FILLED if any(order.filled for order in there) else OrderStatus.CANCELED
    elif ended:
        status = OrderStatus.ABSENT
    return replace(
        first,
        qty=sum((order.qty for order in known), ZERO),
        filled=sum((order.filled for order in known), ZERO),
        filled_value=sum((order.filled_value for order in known), ZERO),
        updated_ns=max(order.updated_ns for order in known),
        status=status,
    )


def claim(seen: Seen) -> Decimal:
    """Return what the entry opened and its exits have not closed again, by executions."""
    if seen.entry is None:
        return ZERO
    exits = (*seen.stops, *seen.natives, *(order for orders in seen.targets for order in orders))
    return max(ZERO, seen.entry.filled - sum((order.filled for order in exits), ZERO))


def is_doubtful(order: Order) -> bool:
    """Whether it is not known how an order stands: sent and not confirmed, unknown, or with a change under way."""
    return order.status.is_working and (order.status not in _AT_VENUE or order.pending is not None)


def live_size(orders: Sequence[Order]) -> Decimal:
    """Return the size that stands at the venue."""
    return sum((order.remaining for order in orders if order.status in _AT_VENUE), ZERO)


def next_steps(bracket: Bracket, seen: Seen, instrument: Instrument) -> list[Step]:
    """Return what is to be done now, the most urgent first, any one of them; where the first cannot be done, the next may be.

    Empty when all is as it should be, or something has to become known first.
    """
    entry = seen.entry
    if entry is None:
        return []
    done = entry.status.is_terminal and entry.status is not OrderStatus.ABSENT
    held = min(claim(seen), seen.room)
    wanted = (_stop_step(bracket, seen, done, held), _target_step(bracket, seen, done, held, instrument))
    steps = [step for step in wanted if step is not None]
    if steps or not done or held or not seen.sure:
        return steps
    exits = (*seen.stops, *seen.natives, *(order for orders in seen.targets for order in orders))
    if any(order.status.is_working for order in exits):
        return []
    return [End("the entry ended without a fill" if not entry.filled else "nothing of it is left")]


def _trail_step(bracket: Bracket, seen: Seen, held: Decimal) -> Step | None:
    """Return what makes one following stop as large as what is held; its size is changed in place, or it would begin anew."""
    live = [order for order in seen.stops if order.status in _AT_VENUE]
    if not live:
        return Place("stop", held) if held and bracket.keeps_stop else None
    if bracket.trails_whole:
        own = next((order for order in live if order.client_id in bracket.stops), None)
        gone = own is not None and own.status is OrderStatus.ARMED and not held and seen.sure
        return Drop(own, "the position is closed") if gone and own is not None else None
    size, last = live_size(live), live[-1]
    if size < held and bracket.keeps_stop:
        # One that has fired is closing: what it does not close gets a stop of its own.
        return Resize(last, last.qty + held - size) if last.status is OrderStatus.ARMED else Place("stop", held - size)
    if size <= held or not seen.sure or last.status is not OrderStatus.ARMED:
        return None
    if last.remaining <= size - held:
        return Drop(last, "the position is smaller" if held else "the position is closed")
    return Resize(last, last.qty - (size - held))


def _stop_step(bracket: Bracket, seen: Seen, done: bool, held: Decimal) -> Step | None:
    if bracket.trail is not None:
        return None if any(is_doubtful(order) for order in seen.stops) else _trail_step(bracket, seen, held)
    if bracket.stop is None or any(is_doubtful(order) for order in seen.stops):
        return None
    own = [order for order in seen.stops if order.status in _AT_VENUE]
    native = [order for order in seen.natives if order.type.is_stop and order.status in _AT_VENUE]
    if any(is_doubtful(order) for order in seen.natives):
        return None
    theirs, ours = live_size(native), live_size(own)
    if bracket.keeps_stop:  # what the trader took away is not put back; what still stands of it follows the position down
        if len(own) > 1 and theirs + ours - own[-1].remaining >= held and seen.resizable:
            return Drop(own[-1], "one stop is enough")  # one that was thought lost has turned up
        if held and not seen.resizable and (spare := _spare((*own, *native), held)) is not None:
            if spare in own and native and native[0].trigger_price != bracket.stop:
                return Shift(native[0], bracket.stop)
            return Drop(spare, "another stop covers it")
        if held and done and own and theirs >= held and seen.resizable:
            if native[0].trigger_price != bracket.stop:
                return Shift(native[0], bracket.stop)
            return Drop(own[0], "the venue's own stop covers it")
        if theirs + ours < held:
            if seen.wait_for_native and not native:
                return None
            missing = held - theirs - ours
            # An order that has fired is closing: it is not made larger, what it does not close gets a stop of its own.
            if seen.resizable and own and own[0].status is OrderStatus.ARMED:
                return Resize(own[0], own[0].qty + missing)
            return Place("stop", missing)
    if not seen.sure or theirs + ours <= held:
        return None
    excess = theirs + ours - held
    armed = [order for order in (*own, *native) if order.status is OrderStatus.ARMED]
    if not seen.resizable:
        armed.sort(key=lambda order: (order.remaining > excess, -order.remaining))
    for order in armed:
        if order.remaining <= excess:
            return Drop(order, "the position is smaller" if held else "the position is closed")
        return Resize(order, order.qty - excess) if seen.resizable else Place("stop", order.remaining - excess)
    return None


def _spare(stops: Sequence[Order], held: Decimal) -> Order | None:
    """Return the stop without which the others still cover all and exceed it the least; None where each is needed."""
    whole = live_size(stops)
    left = [(whole - order.remaining, order) for order in stops if whole - order.remaining >= held]
    return min(left, key=lambda one: one[0])[1] if left else None


def _target_step(bracket: Bracket, seen: Seen, done: bool, held: Decimal, instrument: Instrument) -> Step | None:
    if not done or seen.entry is None:
        return None
    # A target that the venue held together with a stop went with it when another one took that stop's place.
    lost = not seen.resizable and bool(seen.natives) and all(order.status.is_terminal for order in seen.natives)
    if bracket.native_targets and not lost:
        return None
    wanted = target_sizes(bracket, seen, held, instrument)
    for index, orders in enumerate(seen.targets):
        if any(is_doubtful(order) for order in orders):
            continue
        live = [order for order in orders if order.status in _AT_VENUE]
        size = live_size(live)
        if size > wanted[index] and seen.sure:
            last = live[-1]
            excess = size - wanted[index]
            if last.remaining <= excess:
                return Drop(last, "the position is smaller" if held else "the position is closed")
            if not seen.resizable:
                return Drop(last, "a smaller one takes its place")
            return Resize(last, last.qty - excess)
        if not live and bracket.keeps_targets and wanted[index] >= max(instrument.lot, instrument.min_qty):
            return Place(str(index), wanted[index])
    return None


def portions(goals: Sequence[Decimal | None]) -> list[Decimal]:
    """Return the percent of each target: what was not said is shared evenly between those that do not say."""
    said = sum((portion for portion in goals if portion is not None), ZERO)
    silent = sum(portion is None for portion in goals)
    return [divide(max(ZERO, HUNDRED - said), Decimal(silent)) if portion is None else portion for portion in goals]


def split(qty: Decimal, goals: Sequence[Goal], instrument: Instrument) -> list[Decimal]:
    """Return the size of each target, on the lot grid; those that together are the whole leave nothing over."""
    sizes: list[Decimal] = []
    for index, goal in enumerate(goals):
        whole = index == len(goals) - 1 and sum((one.portion for one in goals), ZERO) >= Decimal("99.99")
        left = qty - sum(sizes, ZERO)
        sizes.append(left if whole else min(left, instrument.round_qty(divide(qty * goal.portion, HUNDRED))))
    return sizes


def target_sizes(bracket: Bracket, seen: Seen, held: Decimal, instrument: Instrument) -> list[Decimal]:
    """Return how large each target should still be: as it was meant, cut from the farthest where the position is smaller."""
    entry = seen.entry
    if entry is None:
        return [ZERO] * len(bracket.goals)
    sizes = []
    for size, orders in zip(split(entry.filled, bracket.goals, instrument), seen.targets, strict=True):
        sizes.append(max(ZERO, size - sum((order.filled for order in orders), ZERO)))
    excess = sum(sizes, ZERO) - held
    farthest_first = sorted(range(len(sizes)), key=lambda i: -bracket.side.sign * bracket.goals[i].trigger)
    for index in farthest_first:
        if excess <= 0:
            break
        cut = min(sizes[index], excess)
        sizes[index] -= cut
        excess -= cut
    return sizes


def exit_ticket(bracket: Bracket, role: str, qty: Decimal, client_id: ClientOrderId) -> OrderTicket:
    """Return the exit of this side that a role asks for: a stop, or a target that waits to be touched."""
    if role == "stop":
        trigger, source, limit = bracket.stop, bracket.stop_source, bracket.stop_limit
        kind = OrderType.STOP if limit is None else OrderType.STOP_LIMIT
        if bracket.trail is not None:
            kind = OrderType.TRAILING_STOP
    else:
        goal = bracket.goals[int(role)]
        trigger, source, limit = goal.trigger, goal.source, goal.limit
        kind = OrderType.MARKET_IF_TOUCHED if limit is None else OrderType.LIMIT_IF_TOUCHED
    return OrderTicket(
        client_id=client_id,
        instrument=bracket.instrument,
        side=bracket.side.opposite,
        type=kind,
        qty=qty,
        price=limit,
        position_side=bracket.position_side,
        reduce_only=True,
        trigger_price=trigger,
        trigger_source=source,
        trail=bracket.trail if role == "stop" else None,
    )


def is_native(bracket: Bracket, order: Order) -> bool:
    """Whether an order may be an exit that the venue made for a bracket: nobody's id, the right leg, side and trigger."""
    if not order.external or order.instrument != bracket.instrument or order.side is bracket.side:
        return False
    if order.position_side is not bracket.position_side or not order.type.is_conditional:
        return False
    if not (order.reduce_only or order.close_on_trigger):
        return False
    if order.type.is_stop:
        return order.trigger_price == bracket.stop
    return bracket.native_targets and order.trigger_price == bracket.goals[0].trigger


def words(bracket: Bracket) -> str:
    """Return a bracket in a few words, for the log."""
    parts = [f"sl {plain(bracket.stop)}"] if bracket.stop is not None and bracket.trail is None else []
    parts += [f"trail {plain(bracket.trail)}"] if bracket.trail is not None else []
    parts += [f"tp {plain(goal.trigger)}" for goal in bracket.goals]
    return " ".join(parts)
