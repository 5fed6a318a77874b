"""Paradex's feed: JSON-RPC for what is said to the venue, binary frames for markets, either for what the account hears.

One dialect a lane. It must not know sockets or the Store: frames in, events out. Books are a snapshot and increments whose
sequence is consecutive; one that is not is a book to be doubted, until it is subscribed to again. Source: docs.paradex.trade,
WebSocket pages and AsyncAPI of August 2026; encodings as in ``sbe``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import count
from typing import Any, Final

import orjson

from tui_trader.core.error import WireError
from tui_trader.core.event import (
    BalanceChanged,
    BookDelta,
    BookSnapshot,
    Event,
    Notice,
    OrderChanged,
    OrderFilled,
    PongReceived,
    PositionChanged,
    Subscribed,
    TickerChanged,
    TradesPrinted,
    Unreadable,
)
from tui_trader.core.instrument import Instrument
from tui_trader.core.sanitise import is_symbol, sanitise
from tui_trader.core.tape import Trade
from tui_trader.core.types import InstrumentId, PositionMode, Severity
from tui_trader.secrets.redactor import REDACTOR
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Channel, Credential, Lane, Subscription
from tui_trader.venues.exact import decode_body, sample
from tui_trader.venues.paradex import sbe, tokens, words
from tui_trader.venues.paradex.ending import Ending
from tui_trader.venues.paradex.rows import Row, balance_of, fill_of, position_of, report_of
from tui_trader.venues.paradex.words import VENUE

VERSIONS: Final = (2, 3, 1)
"""Versions of the encoding in the order that they are asked for; each environment caps what it serves."""

MAX_SYMBOLS: Final = 2_000
DEPTH: Final = 15
"""Levels of a book that is told whole each time: what the documents name. The whole book is spelled as it was captured live."""

OWN: Final = ("orders.ALL", "fills.ALL", "positions", "account")
"""The account's channels; all of them together are the one thing that is subscribed to."""


_SHALLOW: Final = f"books show the best {DEPTH} levels from here on"


class ParadexFeed:
    """One lane of one connection."""

    def __init__(self, lane: Lane, credential: Credential | None, *, cancel_on_disconnect: bool = False) -> None:
        self.lane = lane
        self.heartbeat_s = 15.0
        self.silence_s = 50.0  # the venue beats every 20 s where nothing else is said
        self.ignored = 0
        """Messages that nobody here reads."""
        self.unreadable = 0
        """Messages that were set aside."""
        self._ending = Ending(cancel_on_disconnect)
        self._version = 0
        self.denied: Secret | None = None
        """The token that the last login was refused with; None where it was taken."""
        self._token: Secret | None = None
        self._numbers = count(1)
        self._logins: set[int] = set()
        self._pings: set[int] = set()
        self._books: dict[str, int] = {}
        """The sequence that each book is at."""
        self._asked: dict[int, str] = {}
        """Markets whose whole books were asked for, by the number of the request."""
        self._shallow = False
        """Whether books come as their best levels again and again, and not as the whole book and its changes."""
        self._otherwise = False
        self._ids: dict[str, InstrumentId] = {}

    # -- connecting ------------------------------------------------------------------------------------------------

    def query(self) -> str:
        """Return the version of the encoding that is asked for."""
        return f"sbeSchemaId={sbe.SCHEMA}&sbeSchemaVersion={VERSIONS[self._version % len(VERSIONS)]}"

    def refused(self, status: int) -> str:
        """Try the next version after a 400; once all were refused the sentence says what that means."""
        if status != 400:
            return ""
        asked = VERSIONS[self._version % len(VERSIONS)]
        self._version += 1
        if self._version % len(VERSIONS):
            return f"the venue does not serve version {asked} of its binary encoding, asking for another"
        spoken = ", ".join(map(str, sorted(VERSIONS)))
        return f"the venue serves none of the versions of its binary encoding that are spoken here ({spoken}): update tui-trader"

    def take_token(self, token: Secret) -> None:
        """Learn the token for the next login."""
        self._token = token

    def asks_otherwise(self) -> bool:
        """Whether the whole book was refused, so that the next connection asks for the best levels."""
        said, self._otherwise = self._otherwise, False
        return said

    def login(self, wall_ns: int) -> list[bytes]:
        """Return the frame that authenticates a private lane; once a connection is enough."""
        if self.lane is not Lane.PRIVATE or self._token is None:
            return []
        frame, number = self._call("auth", {"bearer": tokens.bearer(self._token)})
        self._logins.add(number)
        return [frame]

    def subscribe(self, subscriptions: Sequence[Subscription]) -> list[bytes]:
        """Return the frames that start subscriptions; what becomes of orders when the connection ends is said first."""
        frames = []
        for subscription in subscriptions:
            if subscription.channel is Channel.ACCOUNT:
                frame, number = self._arm()
                self._ending.opens(number)
                frames.append(frame)
            for name in self._channels(subscription):
                frame, number = self._call("subscribe", {"channel": name})
                frames.append(frame)
                if name.endswith(".deltas"):
                    self._asked[number] = name
        return frames

    def unsubscribe(self, subscriptions: Sequence[Subscription], remaining: Sequence[Subscription]) -> list[bytes]:
        """Return the frames that end subscriptions; books are forgotten with them."""
        for subscription in subscriptions:
            if subscription.channel is Channel.BOOK and subscription.instrument is not None:
                self._books.pop(subscription.instrument.symbol, None)
        names = [name for subscription in subscriptions for name in self._channels(subscription)]
        return [self._call("unsubscribe", {"channel": name})[0] for name in names]

    def heartbeat(self) -> list[bytes]:
        """Return what proves that the application answers, and says once more what becomes of orders; nothing on a public lane,
        where the venue's own heartbeats and prices never pause."""
        if self.lane is not Lane.PRIVATE:
            return []
        frame, number = self._arm()
        self._pings.add(number)
        return [frame]

    def guard(self, *, on: bool) -> list[bytes]:
        """Return the frame that has open orders cancelled when this connection ends, or lets them be."""
        before, self._ending.wish = self._ending.wish, on
        frame, number = self._arm()
        self._ending.switch(number, before)
        return [frame]

    def reset(self) -> None:
        """Forget the previous connection; what is to become of orders is remembered."""
        self._ending.reset()
        self._logins.clear()
        self._pings.clear()
        self._books.clear()
        self._asked.clear()

    def list_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Do nothing: frames carry every scale they need."""

    def take_mode(self, mode: PositionMode) -> None:
        """Do nothing: there is one position a market, always."""

    # -- receiving -------------------------------------------------------------------------------------------------

    def receive(self, frame: bytes, at_ns: int) -> list[Event]:
        """Translate one frame; text and binary are told apart by their first byte."""
        if frame[:1] in (b"{", b"["):
            return self._receive_text(frame, at_ns)
        try:
            message = sbe.decode(frame)
        except WireError as error:
            return self._set_frame_aside(str(error), frame)
        if type(message) is sbe.BookFrame:
            return self._book(
                message.market, message.snapshot, message.sequence, message.at_us * 1_000, message.bids, message.asks, frame
            )
        if isinstance(message, sbe.Event):
            return self._told(message.family, message.fields, at_ns, frame)
        self.ignored += 1
        return []

    def _receive_text(self, frame: bytes, at_ns: int) -> list[Event]:
        try:
            message = decode_body(frame)
        except WireError as error:
            return self._set_frame_aside(str(error), frame)
        if not isinstance(message, dict):
            return [self._set_aside("a message that is no object", frame)]
        if message.get("method") == "subscription":
            parameters = message.get("params")
            if isinstance(parameters, dict) and isinstance(parameters.get("channel"), str):
                family = parameters["channel"].partition(".")[0]
                fields = parameters.get("data")
                if isinstance(fields, dict):
                    return self._text_book(fields, frame) if family == "order_book" else self._told(family, fields, at_ns, frame)
            return [self._set_aside("a message of no channel", frame)]
        if "result" in message or "error" in message:
            return self._answer(message, at_ns)
        self.ignored += 1
        return []

    def _answer(self, message: Mapping[str, Any], at_ns: int) -> list[Event]:
        number = message.get("id")
        number = number if type(number) is int else 0
        error = message.get("error")
        reason = _refusal(error) if error is not None else ""
        if number in self._pings:
            self._pings.discard(number)
            return [PongReceived(VENUE, self.lane, at_ns)]
        if number in self._logins:
            self._logins.discard(number)
            self.denied = self._token if reason else None
            return [Subscribed(VENUE, self.lane, number, not reason, reason, is_login=True)]
        answer = Subscribed(VENUE, self.lane, number, not reason, reason)
        if self._asked.pop(number, "") and reason:
            self._shallow = self._otherwise = True
            return [Notice(f"whole books are not served ({reason}): {_SHALLOW}", Severity.WARNING, at_ns), answer]
        told = self._ending.hear(answer, at_ns)
        return [answer] if told is None else told

    def _told(self, family: str, fields: Mapping[str, Any], at_ns: int, frame: bytes) -> list[Event]:
        read = _READERS.get(family)
        if read is None:
            self.ignored += 1
            return []
        try:
            return read(self, Row(fields), at_ns)
        except WireError as error:
            return [self._set_aside(f"{family}: {error}", frame)]

    def _book(
        self, market: str, snapshot: bool, sequence: int, at_ns: int, bids: Sequence[Any], asks: Sequence[Any], frame: bytes
    ) -> list[Event]:
        instrument = self._id(market)
        if instrument is None:
            return self._set_frame_aside("a book of no market", frame)
        known = self._books.get(market)
        if snapshot:
            self._books[market] = sequence
            return [BookSnapshot(instrument, bids, asks, sequence, DEPTH if self._shallow else 0, at_ns)]
        if known is None:
            return []  # nothing to add to: before the first snapshot, or after a gap
        if sequence <= known:
            return []
        if sequence != known + 1:
            del self._books[market]
            return [self._set_aside(f"the book went from {known} to {sequence}", frame, instrument)]
        self._books[market] = sequence
        return [BookDelta(instrument, bids, asks, sequence, 0, at_ns)]

    def _text_book(self, fields: Mapping[str, Any], frame: bytes) -> list[Event]:
        """Translate a book in JSON: inserts, updates and deletes of either side."""
        row = Row(fields)
        sides: dict[str, list[tuple[Any, Any]]] = {"BUY": [], "SELL": []}
        market = fields.get("market")
        instrument = self._id(market) if isinstance(market, str) else None
        try:
            for name in ("inserts", "updates", "deletes"):
                for level in fields.get(name) or ():
                    each = Row(level)
                    side = sides.get(each.text("side"))
                    if side is None:
                        raise WireError("a level of no side")
                    side.append((each.text("price"), "0" if name == "deletes" else each.text("size")))
            sequence, at_ns = row.whole("seq_no"), row.moment("last_updated_at")
        except (WireError, TypeError) as error:
            if instrument is not None:
                self._books.pop(instrument.symbol, None)
            return [self._set_aside(f"book: {error}", frame, instrument)]
        kind = fields.get("update_type")
        if instrument is None or kind not in ("s", "d"):
            return self._set_frame_aside("a book of no market or kind", frame)
        return self._book(instrument.symbol, kind == "s", sequence, at_ns, sides["BUY"], sides["SELL"], frame)

    # -- rows ------------------------------------------------------------------------------------------------------

    def _trades(self, row: Row, at_ns: int) -> list[Event]:
        price, qty = row.price("price"), row.size("size")
        if price is None:
            raise WireError("a trade without a price")
        trade = Trade(row.moment("created_at") or at_ns, row.word(words.SIDE, "side"), price, qty)
        return [TradesPrinted(row.market(), (trade,), False)]

    def _summary(self, row: Row, at_ns: int) -> list[Event]:
        """Reference prices of a market; the change in 24 hours is told as a fraction, from which the price then follows."""
        market = row.market("market" if row.raw("market") is not None else "symbol")
        last, change = row.price("last_traded_price"), row.number("price_change_rate_24h")
        opened: Decimal | None = None
        if last is not None and change is not None and change > -1:
            opened = (last / (1 + change)).quantize(Decimal("1e-8"))
        precise = row.number("funding_rate_precise")
        return [
            TickerChanged(
                market,
                row.moment("ts", "created_at") or at_ns,
                last=last,
                mark=row.price("mark_price"),
                index=row.price("underlying_price"),
                open_24h=opened,
                turnover_24h=row.number("volume_24h"),
                open_interest=row.number("open_interest"),
                funding_rate=precise if precise is not None else row.number("funding_rate"),
            )
        ]

    def _funding(self, row: Row, at_ns: int) -> list[Event]:
        return [TickerChanged(row.market(), row.moment("created_at") or at_ns, funding_rate=row.number("funding_rate"))]

    def _orders(self, row: Row, at_ns: int) -> list[Event]:
        return [OrderChanged(report_of(row, streamed=True))]

    def _fills(self, row: Row, at_ns: int) -> list[Event]:
        return [OrderFilled(fill_of(row))]

    def _positions(self, row: Row, at_ns: int) -> list[Event]:
        return [PositionChanged(position_of(row))]

    def _account(self, row: Row, at_ns: int) -> list[Event]:
        return [BalanceChanged(balance_of(row))]

    # -- inside ----------------------------------------------------------------------------------------------------

    def _channels(self, subscription: Subscription) -> list[str]:
        match subscription.channel, subscription.instrument:
            case Channel.ACCOUNT, _:
                return list(OWN)
            case Channel.TICKER, _:
                return ["markets_summary"]
            case Channel.BOOK, InstrumentId(symbol=symbol):
                book = f"order_book.{symbol}.snapshot@{DEPTH}@50ms" if self._shallow else f"order_book.{symbol}.deltas"
                return [book, f"funding_data.{symbol}"]
            case Channel.TRADES, InstrumentId(symbol=symbol):
                return [f"trades.{symbol}"]
        raise ValueError(f"there is no channel for {subscription}")

    def _call(self, method: str, params: Mapping[str, object]) -> tuple[bytes, int]:
        number = next(self._numbers)
        return orjson.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": number}), number

    def _arm(self) -> tuple[bytes, int]:
        """Return the frame that says whether the venue is to cancel everything when this connection ends."""
        return self._call("order.cancel_on_disconnect", {"enabled": self._ending.wish})

    def _id(self, symbol: str) -> InstrumentId | None:
        found = self._ids.get(symbol)
        if found is None and len(self._ids) < MAX_SYMBOLS and is_symbol(symbol):
            found = self._ids[symbol] = InstrumentId(VENUE, symbol)
        return found

    def _set_frame_aside(self, reason: str, frame: bytes) -> list[Event]:
        """Set a frame aside that does not decode: it may have been of any book, so all of them are doubted."""
        doubted = [self._ids[symbol] for symbol in self._books] if _may_be_book(frame) else []
        if doubted:
            self._books.clear()
        if not doubted:
            return [self._set_aside(reason, frame)]
        return [self._set_aside(reason, frame, instrument) for instrument in doubted]

    def _set_aside(self, reason: str, raw: bytes, instrument: InstrumentId | None = None) -> Unreadable:
        self.unreadable += 1
        return Unreadable(VENUE, sanitise(reason, 120), sample(raw), instrument)


_READERS: Final[dict[str, Callable[[ParadexFeed, Row, int], list[Event]]]] = {
    "trades": ParadexFeed._trades,
    "markets_summary": ParadexFeed._summary,
    "funding_data": ParadexFeed._funding,
    "orders": ParadexFeed._orders,
    "fills": ParadexFeed._fills,
    "positions": ParadexFeed._positions,
    "account": ParadexFeed._account,
}
"""By channel family. Best prices are not among them: the book has them, with its own sequence."""


def _may_be_book(frame: bytes) -> bool:
    """Whether an unreadable frame may have been of a book: anything but one whose template is certainly another."""
    if len(frame) < 8 or frame[4:6] != sbe.SCHEMA.to_bytes(2, "little"):
        return True
    return int.from_bytes(frame[2:4], "little") == sbe.BOOK


def _refusal(error: object) -> str:
    """Return why something was refused, in the venue's words."""
    if not isinstance(error, dict):
        return sanitise(REDACTOR.clean(str(error)), 120) or "refused without a reason"
    said = " ".join(str(part) for part in (error.get("message"), error.get("data")) if part)
    code = error.get("code")
    return sanitise(REDACTOR.clean(f"{said} ({code})" if code is not None else said), 160) or "refused without a reason"
