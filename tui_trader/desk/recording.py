"""What a desk hears, written down as it comes: frames of the venue by lane, and whatever else changed what is known.

A recording begins with a portrait of the Store, so it may begin at any time. Without the account, which must be asked for, it
holds the market alone. It holds no secret: what is sent, logins among it, is left out, and what is written passes the redactor.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from tui_trader import __version__
from tui_trader.core.clock import NS, Clock, rfc3339
from tui_trader.core.error import RefusedError
from tui_trader.core.event import (
    BookDelta,
    BookRun,
    BookSnapshot,
    CandlesChanged,
    Event,
    InstrumentsListed,
    LinkChanged,
    PongReceived,
    Subscribed,
    TickerChanged,
    TradesPrinted,
    Unreadable,
)
from tui_trader.core.order import Order
from tui_trader.core.types import InstrumentId
from tui_trader.state import topic
from tui_trader.state.dispatch import Dispatch
from tui_trader.state.portrait import portrait_of
from tui_trader.storage.recording import MAX_BYTES, RecordingFile
from tui_trader.venues.base import Lane

if TYPE_CHECKING:
    from tui_trader.desk.desk import Desk
    from tui_trader.desk.parts import Parts

FORMAT: Final = "tui-trader recording"
VERSION: Final = 1

SUFFIX: Final = ".rec.jsonl"
"""What the names of recordings end with."""

_MARKET = (BookDelta, BookRun, BookSnapshot, TradesPrinted, TickerChanged, CandlesChanged, InstrumentsListed)
_SILENT = (PongReceived, Subscribed)
"""Events that change nothing that is shown."""

_ENCODE = msgspec.json.Encoder().encode

LINE_BYTES = 400
"""What a line other than a frame takes in memory, about."""


class Head(msgspec.Struct, omit_defaults=True):
    """The first line: what this is a recording of."""

    format: str
    version: int
    venue: str
    env: str
    account: str
    private: bool
    program: str
    started: str
    focus: str = ""
    watched: list[str] = []


class Beat(msgspec.Struct):
    """Once a second: what nothing that was heard tells."""

    rtt_ns: int = 0
    desync: list[tuple[InstrumentId, str]] = []


class _Item(NamedTuple):
    dir: str
    wall_ns: int
    up_ns: int
    lane: str
    kind: str
    body: Any


class Recording:
    """A recording under way. One for each desk at a time; ``end`` it."""

    def __init__(self, desk: Desk, path: Path, *, private: bool, max_bytes: int = MAX_BYTES) -> None:
        """Begin; raises RefusedError when the file is there already or cannot be made."""
        self.private = private
        """Whether the account is in it."""
        self.frames = 0
        """Frames taken down."""
        self._desk = desk
        self._clock: Clock = desk.clock
        self.began_ns = self._clock.mono_ns()
        """When it began, by the monotonic clock: what ``up`` counts from."""
        self._file: RecordingFile[_Item] = RecordingFile(path, line_of, max_bytes=max_bytes)
        store, venue = desk.store, desk.account.venue.name
        head = Head(
            FORMAT,
            VERSION,
            venue,
            desk.account.env.value,
            desk.account.label if private else "",
            private,
            __version__,
            rfc3339(self._clock.wall_ns()),
            desk.focus.symbol if desk.focus else "",
            [iid.symbol for iid in desk.feeds.watched],
        )
        self._put("head", head)
        # Encoded here: what it holds changes under the hands of the writing thread.
        self._put("state", msgspec.Raw(_ENCODE(portrait_of(store, venue, self.began_ns, private=private))))

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    @property
    def size(self) -> int:
        """How large the file is, bytes."""
        return self._file.bytes

    @property
    def seconds(self) -> int:
        """How long it has been going on."""
        return (self._clock.mono_ns() - self.began_ns) // NS

    @property
    def failure(self) -> str:
        """Why it does not go on, in one sentence; empty while it does."""
        return self._file.failure

    def frame(self, direction: str, lane: Lane, frame: bytes) -> None:
        """Take down a frame; what is sent is nobody's business."""
        if direction != "in" or (lane is Lane.PRIVATE and not self.private):
            return
        self.frames += 1
        clock = self._clock
        item = _Item("recv", clock.wall_ns(), clock.mono_ns() - self.began_ns, lane.value, "", frame)
        self._file.put(item, len(frame) + LINE_BYTES)

    def told(self, events: list[Event]) -> None:
        """Take down what was learned otherwise: by asking, from this side, from a connection that moved."""
        for event in events:
            if isinstance(event, _SILENT) or not (self.private or self._is_public(event)):
                continue
            self._put("told", event, type(event).__name__)

    def put(self, order: Order) -> None:
        """Take down an order that this side moved."""
        if self.private:
            self._put("order", order)

    def dispatched(self, dispatch: Dispatch) -> None:
        """Take down that a request ended."""
        if self.private:
            self._put("dispatch", dispatch)

    def show(self, iid: InstrumentId) -> None:
        """Take down that another contract is on the screen."""
        self._put("show", iid.symbol)

    def beat(self) -> None:
        """Take down that a second has passed."""
        store = self._desk.store
        if self.private:
            self._put("beat", Beat(store.order_rtt.last_ns, [(iid, side.value) for iid, side in sorted(store.desync)]))
        else:
            self._put("beat", Beat())

    def end(self) -> None:
        """Write what waits and close the file. Blocks for as long as the disk does."""
        self._file.close()

    def _put(self, what: str, body: Any, kind: str = "") -> None:
        clock = self._clock
        self._file.put(_Item(what, clock.wall_ns(), clock.mono_ns() - self.began_ns, "", kind, body), LINE_BYTES)

    @staticmethod
    def _is_public(event: Event) -> bool:
        if isinstance(event, LinkChanged):
            return event.lane == Lane.PUBLIC.value
        return isinstance(event, _MARKET) or (isinstance(event, Unreadable) and event.instrument is not None)


def line_of(item: _Item) -> bytes:
    """Return an item as a line. A frame stands there as it was on the wire; one that is no JSON, in base64."""
    seconds, rest = divmod(item.wall_ns, NS)
    begin = f'{{"dir":"{item.dir}","ts":{seconds}.{rest:09d},"up":{item.up_ns}'
    if item.dir != "recv":
        kind = f',"kind":"{item.kind}"' if item.kind else ""
        return f'{begin}{kind},"msg":'.encode() + _ENCODE(item.body) + b"}"
    frame: bytes = item.body
    begin += f',"lane":"{item.lane}"'
    try:
        frame.decode()
        msgspec.json.decode(frame)
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError):
        return f'{begin},"kind":"base64","msg":"{base64.b64encode(frame).decode()}"}}'.encode()
    # Line ends between the words of a document mean nothing; inside of text JSON has none.
    return begin.encode() + b',"msg":' + frame.replace(b"\r", b" ").replace(b"\n", b" ") + b"}"


def begin(desk: Desk, path: Path | None, *, private: bool) -> str:
    """Have a desk record; return what to tell the trader. Raises RefusedError when it does already, or has no file to write."""
    if desk.recording is not None:
        raise RefusedError(f"recording to {desk.recording.path} already: rec stop ends it")
    if path is None:
        if desk.recordings_dir is None:
            raise RefusedError("there is no directory for recordings")
        path = new_path(desk.recordings_dir, desk.account.journal_name, desk.clock.wall_ns())
    recording = desk.recording = Recording(desk, path, private=private)
    desk.feeds.recorder = recording.frame
    desk.store.blotter.on_put = recording.put
    desk.feeds.refresh_tickers()
    desk.store.touch(topic.LINKS)
    return f"recording {'market and ACCOUNT' if private else 'the market'} to {path}"


def end(desk: Parts) -> str:
    """End what a desk records; return what to tell the trader. Raises RefusedError when it records nothing."""
    recording = desk.recording
    if recording is None:
        raise RefusedError("nothing is being recorded: rec start begins")
    desk.recording = desk.feeds.recorder = desk.store.blotter.on_put = None
    recording.end()
    desk.store.touch(topic.LINKS)
    return f"recorded {recording.seconds} s, {recording.frames} messages, {recording.size >> 10} KiB: {recording.path}"


def new_path(folder: Path, account: str, wall_ns: int) -> Path:
    """Return the name of a recording that begins now."""
    stamp = rfc3339(wall_ns)[:19].replace(":", "").replace("-", "")
    return folder / f"{account}-{stamp}Z{SUFFIX}"
