"""A recording played back into a desk that has no way out: same dialects, same Store, the recorded clock, and no network.

``Playback`` moves through the file: at its pace or another, message by message, to any moment, back as well. ``ReplayedDesk`` is
what the screen is shown: whatever would leave it is refused with one sentence.
"""

from __future__ import annotations

import asyncio
import base64
import random
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, get_args

import msgspec

from tui_trader.core.clock import NS, SetClock
from tui_trader.core.error import RefusedError, WireError
from tui_trader.core.event import Event, InstrumentsListed, LinkChanged
from tui_trader.core.order import Order
from tui_trader.core.sanitise import is_symbol, sanitise
from tui_trader.core.types import InstrumentId, LinkState, PositionSide
from tui_trader.desk.account import Account
from tui_trader.desk.desk import Desk
from tui_trader.desk.environment import Environment
from tui_trader.desk.recording import FORMAT, VERSION, Beat, Head
from tui_trader.state import topic
from tui_trader.state.dispatch import Dispatch
from tui_trader.state.portrait import Portrait, restore
from tui_trader.state.store import StaleLimits
from tui_trader.storage.recording import Line, RecordingLines
from tui_trader.venues.base import Endpoints, FeedDialect, Lane, Venue
from tui_trader.venues.registry import load as venue_named

REFUSAL: Final = "this is a replay: nothing is sent"

BASE_NS: Final = 1_000_000 * NS
"""The monotonic time at which a recording is played back as having begun: every age in it is less."""

SLICE_S = 0.004
"""How long lines are read in one go before keys get a turn."""

PACE_S = 0.02
"""How often the clock moves on between two lines."""

SLOWEST, FASTEST = 0.125, 1024.0

_LANES: Final = {lane.value: lane for lane in Lane}

_KINDS: Final[dict[str, type]] = {kind.__name__: kind for kind in get_args(Event)}


@dataclass(frozen=True, slots=True)
class ReplayedAccount(Account):
    """The account of a recording: no address, no key."""

    @property
    def badge(self) -> str:
        """The word of the header."""
        return "REPLAY"


async def _refuse(*args: object, **more: object) -> NoReturn:
    """Refuse whatever would leave, or change what was."""
    raise RefusedError(REFUSAL)


class ReplayedDesk(Desk):
    """A desk that is told and cannot tell: it never starts, so it has no connection, and it refuses before it looks for one."""

    on_close: Callable[[], None]

    def __init__(self, account: Account, **options: Any) -> None:
        super().__init__(account, **options)
        # Everything that acts on orders goes through this one object, whoever asks for it.
        for name in ("submit", "amend", "cancel", "cancel_several", "cancel_all"):
            setattr(self.orders, name, _refuse)

    @property
    def lock(self) -> str:
        """Why entries are refused."""
        return "REPLAY"

    def blocked(self, iid: InstrumentId) -> str:
        """Return why no entry may leave."""
        return REFUSAL

    def absorb(self, events: list[Event]) -> None:
        """Apply events as they were applied then; this desk draws no conclusion of its own from them."""
        store = self.store
        store.mono_ns = self.clock.mono_ns()
        for each in events:
            store.apply(each)
        store.doubtful.clear()

    def begin_send(self) -> Coroutine[Any, Any, NoReturn]:
        """Refuse; the draft stays."""
        raise RefusedError(REFUSAL)

    start = send = submit = amend = cancel = cancel_several = cancel_symbol = flatten = panic = cancel_everything = _refuse
    set_leverage = set_position_mode = assign_margin = set_risk_limit = transfer = _refuse

    async def close(self) -> None:
        """Let the recording go."""
        await super().close()
        self.on_close()

    def begin_recording(self, path: Path | None = None, *, private: bool = False) -> str:
        """Refuse: it is recorded already."""
        raise RefusedError(f"{REFUSAL}, and it is recorded already")

    def _spawn(self, name: str, coro: Coroutine[Any, Any, Any]) -> None:
        coro.close()


class Playback:
    """One recording and the place in it."""

    def __init__(self, path: Path, *, venue: str = "phemex", speed: float = 1.0, limits: StaleLimits | None = None) -> None:
        """Open a recording; ``venue`` reads one that does not say whose it is. Raises UsageError and WireError."""
        self.lines = RecordingLines(path)
        self.speed = speed
        """Times real time; infinite reads as fast as it can."""
        self.paused = False
        self.ended = False
        """Whether everything was played."""
        self.frames = 0
        """Frames given to a dialect since the beginning."""
        self.ignored = 0
        """Frames that carried nothing the Store keeps."""
        self.on_jump: Callable[[], None] = lambda: None
        """Called when the state was put together anew: everything must be drawn again."""
        self.position_ns = 0
        """Where in the recording, nanoseconds since its beginning."""
        self.head = self._read_head()
        self.venue: Venue = venue_named(self.head.venue if self.head else venue)
        self.clock = SetClock(0, BASE_NS)
        self._origin_wall: int | None = None
        last = self.lines.last()
        self._last_wall = last.wall_ns if last is not None else 0
        self._last_up = last.up if last is not None else 0
        head = self.head
        account = ReplayedAccount(
            self.venue,
            Environment(head.env) if head else Environment.CUSTOM,
            Endpoints("", ""),
            None,
            (head.account if head else "") or "market",
        )
        self.desk = ReplayedDesk(
            account,
            clock=self.clock,
            rng=random.Random(0),
            journal=None,
            stale=limits,
            read_only=True,
        )
        self.desk.on_close = self.lines.close
        self._dialects: dict[Lane, FeedDialect] = {}
        self._events: dict[str, msgspec.json.Decoder[Event]] = {name: msgspec.json.Decoder(kind) for name, kind in _KINDS.items()}
        self._portraits = msgspec.json.Decoder(Portrait)
        self._orders = msgspec.json.Decoder(Order)
        self._dispatches = msgspec.json.Decoder(Dispatch)
        self._beats = msgspec.json.Decoder(Beat)
        self._named = msgspec.json.Decoder(_Named)
        self._follows = True
        self._target: int | None = None
        self._rewinding = False
        self._anchor = (0.0, 0)
        self._coming: Line | None = None
        self._begin()

    @property
    def length_ns(self) -> int:
        """How long the recording is."""
        if self.head is not None:
            return self._last_up
        return max(0, self._last_wall - (self._origin_wall or self._last_wall))

    @property
    def symbols(self) -> list[InstrumentId]:
        """The contracts that were watched when the recording began; of one without a head, those met so far."""
        store, names = self.desk.store, self.head.watched if self.head else ()
        found = [iid for name in names if (iid := InstrumentId(self.venue.name, sanitise(name))) in store.instruments]
        return found or sorted(store.books)

    # -- moving ----------------------------------------------------------------------------------------------------

    def step(self) -> bool:
        """Play one line; False when there is none left."""
        line = self._next()
        if line is None:
            self.ended = True
            return False
        self._coming = None
        self._move_to(self._up(line), line.wall_ns)
        self._play(line)
        return True

    def play_to(self, position_ns: int) -> None:
        """Play every line up to and with a position, and stand there."""
        while (line := self._next()) is not None and self._up(line) <= position_ns:
            self.step()
        self.ended = line is None
        self._stand_at(min(position_ns, self.length_ns))

    def toggle(self) -> None:
        """Pause, or go on; at the end, from the beginning."""
        if self.ended:
            self.jump(-self.position_ns)
            self.paused = False
        else:
            self.paused = not self.paused
        self._set_anchor()

    def jump(self, by_ns: int) -> None:
        """Move forward or back; ``run`` does it in slices."""
        target = max(0, min(self.length_ns, self.position_ns + by_ns))
        self._rewinding = self._rewinding or target < self.position_ns
        self._target = target

    def faster(self, factor: float) -> None:
        """Multiply the pace."""
        self.speed = min(FASTEST, max(SLOWEST, self.speed * factor))
        self._set_anchor()

    async def run(self) -> None:
        """Play until cancelled, at the pace that is set."""
        self._set_anchor()
        while True:
            if self._target is not None:
                await self._travel()
            elif not self.paused and not self.ended:
                self._keep_pace()
            self.desk.store.touch(topic.CLOCK)
            await asyncio.sleep(0 if self._target is not None else PACE_S)

    async def to_the_end(self) -> None:
        """Play all of it at the pace that is set."""
        self._set_anchor()
        while not self.ended:
            self._keep_pace()
            await asyncio.sleep(PACE_S)

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _travel(self) -> None:
        """Go where it was asked for, and let keys through on the way."""
        if self._rewinding:
            self._rewinding = False
            self._begin()
        target = self._target
        assert target is not None
        while self._slice(target):
            await asyncio.sleep(0)
            if self._rewinding or self._target != target:
                return
        self._target = None
        self._set_anchor()
        self.on_jump()

    def _keep_pace(self) -> None:
        began, at = self._anchor
        target = at + round(min((time.monotonic() - began) * self.speed, 1e9) * NS)
        if self._slice(target):
            self._set_anchor()  # this machine cannot keep up: the rest follows from here

    def _slice(self, target: int) -> bool:
        """Play towards a position for a few milliseconds; True when it was not reached."""
        until = time.monotonic() + SLICE_S
        while (line := self._next()) is not None and self._up(line) <= target:
            self.step()
            if time.monotonic() > until:
                return True
        self.ended = line is None
        self._stand_at(min(target, self.length_ns))
        return False

    def _set_anchor(self) -> None:
        self._anchor = (time.monotonic(), self.position_ns)

    def _stand_at(self, position_ns: int) -> None:
        """Let time pass without a line."""
        if position_ns > self.position_ns:
            self._move_to(position_ns, self.clock.wall_ns() + position_ns - self.position_ns)

    def _move_to(self, position_ns: int, wall_ns: int) -> None:
        self.position_ns = position_ns
        self.clock.put(wall_ns, BASE_NS + position_ns)

    def _next(self) -> Line | None:
        """Return the line that is next, without taking it."""
        if self._coming is None:
            self._coming = next(self._reading, None)
        return self._coming

    def _up(self, line: Line) -> int:
        if self.head is not None:
            return line.up
        if self._origin_wall is None:
            self._origin_wall = line.wall_ns
        return line.wall_ns - self._origin_wall

    def _begin(self) -> None:
        """Stand before the first line, and with a recording that has one, at its portrait."""
        self.lines.rewind()
        self._reading = iter(self.lines)
        self._coming = None
        self.ended = False
        self.frames = self.ignored = 0
        self.desk.store.forget()
        self._dialects = {lane: self.venue.feed(lane, None) for lane in Lane}
        self.position_ns = 0
        first = self._next()
        if first is not None:
            self._up(first)
            self._move_to(0, first.wall_ns)
        while (line := self._next()) is not None and line.dir in ("head", "state"):
            self.step()

    def _read_head(self) -> Head | None:
        first = next(iter(self.lines), None)
        if first is None:
            raise WireError(f"{self.lines.path}: holds no line of a recording")
        if first.dir != "head":
            return None
        try:
            head = msgspec.json.decode(first.msg, type=Head)
        except msgspec.DecodeError as error:
            raise WireError(f"{self.lines.path}: its first line cannot be read: {sanitise(str(error), 120)}") from None
        if head.format != FORMAT or head.version > VERSION:
            raise WireError(f"{self.lines.path}: is of version {head.version}; this program reads up to {VERSION}")
        if head.env not in {each.value for each in Environment}:
            raise WireError(f"{self.lines.path}: knows no environment {sanitise(head.env, 20)!r}")
        return head

    def _play(self, line: Line) -> None:
        try:
            self._take(line)
        except msgspec.DecodeError:
            self.lines.bad += 1

    def _take(self, line: Line) -> None:
        store = self.desk.store
        match line.dir:
            case "recv":
                self._frame(line)
            case "told" if line.kind in self._events:
                told = self._events[line.kind].decode(line.msg)
                self.desk.absorb([told])
                self._after(told)
            case "state":
                restore(store, self._portraits.decode(line.msg), BASE_NS)
                self._list_instruments()
                if self.head is not None and self.head.focus:
                    self._show(self.head.focus)
            case "order":
                store.blotter.put(self._orders.decode(line.msg))
                store.touch(topic.ORDERS)
            case "dispatch":
                store.note_dispatch(self._dispatches.decode(line.msg))
            case "show":
                if self._follows:
                    self._show(msgspec.json.decode(line.msg, type=str))
            case "beat":
                self._beat(self._beats.decode(line.msg))

    def _frame(self, line: Line) -> None:
        lane = _LANES.get(line.lane, Lane.PUBLIC)
        frame = bytes(line.msg)
        if line.kind == "base64":
            frame = base64.b64decode(msgspec.json.decode(line.msg, type=str))
        if self.head is None:
            self._assume(frame)
        told = self._dialects[lane].receive(frame, line.wall_ns)
        self.frames += 1
        if told:
            self.desk.absorb(told)
            self.desk.store.heard(self.venue.name, lane.value)
        else:
            self.ignored += 1

    def _after(self, told: Event) -> None:
        """Tell the dialects what their session or their desk would."""
        if isinstance(told, InstrumentsListed):
            self._list_instruments()
        elif isinstance(told, LinkChanged) and told.state is LinkState.CONNECTING and told.lane in _LANES:
            self._dialects[_LANES[told.lane]].reset()

    def _list_instruments(self) -> None:
        for dialect in self._dialects.values():
            dialect.list_instruments(list(self.desk.store.instruments.values()))

    def _beat(self, beat: Beat) -> None:
        store = self.desk.store
        if beat.rtt_ns and beat.rtt_ns != store.order_rtt.last_ns:
            store.order_rtt.add(beat.rtt_ns)
        store.desync = frozenset((iid, PositionSide(side)) for iid, side in beat.desync)
        store.sample_equity()
        store.touch(topic.CLOCK, topic.LINKS)

    def _show(self, symbol: str) -> None:
        iid = InstrumentId(self.venue.name, symbol)
        if iid in self.desk.store.instruments:
            self.desk.show(iid)

    def _assume(self, frame: bytes) -> None:
        """Give a symbol that no product list named the terms that the venue assumes for it."""
        store = self.desk.store
        try:
            symbol = self._named.decode(frame).symbol
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        if is_symbol(symbol) and (iid := InstrumentId(self.venue.name, symbol)) not in store.instruments:
            store.apply(InstrumentsListed(self.venue.name, [*store.instruments.values(), self.venue.assume(symbol)]))
            self._list_instruments()
            store.apply(LinkChanged(self.venue.name, Lane.PUBLIC.value, LinkState.LIVE))
            if self.desk.focus is None:
                self.desk.show(iid)


class _Named(msgspec.Struct):
    """The one field of a frame that is looked at before the dialect reads it."""

    symbol: str = ""
