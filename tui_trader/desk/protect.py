"""Brackets that hold: sees to it that what an entry opened is covered, and that its exits follow what is left of it.

What is to be done is ``core.bracket``'s to say; here it is done, one step at a time for each bracket, through the order path and
written down before it leaves. What the venue does by itself (exits that it attached) needs no terminal; the rest runs while this
one is up, and is picked up again by the next start.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tui_trader.core.bracket import (
    Bracket,
    Drop,
    End,
    Place,
    Resize,
    Seen,
    Shift,
    Step,
    claim,
    exit_ticket,
    is_doubtful,
    is_native,
    next_steps,
    together,
    words,
)
from tui_trader.core.clock import NS, Clock
from tui_trader.core.decimals import ZERO, plain
from tui_trader.core.error import JournalError, RefusedError, TraderError
from tui_trader.core.facts import Facts
from tui_trader.core.ids import IdFactory
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.position import Position
from tui_trader.core.types import ClientOrderId, InstrumentId, OrderStatus, OrderType, PositionSide, Severity, Side
from tui_trader.desk.orders import OrderPath, Sent
from tui_trader.desk.plans import bracket_body, stopped_at
from tui_trader.state.store import Store
from tui_trader.storage.journal import Journal
from tui_trader.venues.base import Outcome

NATIVE_NS = 2 * NS
"""How long the venue's own exits are waited for once an entry is done and nothing of it was covered yet."""

SURE_NS = 5 * NS
"""An order that is newer than the leg's row: after this long the row is believed all the same."""

GRAVE_NS = 2_400 * NS
"""An entry that was found absent may turn up for half an hour: so long its bracket is kept."""

MOMENT_NS = NS // 1_000
"""The venue makes its exits at the time that it gives the entry's end, or later."""

AGAIN_NS = (1 * NS, 2 * NS, 4 * NS, 8 * NS, 15 * NS)
"""Pauses after a step that did not succeed; the last one repeats."""


Rooms = dict[tuple[InstrumentId, PositionSide, Side], Decimal]
"""What of each leg is left for brackets that were not looked at yet."""


class Protector:
    """The brackets of one account."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        journal: Journal | None,
        orders: OrderPath,
        ids: IdFactory,
        facts: Callable[[InstrumentId], Facts],
        ready: Callable[[], bool],
        spawn: Callable[[str, Coroutine[Any, Any, Any]], None],
        say: Callable[[str, Severity], None],
        resizable: Callable[[Instrument], bool] = lambda instrument: True,
    ) -> None:
        """``ready`` says whether orders and positions are known, and whether this terminal may act on them; ``resizable`` whether
        the size of a waiting order can be changed in place."""
        self._resizable = resizable
        self._store = store
        self._clock = clock
        self._journal = journal
        self._orders = orders
        self._ids = ids
        self._facts = facts
        self._ready = ready
        self._spawn = spawn
        self._say = say
        self._open: dict[str, Bracket] = {}
        self._busy: set[str] = set()
        self._tries: dict[str, dict[str, int]] = {}
        """How often each step was taken since all was as it should be."""
        self._not_before: dict[str, dict[str, int]] = {}
        self._done_ns: dict[str, int] = {}
        """When an entry was first seen to be done."""
        self._searched: dict[str, int] = {}
        """At which state of the blotter the venue's exits were last looked for."""
        self._unsure: dict[str, tuple[Position | None, int]] = {}
        """The leg's row that is older than an order, and since when."""
        self.naked: dict[str, str] = {}
        """Why what an entry opened cannot be covered, by the entry's id."""

    # -- which there are -------------------------------------------------------------------------------------------

    def brackets(self) -> list[Bracket]:
        """Return the brackets that are not over, oldest first."""
        return list(self._open.values())

    def role(self, order: Order) -> str:
        """Return ``ours`` or ``native`` for an exit of a bracket, empty for every other order."""
        for bracket in self._open.values():
            if order.client_id in bracket.stops or any(order.client_id in row for row in bracket.targets):
                return "ours"
            if order.venue_id and order.venue_id in bracket.natives:
                return "native"
        return ""

    def adopt(self, bracket: Bracket) -> None:
        """Take on a bracket before its entry leaves; raises RefusedError when it cannot be written down."""
        if self._journal is None:
            raise RefusedError("this terminal is read-only: it has no journal to write to")
        try:
            self._journal.append("bracket", bracket_body(bracket))
        except JournalError as error:
            raise RefusedError(f"{error}: entries are refused until it can be written; exits still work") from error
        self._open[bracket.entry] = bracket

    def forget(self, entry: ClientOrderId) -> None:
        """Give up the bracket of an entry that never left."""
        if entry in self._open:
            self._end(self._open[entry], "the entry did not leave", quiet=True)

    def settle(self, entry: ClientOrderId, left: Iterable[ClientOrderId]) -> None:
        """Say which of a bracket's entries did leave, once no more of them will."""
        bracket = self._open.get(entry)
        if bracket is not None:
            gone = set(left)
            self._keep(replace(bracket, also=tuple(one for one in bracket.also if one in gone)))
            self.look()

    def join(self, entry: ClientOrderId, another: ClientOrderId) -> None:
        """Let an order that is about to leave be one more entry of a bracket that is open."""
        bracket = self._open.get(entry)
        if bracket is not None:
            self._keep(replace(bracket, also=(*bracket.also, another)))

    def recover(self, brackets: Iterable[Bracket]) -> None:
        """Take up brackets of an earlier run; entries that never left it are not waited for."""
        for bracket in brackets:
            also = tuple(one for one in bracket.also if self._store.blotter.get(one) is not None)
            self._open.setdefault(bracket.entry, replace(bracket, also=also))

    # -- what the trader does to exits -----------------------------------------------------------------------------

    def let_go(self, order: Order) -> None:
        """Leave an exit to the trader who is cancelling it: it is not put back."""
        for bracket in list(self._open.values()):
            native = bool(order.venue_id) and order.venue_id in bracket.natives
            if order.client_id in bracket.stops or (native and order.type.is_stop):
                both = native and order.take_profit is not None
                self._keep(replace(bracket, keeps_stop=False, keeps_targets=bracket.keeps_targets and not both))
            elif any(order.client_id in row for row in bracket.targets) or native:
                self._keep(replace(bracket, keeps_targets=False))

    def let_go_all(self, iid: InstrumentId, *, keep_stops: bool) -> None:
        """Leave all exits of an instrument, or all but stops, to whoever is cancelling everything."""
        for bracket in list(self._open.values()):
            if bracket.instrument == iid and (bracket.keeps_targets or (bracket.keeps_stop and not keep_stops)):
                self._keep(replace(bracket, keeps_targets=False, keeps_stop=bracket.keeps_stop and keep_stops))

    def moved(self, order: Order, trigger: Decimal) -> None:
        """Note that the trader moved an exit: what takes its place later stands there too."""
        for bracket in list(self._open.values()):
            native = bool(order.venue_id) and order.venue_id in bracket.natives
            if order.client_id in bracket.stops or (native and order.type.is_stop):
                self._keep(stopped_at(bracket, trigger))
            for index, goal in enumerate(bracket.goals):
                if order.client_id in bracket.of_goal(index):
                    goals = list(bracket.goals)
                    goals[index] = replace(goal, trigger=trigger)
                    self._keep(replace(bracket, goals=tuple(goals)))

    # -- looking ---------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """See for each bracket whether something is to be done, and begin it. Cheap while there is none."""
        if not self._open or not self._ready():
            return
        now = self._clock.mono_ns()
        rooms: Rooms = {}
        newest_first = list(self._open.values())[::-1]
        for bracket in sorted(newest_first, key=_has_no_stop_to_keep):
            instrument = self._store.instruments.get(bracket.instrument)
            if instrument is None:
                continue
            bracket = self._with_natives(bracket)
            seen = replace(self._seen(bracket, rooms, now), resizable=self._resizable(instrument))
            if bracket.entry in self._busy:
                continue
            steps = next_steps(bracket, seen, instrument)
            pauses = self._not_before.get(bracket.entry, {})
            step = next((one for one in steps if now >= pauses.get(_key(one), 0)), None)
            if steps and step is not steps[0]:
                self._tell(bracket, steps[0], seen)
            if steps and step is None:
                continue
            if step is None:
                if seen.entry is not None and seen.entry.status is OrderStatus.ABSENT:
                    self._bury(bracket, now)
                elif self._covered(bracket, seen):
                    self._calm(bracket.entry)
            elif isinstance(step, End):
                self._end(bracket, step.why)
            else:
                self._busy.add(bracket.entry)
                self._spawn(f"bracket {bracket.entry}", self._take(bracket, step, instrument))

    # -- inside ----------------------------------------------------------------------------------------------------

    def _seen(self, bracket: Bracket, rooms: Rooms, now: int) -> Seen:
        """Return a bracket's orders as they are known; the room that is left of its leg shrinks by what it takes."""
        blotter = self._store.blotter
        entry = together(bracket, [blotter.get(one) for one in bracket.entries])
        seen = Seen(
            entry=entry,
            stops=self._stops(bracket),
            targets=tuple(_known(blotter.get(one) for one in bracket.of_goal(index)) for index in range(len(bracket.goals))),
            natives=_known(blotter.find(one) for one in bracket.natives),
        )
        leg = self._store.position(bracket.instrument, bracket.position_side)
        key = (bracket.instrument, bracket.position_side, bracket.side)
        if key not in rooms:
            right = leg is not None and leg.side is bracket.side
            rooms[key] = leg.qty if leg is not None and right else ZERO
        sure = self._is_sure(bracket, seen, leg, now)
        room = min(rooms[key] if sure else max(ZERO, rooms[key] - _closed_since(seen, leg)), claim(seen))
        rooms[key] -= room
        if entry is not None and entry.status.is_terminal:
            self._done_ns.setdefault(bracket.entry, now)
        done_ns = self._done_ns.get(bracket.entry)
        waits = bracket.attached and bracket.stop is not None and done_ns is not None and now - done_ns < NATIVE_NS
        return replace(seen, room=room, sure=sure, wait_for_native=waits)

    def _stops(self, bracket: Bracket) -> tuple[Order, ...]:
        """Return the stops of a bracket; of the kind that is over a whole leg, whoever sent it."""
        stops = _known(self._store.blotter.get(one) for one in bracket.stops)
        if not bracket.trails_whole:
            return stops
        others = (
            order
            for order in self._store.blotter.working(bracket.instrument)
            if order.type is OrderType.TRAILING_STOP and order.close_on_trigger and not order.qty
            if order.side is not bracket.side and order.position_side is bracket.position_side
            if order.client_id not in bracket.stops
        )
        return (*stops, *others)

    def _is_sure(self, bracket: Bracket, seen: Seen, leg: Position | None, now: int) -> bool:
        """Whether the leg's row is as new as every execution that is known, or has stood there alone for a while."""
        exits = (*seen.stops, *seen.natives, *(order for row in seen.targets for order in row))
        touched = [order.updated_ns for order in (*exits, *((seen.entry,) if seen.entry else ())) if order.filled]
        if not touched or (leg is not None and leg.at_ns >= max(touched)):
            self._unsure.pop(bracket.entry, None)
            return True
        row, since_ns = self._unsure.get(bracket.entry, (None, now))
        if bracket.entry not in self._unsure or row != leg:
            self._unsure[bracket.entry] = (leg, now)
            return False
        return now - since_ns > SURE_NS

    def _with_natives(self, bracket: Bracket) -> Bracket:
        """Find the exits that the venue has made of an entry that is done."""
        entry = self._store.blotter.get(bracket.entry)
        if not bracket.attached or entry is None or not entry.status.is_terminal or not entry.filled:
            return bracket
        wanted = (bracket.stop is not None) + bracket.native_targets
        if len(bracket.natives) >= wanted or self._searched.get(bracket.entry) == self._store.blotter.version:
            return bracket
        self._searched[bracket.entry] = self._store.blotter.version
        taken = {one for other in self._open.values() for one in other.natives}
        kinds = {order.type.is_stop for order in _known(self._store.blotter.find(one) for one in bracket.natives)}
        found = [
            order
            for order in self._store.blotter.orders()
            if order.external and order.created_ns + MOMENT_NS >= entry.updated_ns
            if order.venue_id and order.venue_id not in taken and is_native(bracket, order) and order.type.is_stop not in kinds
        ]
        found.sort(key=lambda order: order.qty != entry.filled)
        chosen: dict[bool, Order] = {}
        for order in found:
            chosen.setdefault(order.type.is_stop, order)
        if not chosen:
            return bracket
        return self._keep(replace(bracket, natives=(*bracket.natives, *(order.venue_id for order in chosen.values()))))

    def _covered(self, bracket: Bracket, seen: Seen) -> bool:
        return not any(is_doubtful(order) for order in (*seen.stops, *seen.natives))

    async def _take(self, bracket: Bracket, step: Step, instrument: Instrument) -> None:
        """Do one step and look again. That the venue took it proves nothing: the same step again is put off, longer each time."""
        entry = bracket.entry
        sent: Sent | None = None
        problem = ""
        tries = self._tries.setdefault(entry, {})
        count = tries[_key(step)] = tries.get(_key(step), 0) + 1
        try:
            sent = await self._do(bracket, step, instrument)
        except TraderError as error:
            problem = error.message
        finally:
            self._busy.discard(entry)
        taken = sent is not None and sent.outcome in (Outcome.ACK, Outcome.EXISTS)
        if not taken or count > 1:
            pause = AGAIN_NS[min(count, len(AGAIN_NS)) - 1]
            self._not_before.setdefault(entry, {})[_key(step)] = self._clock.mono_ns() + pause
        if not taken and _makes_cover(step):
            self._alarm(bracket, step, problem or (sent.text or sent.outcome.value if sent is not None else ""))
        self.look()

    async def _do(self, bracket: Bracket, step: Step, instrument: Instrument) -> Sent:
        match step:
            case Place(role, qty):
                return await self._place(bracket, role, qty, instrument)
            case Resize(order, qty):
                return await self._orders.amend(order, qty=qty)
            case Shift(order, trigger):
                return await self._orders.amend(order, trigger=trigger)
            case Drop(order, why):
                self._say(f"{order.instrument.symbol} {_word(order)} cancelled: {why}", Severity.NOTE)
                return await self._orders.cancel(order)
            case _:
                raise AssertionError(step)

    async def _place(self, bracket: Bracket, role: str, qty: Decimal, instrument: Instrument) -> Sent:
        ticket = self._begun(bracket, exit_ticket(bracket, role, qty, self._ids.new()), instrument)
        if self._has_passed(ticket):
            # What it waits for has happened: a stop that is refused for that protects nobody, so it is done what it would do.
            what = "stop" if role == "stop" else "target"
            self._say(
                f"{instrument.symbol}: the {what} {plain(ticket.trigger_price or ZERO)} was passed before it stood: closing"
                f" {plain(qty)} {instrument.size_unit} at market",
                Severity.ALARM,
            )
            ticket = replace(ticket, type=OrderType.MARKET, price=None, trigger_price=None, trail=None)
        elif ticket.trail is not None and bracket.trails_whole:
            ticket = replace(ticket, qty=ZERO, close_on_trigger=True)
        known = self._open.get(bracket.entry, bracket)
        self._open[bracket.entry] = known.with_exit(role, ticket.client_id)
        self._record("exit", {"bracket": bracket.entry, "role": role, "id": ticket.client_id})
        return await self._orders.submit(ticket, reduces=True)

    def _begun(self, bracket: Bracket, ticket: OrderTicket, instrument: Instrument) -> OrderTicket:
        """Return an exit that follows as it begins now: behind the price that it watches, and no worse than behind the entry."""
        facts = self._facts(ticket.instrument)
        price = facts.reference(ticket.trigger_source)
        if ticket.trail is None or ticket.trigger_price is None or price is None or not facts.mark_fresh:
            return ticket
        behind = instrument.round_price(price - bracket.side.sign * ticket.trail)
        best = max if bracket.side is Side.BUY else min
        return replace(ticket, trigger_price=best(behind, ticket.trigger_price))

    def _has_passed(self, ticket: OrderTicket) -> bool:
        """Whether the price that an exit watches is fresh and beyond its trigger."""
        facts = self._facts(ticket.instrument)
        price = facts.reference(ticket.trigger_source)
        if price is None or ticket.trigger_price is None or not facts.mark_fresh:
            return False
        sign = ticket.side.sign if ticket.type.is_stop else -ticket.side.sign
        return (ticket.trigger_price - price) * sign <= 0

    def _tell(self, bracket: Bracket, step: Step, seen: Seen) -> None:
        """Say why something is still not covered, when the venue's stream has told."""
        last = seen.stops[-1] if seen.stops else None
        if _makes_cover(step) and last is not None and last.status.is_terminal and not last.filled:
            self._alarm(bracket, step, last.reason or last.status.value)

    def _alarm(self, bracket: Bracket, step: Step, problem: str) -> None:
        """Say in plain words that something is not covered."""
        missing = ZERO
        if isinstance(step, Place | Resize):
            missing = step.qty - (step.order.qty if isinstance(step, Resize) else ZERO)
        side = "long" if bracket.side is Side.BUY else "short"
        text = f"NAKED: {bracket.instrument.symbol} {side} {plain(missing)} has no stop: {problem}"
        if self.naked.get(bracket.entry) != text:
            self.naked[bracket.entry] = text
            self._say(f"{text}; trying again", Severity.ALARM)

    def _calm(self, entry: ClientOrderId) -> None:
        """Say that what was not covered is."""
        self._tries.pop(entry, None)
        self._not_before.pop(entry, None)
        if self.naked.pop(entry, ""):
            self._say(f"{self._open[entry].instrument.symbol} is covered again", Severity.NOTE)

    def _bury(self, bracket: Bracket, now: int) -> None:
        if now - self._done_ns.setdefault(bracket.entry, now) > GRAVE_NS:
            self._end(bracket, "the entry was never at the venue")

    def _end(self, bracket: Bracket, why: str, *, quiet: bool = False) -> None:
        entry = bracket.entry
        self._open.pop(entry, None)
        for kept in (self._tries, self._not_before, self._done_ns, self._searched, self._unsure, self.naked):
            kept.pop(entry, None)
        self._record("bracket_end", {"id": entry, "why": why})
        if not quiet:
            self._say(f"{bracket.instrument.symbol} {words(bracket)} is over: {why}", Severity.NOTE)

    def _keep(self, bracket: Bracket) -> Bracket:
        """Take a bracket as it is from now on."""
        if bracket != self._open.get(bracket.entry):
            self._open[bracket.entry] = bracket
            self._record("bracket", bracket_body(bracket))
        return bracket

    def _record(self, kind: str, body: Mapping[str, Any]) -> None:
        """Write down what a later run needs; a way out does not wait for a disk that is full."""
        if self._journal is not None:
            try:
                self._journal.append(kind, body)
            except JournalError as error:
                self._say(f"brackets: {error}; they are not picked up after a restart", Severity.ALARM)


def _closed_since(seen: Seen, leg: Position | None) -> Decimal:
    """Return what exits have closed that the leg's row may not know of yet: where executions are told before positions."""
    exits = (*seen.stops, *seen.natives, *(order for row in seen.targets for order in row))
    at_ns = leg.at_ns if leg is not None else 0
    return sum((order.filled for order in exits if order.status.is_terminal and order.updated_ns > at_ns), ZERO)


def _known(orders: Iterable[Order | None]) -> tuple[Order, ...]:
    return tuple(order for order in orders if order is not None)


def _has_no_stop_to_keep(bracket: Bracket) -> bool:
    """Whether a bracket comes last when those of one leg share it: what the trader bared needs no room that a stop could have."""
    return bracket.stop is None or not bracket.keeps_stop


def _makes_cover(step: Step) -> bool:
    if isinstance(step, Place):
        return step.role == "stop"
    return isinstance(step, Resize) and step.order.type.is_stop and step.qty > step.order.qty


def _key(step: Step) -> str:
    """Return what a step is done to."""
    match step:
        case Place(role, _):
            return f"place {role}"
        case Resize(order, _) | Shift(order, _) | Drop(order, _):
            return f"{type(step).__name__} {order.client_id}"
        case _:
            return ""


def _word(order: Order) -> str:
    level: Sequence[Decimal | None] = (order.trigger_price, order.price)
    price = next((one for one in level if one is not None), None)
    return f"{'stop' if order.type.is_stop else 'target'} {plain(price) if price is not None else ''}".strip()
