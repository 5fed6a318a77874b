"""MEXC's WebSocket protocol as a pure translator: frames in, events out; subscriptions in, frames out.

One address serves public and private lanes. What a frame is stands in ``channel``. Books are the twenty best levels a side, sent
whole each time: a stream that needs no seed and cannot have a gap; or, by choice, increments upon a whole book. It must not know
sockets, time or the Store. Source: WebSocket part of the futures API documentation; recorded frames under
tests/venues/mexc/payloads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

import orjson

from tui_trader.core.candle import Candle
from tui_trader.core.decimals import from_wire
from tui_trader.core.error import WireError
from tui_trader.core.event import (
    BalanceChanged,
    BookSnapshot,
    CandlesChanged,
    Event,
    OrderChanged,
    OrderFilled,
    PongReceived,
    PositionChanged,
    PositionModeTold,
    Subscribed,
    TickerChanged,
    TradesPrinted,
    Unreadable,
)
from tui_trader.core.instrument import Instrument
from tui_trader.core.sanitise import is_symbol, sanitise
from tui_trader.core.tape import Trade
from tui_trader.core.types import InstrumentId, PositionMode
from tui_trader.secrets.redactor import REDACTOR
from tui_trader.venues.base import Channel, Credential, Lane, Subscription
from tui_trader.venues.exact import decode_body, sample
from tui_trader.venues.mexc import sign, words
from tui_trader.venues.mexc.books import levels_of
from tui_trader.venues.mexc.held import Held
from tui_trader.venues.mexc.increments import Increment, Increments
from tui_trader.venues.mexc.rows import NS_PER_MS, Row, balance_of, fill_of, readable, report_of
from tui_trader.venues.mexc.terms import Terms
from tui_trader.venues.mexc.waiting_rows import exit_of, plan_of, trail_of
from tui_trader.venues.mexc.words import VENUE

HEARTBEAT_S: Final = 10.0
"""What the documentation recommends is 10 to 20 s; a minute without a ping and the venue hangs up."""

SILENCE_S: Final = 25.0
"""Two heartbeats unanswered."""

DEPTH: Final = 20
"""Levels a side: the most that is sent whole (5, 10 and 20 exist)."""

_SECONDS: Final = {name: seconds for seconds, name in words.INTERVALS.items()}

FILTERS: Final = ("order", "order.deal", "position", "asset", "plan.order", "stop.planorder", "track.order")
"""What of the account is asked for."""

_TICKER: Final = {
    "lastPrice": "last",
    "fairPrice": "mark",
    "indexPrice": "index",
    "high24Price": "high_24h",
    "lower24Price": "low_24h",
    "amount24": "turnover_24h",
    "fundingRate": "funding_rate",
}
"""Their names and ours, of what needs no conversion."""

_VOLUMES: Final = {"volume24": "volume_24h", "holdVol": "open_interest"}
"""Of what is counted in contracts."""


class MexcFeed:
    """One lane of one connection to MEXC."""

    heartbeat_s = HEARTBEAT_S
    silence_s = SILENCE_S

    def __init__(self, lane: Lane, credential: Credential | None = None) -> None:
        self.lane = lane
        self._books: Increments | None = None
        """Where books come as increments."""
        self.ignored = 0
        """Frames of a channel that is not known here; new ones appear without notice."""
        self.unreadable = 0
        """Frames or rows set aside."""
        self._credential = credential
        self._terms = Terms()
        self._held = Held(self._terms)
        self._at_the_door = False
        """Whether a login was sent and not answered."""
        self._told_books: dict[InstrumentId, None] = {}
        """The books that this connection has told of."""
        self._read: dict[str, Callable[[dict[str, Any], int], list[Event]]] = {
            "pong": self._pong,
            "push.depth.full": self._book,
            "push.depth": self._increment,
            "push.deal": self._deals,
            "push.ticker": self._ticker,
            "push.tickers": self._tickers,
            "push.kline": self._candle,
            "push.fair.price": lambda frame, at_ns: self._price(frame, at_ns, "mark"),
            "push.index.price": lambda frame, at_ns: self._price(frame, at_ns, "index"),
            "push.funding.rate": self._funding,
            "push.personal.order": self._order,
            "push.personal.order.deal": self._fill,
            "push.personal.position": self._position,
            "push.personal.asset": self._asset,
            "push.personal.plan.order": self._plan,
            "push.personal.stop.planorder": self._exit,
            "push.personal.track.order": self._trail,
            "push.personal.position.mode": self._mode,
        }

    def reset(self) -> None:
        """Forget the state of the previous connection; what is known of instruments stays."""
        self._told_books.clear()
        self._at_the_door = False
        self._held.forget()
        if self._books is not None:
            self._books.forget()

    def list_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Learn the product list: what a contract is worth, without which no volume can be read."""
        self._terms.list(instruments)

    def take_mode(self, mode: PositionMode) -> None:
        """Learn whether the account holds one position a contract or two legs; rows before that are not read."""
        if mode is not self._terms.mode:
            self._held.forget()
        self._terms.mode = mode

    # -- out -------------------------------------------------------------------------------------------------------

    def login(self, wall_ns: int) -> list[bytes]:
        """Return the ``login`` frame on the private lane, nothing on the public one. Nothing is pushed until it is asked for."""
        if self.lane is Lane.PUBLIC or self._credential is None:
            return []
        key, millis = self._credential.key, wall_ns // NS_PER_MS
        signature = sign.feed_signature(self._credential.secret, key, millis)
        param = {"apiKey": key, "reqTime": str(millis), "signature": signature}
        self._at_the_door = True
        return [_frame("login", param, subscribe=False)]

    def subscribe(self, subscriptions: Sequence[Subscription]) -> list[bytes]:
        """Return the frames for subscriptions, each answered once.

        The table of all contracts tells neither funding nor open interest, so trades bring the ticker of their contract along.
        """
        for subscription in subscriptions:
            if subscription.channel is Channel.BOOK and self._books is not None:
                self._books.forget(subscription.instrument)
        return [_frame(*call) for subscription in subscriptions for call in self._calls(subscription, "sub")]

    def unsubscribe(self, subscriptions: Sequence[Subscription], remaining: Sequence[Subscription]) -> list[bytes]:
        """Return the frames that end subscriptions. The documentation spells the end of a whole book ``usub``: both are sent.

        Bars of a symbol end together, whatever their length, so those that remain are started again.
        """
        frames: list[bytes] = []
        again: list[Subscription] = []
        for subscription in subscriptions:
            calls = self._calls(subscription, "unsub")
            frames += [_frame(*call) for call in calls]
            if subscription.channel is Channel.BOOK and self._books is None:
                frames.append(_frame("usub.depth.full", calls[0][1]))
            if subscription.channel is Channel.CANDLES:
                again += [
                    other
                    for other in remaining
                    if other.channel is Channel.CANDLES and other.instrument == subscription.instrument and other not in again
                ]
        return frames + self.subscribe(again)

    def heartbeat(self) -> list[bytes]:
        """Return one ``ping``; its answer proves the application alive."""
        return [_frame("ping")]

    # -- in --------------------------------------------------------------------------------------------------------

    def receive(self, frame: bytes, at_ns: int) -> list[Event]:
        """Translate one frame; what cannot be read becomes an Unreadable event, what is not known is counted."""
        try:
            message = decode_body(frame)
        except WireError as error:
            return self._set_frame_aside(f"frame: {error}", frame)
        channel = message.get("channel") if isinstance(message, dict) else None
        if not isinstance(channel, str):
            return self._set_frame_aside("frame without a channel", frame)
        read = self._read.get(channel)
        if read is None:
            return self._answer(channel, message)
        try:
            events = read(message, _stamp(message, at_ns))
        except WireError as error:
            return [self._set_aside(f"{sanitise(channel, 40)}: {error}", frame, self._named(message))]
        self.unreadable += sum(isinstance(event, Unreadable) for event in events)
        return events

    def _answer(self, channel: str, message: dict[str, Any]) -> list[Event]:
        """Translate an answer to what was asked. They carry no number: each counts once, in whatever order they come."""
        said = message.get("data")
        if channel == "rs.error":
            reason = sanitise(REDACTOR.clean(str(said))) or "refused without a reason"
            return [Subscribed(VENUE, self.lane, 0, False, reason, self._at_the_door)]
        if channel == "rs.login":
            ok = said == "success"
            self._at_the_door = False
            return [Subscribed(VENUE, self.lane, 0, ok, "" if ok else sanitise(REDACTOR.clean(str(said))), True)]
        if channel.startswith(("rs.sub.", "rs.personal.filter")):
            return [Subscribed(VENUE, self.lane, 0, True)]
        if not channel.startswith("rs."):
            self.ignored += 1
        return []

    # -- market ----------------------------------------------------------------------------------------------------

    def _book(self, message: dict[str, Any], at_ns: int) -> list[Event]:
        instrument = self._need(message)
        told = Row(message.get("data"))
        version = told.whole("version")
        if version <= 0:
            raise WireError("book without a version")
        bids, asks = (levels_of(told.raw(side) or [], instrument) for side in ("bids", "asks"))
        self._told_books[instrument.id] = None
        return [BookSnapshot(instrument.id, bids, asks, version, DEPTH, at_ns)]

    def _increment(self, message: dict[str, Any], at_ns: int) -> list[Event]:
        """Changes of a book: of one version, or of several merged into one push."""
        instrument = self._need(message)
        if self._books is None:
            self.ignored += 1
            return []
        told = Row(message.get("data"))
        version = told.whole("version")
        begin, end = told.whole("begin") or version, told.whole("end") or version
        if not 0 < begin <= end:
            raise WireError("increment without a version")
        bids, asks = (levels_of(told.raw(side) or [], instrument) for side in ("bids", "asks"))
        self._told_books[instrument.id] = None
        return self._books.take(instrument.id, Increment(begin, end, bids, asks, at_ns))

    def _deals(self, message: dict[str, Any], at_ns: int) -> list[Event]:
        """Public trades, in a list or (before 2025) one alone; newest first in a list, they leave oldest first."""
        instrument = self._need(message)
        rows = message.get("data")
        rows = rows if isinstance(rows, list) else [rows]
        trades: list[Trade] = []
        bad: list[Event] = []
        for raw in rows:
            try:
                row = Row(raw)
                price, qty = row.price("p"), row.size(instrument, "v")
                if price is None:
                    raise WireError("no price")
                trades.append(Trade(row.whole("t") * NS_PER_MS or at_ns, row.word(words.TAKER_SIDE, "T"), price, qty))
            except WireError as error:
                bad.append(self._aside(f"trade: {error}", raw))
        trades.sort(key=lambda trade: trade.at_ns)
        return [TradesPrinted(instrument.id, trades, False), *bad]

    def _ticker(self, message: dict[str, Any], at_ns: int) -> list[Event]:
        return [self._told(message.get("data"), at_ns)]

    def _tickers(self, message: dict[str, Any], at_ns: int) -> list[Event]:
        rows = message.get("data")
        if not isinstance(rows, list):
            raise WireError("no list of tickers")
        events: list[Event] = []
        for raw in rows:
            symbol = raw.get("symbol") if isinstance(raw, dict) else None
            if isinstance(symbol, str) and self._terms.get(symbol) is None:
                continue  # a contract that is not listed here, or whose name cannot be shown
            try:
                events.append(self._told(raw, at_ns))
            except WireError as error:
                events.append(self._aside(f"ticker: {error}", raw))
        return events

    def _told(self, raw: object, at_ns: int) -> TickerChanged:
        """Return the reference prices of one contract. The price of a day ago follows from the last one and its change."""
        row = Row(raw)
        instrument = self._terms.need(row.symbol())
        told: dict[str, Any] = {ours: row.number(theirs) for theirs, ours in _TICKER.items()}
        told |= {ours: row.size(instrument, name) for name, ours in _VOLUMES.items() if row.raw(name) is not None}
        change, last = row.number("riseFallValue"), told["last"]
        if change is not None and last is not None:
            told["open_24h"] = last - change
        return TickerChanged(instrument.id, row.whole("timestamp") * NS_PER_MS or at_ns, **told)

    def _price(self, message: dict[str, Any], at_ns: int, name: str) -> list[Event]:
        instrument = self._need(message)
        price = Row(message.get("data")).price("price")
        if price is None:
            raise WireError("no price")
        if name == "mark":
            return [TickerChanged(instrument.id, at_ns, mark=price)]
        return [TickerChanged(instrument.id, at_ns, index=price)]

    def _funding(self, message: dict[str, Any], at_ns: int) -> list[Event]:
        instrument = self._need(message)
        row = Row(message.get("data"))
        due = row.whole("nextSettleTime") * NS_PER_MS
        return [TickerChanged(instrument.id, at_ns, funding_rate=row.number("rate", "fundingRate"), next_funding_ns=due or None)]

    def _candle(self, message: dict[str, Any], at_ns: int) -> list[Event]:
        instrument = self._need(message)
        row = Row(message.get("data"))
        seconds = _SECONDS.get(row.text("interval"))
        if seconds is None:
            raise WireError("bar of an unknown length")
        opened, high, low, closed = (_price_of(row, name) for name in ("o", "h", "l", "c"))
        volume, turnover = row.size(instrument, "q"), row.amount("a")
        candle = Candle(row.whole("t"), seconds, opened, high, low, closed, volume, turnover)
        return [CandlesChanged(instrument.id, [candle], False)]

    # -- account ---------------------------------------------------------------------------------------------------

    def _order(self, message: dict[str, Any], at_ns: int) -> list[Event]:
        return self._own(message, lambda row: [OrderChanged(report_of(row, self._terms))], "order")

    def _plan(self, message: dict[str, Any], at_ns: int) -> list[Event]:
        return self._own(message, lambda row: [OrderChanged(plan_of(row, self._terms))], "trigger order")

    def _exit(self, message: dict[str, Any], at_ns: int) -> list[Event]:
        return self._own(message, lambda row: [OrderChanged(exit_of(row, self._terms))], "exit")

    def _trail(self, message: dict[str, Any], at_ns: int) -> list[Event]:
        return self._own(message, lambda row: [OrderChanged(trail_of(row, self._terms))], "trailing order")

    def _fill(self, message: dict[str, Any], at_ns: int) -> list[Event]:
        return self._own(message, lambda row: [OrderFilled(fill_of(row, self._terms))], "execution")

    def _position(self, message: dict[str, Any], at_ns: int) -> list[Event]:
        return self._own(message, lambda row: [PositionChanged(p) for p in self._held.read(row, at_ns)], "position")

    def _asset(self, message: dict[str, Any], at_ns: int) -> list[Event]:
        return readable(message.get("data"), lambda row: [BalanceChanged(balance_of(row, at_ns))], "account")

    def _mode(self, message: dict[str, Any], at_ns: int) -> list[Event]:
        mode = Row(message.get("data")).word(words.MODE, "positionMode")
        self.take_mode(mode)
        return [PositionModeTold(VENUE, mode)]

    def _own(self, message: dict[str, Any], read: Callable[[Row], list[Event]], what: str) -> list[Event]:
        """Translate a row of the account, once it is known whether it has one position a contract or two legs.

        Before that it is left out: what it says is asked for by requests, which come after the mode.
        """
        if self._terms.mode is None:
            self.ignored += 1
            return []
        return readable(message.get("data"), read, what)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _calls(self, subscription: Subscription, verb: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the methods and parameters that start or end a subscription."""
        if subscription.channel is Channel.ACCOUNT:
            chosen = FILTERS if verb == "sub" else ()
            return [("personal.filter", {"filters": [{"filter": name} for name in chosen]})]
        if subscription.channel is Channel.TICKER:
            return [(f"{verb}.tickers", {})]
        if subscription.instrument is None:
            raise ValueError(f"{subscription.channel} needs an instrument")
        param: dict[str, Any] = {"symbol": subscription.instrument.symbol}
        if subscription.channel is Channel.BOOK and self._books is not None:
            return [(f"{verb}.depth", param)]
        if subscription.channel is Channel.BOOK:
            return [(f"{verb}.depth.full", param | ({"limit": DEPTH} if verb == "sub" else {}))]
        if subscription.channel is Channel.TRADES:
            return [(f"{verb}.deal", param), (f"{verb}.ticker", param)]
        interval = words.INTERVALS.get(subscription.interval_s)
        if interval is None:
            raise ValueError(f"no bars of {subscription.interval_s} s here")
        return [(f"{verb}.kline", param | {"interval": interval})]

    def _need(self, message: dict[str, Any]) -> Instrument:
        """Return the contract that a frame is about."""
        symbol = message.get("symbol")
        if not isinstance(symbol, str) or not is_symbol(symbol):
            raise WireError("no symbol")
        return self._terms.need(symbol)

    def _named(self, message: dict[str, Any]) -> InstrumentId | None:
        """Return whose book a frame that cannot be read is about: enough to doubt it."""
        symbol = message.get("symbol")
        known = self._terms.get(symbol) if isinstance(symbol, str) else None
        return known.id if known is not None and str(message.get("channel")).startswith("push.depth") else None

    def _set_frame_aside(self, reason: str, frame: bytes) -> list[Event]:
        """Set a frame aside that does not say what it is: it may have been of any book, so all of them are doubted."""
        return [self._set_aside(reason, frame, instrument) for instrument in self._told_books or (None,)]

    def _set_aside(self, reason: str, raw: object, instrument: InstrumentId | None = None) -> Unreadable:
        self.unreadable += 1
        return self._aside(reason, raw, instrument)

    def _aside(self, reason: str, raw: object, instrument: InstrumentId | None = None) -> Unreadable:
        return Unreadable(VENUE, sanitise(reason, 120), sample(raw), instrument)

    def _pong(self, message: dict[str, Any], at_ns: int) -> list[Event]:
        return [PongReceived(VENUE, self.lane, at_ns)]


class IncrementalFeed(MexcFeed):
    """One lane whose books come as increments, upon a whole book that is asked for."""

    def __init__(self, lane: Lane, credential: Credential | None = None) -> None:
        super().__init__(lane, credential)
        self._increments = self._books = Increments()

    def seed(self, whole: BookSnapshot) -> list[Event]:
        """Take a whole book and return what it is by now."""
        return self._increments.seed(whole)


def _frame(method: str, param: dict[str, Any] | None = None, **others: Any) -> bytes:
    return orjson.dumps({**others, "method": method} | ({} if param is None else {"param": param}))


def _stamp(message: dict[str, Any], at_ns: int) -> int:
    """Return when the venue sent a frame; ``at_ns`` where it does not say."""
    stamp = message.get("ts")
    return stamp * NS_PER_MS if type(stamp) is int and stamp > 0 else at_ns


def _price_of(row: Row, name: str) -> Decimal:
    raw = row.raw(name)
    price = from_wire(raw)
    if price <= 0:
        raise WireError(f"{name} is not a price")
    return price
