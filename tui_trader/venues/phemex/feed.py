"""Phemex's WebSocket protocol as a pure translator: frames in, events out. What is asked of the venue is ``asking``'s.

One decode per frame; what a frame is follows from the key that is present. The book path, five frames of six, does nothing
else than hand the raw levels on. It must not know sockets, time or the Store. Source: contract reference, WebSocket API;
captured frames of 2021 and 2025 under tests/venues/phemex/payloads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from tui_trader.core.error import WireError
from tui_trader.core.event import (
    BalanceChanged,
    BookRun,
    BookSnapshot,
    CandlesChanged,
    Event,
    PositionChanged,
    RiskUnitsTold,
    TickerChanged,
    TickerRow,
    TradesPrinted,
    Unreadable,
)
from tui_trader.core.instrument import Instrument
from tui_trader.core.sanitise import is_symbol, sanitise
from tui_trader.core.types import ContractKind, InstrumentId, PositionMode
from tui_trader.venues.base import Channel, Credential, Lane, Subscription
from tui_trader.venues.phemex.asking import Asking
from tui_trader.venues.phemex.family import COIN_M, USD_M, Family, Listing, family_of
from tui_trader.venues.phemex.market import MarketRows
from tui_trader.venues.phemex.rows import Row, balance_of, order_events, position_of, readable, risk_unit_of, risk_wallet_of
from tui_trader.venues.phemex.table import Table
from tui_trader.venues.phemex.wire import Frame, Hot, Odd, decode_frame, decode_hot, decode_odd, sample
from tui_trader.venues.phemex.words import VENUE

HEARTBEAT_S: Final = 5.0
"""What the reference recommends; 30 s without a word and the gateway hangs up."""

SILENCE_S: Final = 15.0
"""Three heartbeats unanswered."""

MAX_SCALE: Final = 18
"""Decimal places that a scaled number may have; a venue that says more is talking nonsense."""

MAX_SYMBOLS: Final = 4096
"""Symbols remembered; a venue that names more is talking nonsense."""

_TABLE: Final = "_pack_p.update"
"""How the method of a packed table ends."""

_new = tuple.__new__

Rows = Sequence[tuple[int, str, str, str]]
"""Trades as the decoder proved them: time, taker's side, price, size; the newest first."""

_BOOK_OF = re.compile(rb'"symbol"\s*:\s*"([A-Za-z0-9._-]{1,32})"')
_IS_BOOK = re.compile(rb'"(?:orderbook_p|book)"\s*:')


class PhemexFeed:
    """One lane of one connection to Phemex."""

    heartbeat_s = HEARTBEAT_S
    silence_s = SILENCE_S

    def __init__(self, lane: Lane, credential: Credential | None = None) -> None:
        self.lane = lane
        self.ignored = 0
        """Frames with no key that is known here; new ones appear without notice."""
        self.unreadable = 0
        """Frames or rows set aside."""
        self._listing = Listing()
        self._asking = Asking(lane, credential, self._listing)
        self._ids: dict[str, InstrumentId] = {}
        self._books: dict[str, InstrumentId] = {}
        """Symbols whose book frames are passed on; a symbol that was left is taken out and put into ``_ended``."""
        self._ended: set[str] = set()
        self._ticks: dict[str, tuple[Instrument, str]] = {}
        self._market = MarketRows()
        self._table = Table(self._market)

    def reset(self) -> None:
        """Forget the state of the previous connection; what is known of instruments stays."""
        self._asking.forget()
        self._ended.clear()
        self._table.forget()

    def list_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Learn scales, and the names of index and mark series (``.BTCUSDT`` and ``.MBTCUSDT``; ``.BTC`` in COIN-M)."""
        self._listing.take(instruments)
        self._ids.update((instrument.symbol, instrument.id) for instrument in instruments)
        marks: dict[str, tuple[Instrument, str]] = {}
        for instrument in self._listing.instruments():
            if instrument.kind is ContractKind.SPOT:
                continue
            series = instrument.base if family_of(instrument) is COIN_M else instrument.symbol
            marks.setdefault(f".M{series}", (instrument, "mark"))
        indexes = {f".{name[2:]}": (instrument, "index") for name, (instrument, _) in marks.items()}
        # An index name wins: ``.MANAUSDT`` is the index of MANAUSDT, not the mark of an ANAUSDT.
        self._ticks = marks | indexes

    def take_mode(self, mode: PositionMode) -> None:
        """Do nothing: every row of a position says its mode."""

    # -- out -------------------------------------------------------------------------------------------------------

    def login(self, wall_ns: int) -> list[bytes]:
        """Return the ``user.auth`` frame on the private lane, nothing on the public one."""
        return self._asking.login(wall_ns)

    def subscribe(self, subscriptions: Sequence[Subscription]) -> list[bytes]:
        """Return the frames for subscriptions: one for each, two where both families tell of it."""
        self._ended.difference_update(_books(subscriptions))
        return self._asking.subscribe(subscriptions)

    def unsubscribe(self, subscriptions: Sequence[Subscription], remaining: Sequence[Subscription]) -> list[bytes]:
        """Return the frames that end subscriptions; book frames of a symbol that was left are dropped from here on."""
        for symbol in _books(subscriptions):
            self._ended.add(symbol)
            self._books.pop(symbol, None)
        frames, again = self._asking.unsubscribe(subscriptions, remaining)
        return frames + self.subscribe(again)

    def heartbeat(self) -> list[bytes]:
        """Return one ``server.ping``: unlike a protocol ping its answer proves the application alive."""
        return self._asking.heartbeat()

    # -- in --------------------------------------------------------------------------------------------------------

    def receive(self, frame: bytes, at_ns: int) -> list[Event]:
        """Translate one frame; what cannot be read becomes an Unreadable event, what is not known is counted."""
        events: list[Event] = []
        for event in self.receive_batch((frame,), at_ns):
            if type(event) is BookRun:
                events += event.deltas()
            else:
                events.append(event.changed() if type(event) is TickerRow else event)
        return events

    def receive_batch(self, frames: Iterable[bytes], at_ns: int) -> list[Event]:
        """Translate frames that came at once: as ``receive`` of each, but with the increments of each book as runs and the new
        trades of each tape in one event.

        A run stands where its first increment stood, trades where the first of them stood; a new snapshot ends either. Among
        other events the order is kept.
        """
        events: list[Event] = []
        runs: dict[str, list[Hot | Odd]] = {}
        tapes: dict[str, list[Rows]] = {}
        prints: list[tuple[int, InstrumentId, list[Rows]]] = []
        message: Hot | Odd
        for frame in frames:
            try:
                message = decode_hot(frame)
            except (ValueError, RecursionError):
                try:
                    message = decode_odd(frame)
                except (ValueError, RecursionError) as error:
                    events += self._set_frame_aside(f"frame: {error}", frame)
                    continue
            if message.levels is None:
                if message.trades_p is not None:
                    if type(message) is Odd or message.type == "snapshot":
                        tapes.pop(message.symbol, None)
                        events += self._receive_trades(message, message.trades_p, frame)
                        continue
                    tape = tapes.get(message.symbol)
                    if tape is None:
                        instrument = self._ids.get(message.symbol) or self._id(message.symbol)
                        if instrument is None:
                            events.append(self._set_aside("trades of no symbol", frame))
                            continue
                        tape = tapes[message.symbol] = []
                        prints.append((len(events), instrument, tape))
                    tape.append(message.trades_p)
                    continue
                if message.book is None:
                    if message.data is not None and isinstance(message.method, str) and message.method.endswith(_TABLE):
                        events += self._receive_table(message, frame, at_ns)
                    else:
                        events += self._receive_other(frame, at_ns)
                    continue
                message.levels = message.book
            if message.type != "incremental" or not message.sequence:
                runs.pop(message.symbol, None)
                events += self._receive_book(message, frame, at_ns)
                continue
            run = runs.get(message.symbol)
            if run is None:
                instrument = self._books.get(message.symbol) or self._new_book(message.symbol)
                if instrument is None:
                    if message.symbol not in self._ended:
                        events.append(self._set_aside("book of no symbol", frame))
                    continue
                run = runs[message.symbol] = []
                events.append(BookRun(instrument, run, at_ns))
            run.append(message)
        for place, instrument, tape in reversed(prints):  # from the end, so that places before it stay what they are
            events[place:place] = self._printed(instrument, tape)
        return events

    def _new_book(self, symbol: str) -> InstrumentId | None:
        """Return whose book is told for the first time; None when it is nobody's, or was left."""
        instrument = None if symbol in self._ended else self._id(symbol)
        if instrument is not None:
            self._books[symbol] = instrument
        return instrument

    def _receive_book(self, message: Hot | Odd, frame: bytes, at_ns: int) -> list[Event]:
        instrument = self._books.get(message.symbol) or self._new_book(message.symbol)
        if instrument is None:
            return [] if message.symbol in self._ended else [self._set_aside("book of no symbol", frame)]
        if not message.sequence:
            return [self._set_aside("book without a sequence", frame, instrument)]
        if message.type != "snapshot":
            return [self._set_aside(f"book of type {message.type!r}", frame, instrument)]
        levels = message.levels
        assert levels is not None
        return [BookSnapshot(instrument, levels.bids, levels.asks, message.sequence, message.depth, message.timestamp or at_ns)]

    def _receive_other(self, frame: bytes, at_ns: int) -> list[Event]:
        """Translate what comes now and then, from all that it says."""
        try:
            message = decode_frame(frame)
        except (ValueError, RecursionError) as error:
            return self._set_frame_aside(f"frame: {error}", frame)
        if message.market24h_p is not None:
            return self._receive_ticker(message.market24h_p, message.timestamp or at_ns, frame)
        if message.orders_p is not None or message.positions_p is not None or message.accounts_p is not None:
            rows = (message.orders_p, message.positions_p, message.accounts_p)
            return self._receive_account(message, USD_M, rows, at_ns, frame)
        if message.result is not None or message.error is not None:
            return self._asking.answered(message, at_ns)
        if message.kline_p is not None:
            return self._receive_candles(message, message.kline_p, frame)
        if message.tick_p is not None:
            return self._receive_tick(message.tick_p, at_ns, frame)
        return self._receive_legacy(message, frame, at_ns)

    def _receive_legacy(self, message: Frame, frame: bytes, at_ns: int) -> list[Event]:
        """Translate the older family, whose numbers are scaled integers."""
        if message.trades is not None:
            return self._receive_scaled_trades(message, message.trades, frame)
        if message.kline is not None:
            return self._receive_candles(message, message.kline, frame)
        if message.market24h is not None:
            return self._receive_ticker(message.market24h, message.timestamp or at_ns, frame)
        if message.tick is not None:
            return self._receive_tick(message.tick, at_ns, frame)
        if message.orders is not None or message.positions is not None or message.accounts is not None:
            rows = (message.orders, message.positions, message.accounts)
            return self._receive_account(message, COIN_M, rows, at_ns, frame)
        if message.risk_units is not None or message.risk_wallets is not None:
            return self._receive_risk(message, frame)
        self.ignored += 1
        return []

    def _receive_risk(self, message: Frame, frame: bytes) -> list[Event]:
        """Translate what the risk stream says; nobody subscribes to it yet, other programs of the account may."""
        listing = self._listing
        try:
            units = [risk_unit_of(Row(raw, listing)) for raw in _list(message.risk_units, "risk units")]
            wallets = dict(risk_wallet_of(Row(raw, listing)) for raw in _list(message.risk_wallets, "risk wallets"))
        except WireError as error:
            return [self._set_aside(f"risk: {error}", frame)]
        return [RiskUnitsTold(units, wallets)]

    def _receive_trades(self, message: Hot | Odd, rows: Any, frame: bytes) -> list[Event]:
        """Rows come newest first and leave oldest first; equal rows are distinct trades."""
        instrument = self._ids.get(message.symbol) or self._id(message.symbol)
        if instrument is None or not isinstance(rows, list):
            return [self._set_aside("trades of no symbol", frame)]
        snapshot = message.type == "snapshot"
        return (
            self._printed(instrument, [rows], snapshot) if type(message) is Hot else self._sorted_out(instrument, rows, snapshot)
        )

    def _printed(self, instrument: InstrumentId, tape: list[Rows], snapshot: bool = False) -> list[Event]:
        """Return what messages of trades say, the oldest message first: all at once, unless one of them says what is none."""
        rows = tape[0] if len(tape) == 1 else [row for each in reversed(tape) for row in each]
        try:
            return [_new(TradesPrinted, (instrument, self._market.printed(rows), snapshot))]
        except WireError:
            return [event for each in tape for event in self._sorted_out(instrument, each, snapshot)]

    def _receive_scaled_trades(self, message: Frame, rows: Any, frame: bytes) -> list[Event]:
        """The older family's: integers scaled by what the product list says."""
        instrument = self._id(message.symbol)
        if instrument is None or not isinstance(rows, list):
            return [self._set_aside("trades of no symbol", frame)]
        known = self._listing.get(message.symbol)
        if known is None:
            return [self._set_aside(f"trades of {message.symbol}: scales not known", frame)]
        return self._sorted_out(instrument, rows, message.type == "snapshot", known.price_scale, known.size_scale)

    def _sorted_out(
        self, instrument: InstrumentId, rows: Sequence[Any], snapshot: bool, price_scale: int = 0, size_scale: int = 0
    ) -> list[Event]:
        """Read trades one by one and set aside those that are none."""
        trades = []
        bad: list[Event] = []
        for row in reversed(rows):
            try:
                trades.append(self._market.trade(row, price_scale, size_scale))
            except WireError as error:
                bad.append(self._set_aside(f"trade: {error}", row))
        return [TradesPrinted(instrument, trades, snapshot), *bad]

    def _receive_candles(self, message: Frame, rows: Any, frame: bytes) -> list[Event]:
        instrument = self._id(message.symbol)
        if instrument is None or not isinstance(rows, list):
            return [self._set_aside("candles of no symbol", frame)]
        scales = (0, 0, 0)
        if message.kline is not None:
            # Newer messages bring their scales; for the older ones there is the product list.
            known = self._listing.get(message.symbol)
            if message.priceScale is not None and message.valueScale is not None:
                scales = (message.priceScale, message.qtyScale or 0, message.valueScale)
            elif known is not None:
                scales = (known.price_scale, known.size_scale, known.value_scale)
            else:
                return [self._set_aside(f"candles of {message.symbol}: scales not known", frame)]
            if not all(0 <= scale <= MAX_SCALE for scale in scales):
                return [self._set_aside(f"candles of {message.symbol}: scales beyond reason", frame)]
        candles = []
        bad: list[Event] = []
        for row in reversed(rows):
            try:
                candles.append(self._market.candle(row, *scales))
            except WireError as error:
                bad.append(self._set_aside(f"candle: {error}", row))
        candles.sort(key=lambda candle: candle.start_s)
        return [CandlesChanged(instrument, candles, message.type == "snapshot"), *bad]

    def _receive_ticker(self, values: Any, at_ns: int, raw: object) -> list[Event]:
        symbol = values.get("symbol") if isinstance(values, dict) else None
        instrument = self._id(symbol) if isinstance(symbol, str) else None
        if instrument is None:
            return [self._set_aside("ticker of no symbol", raw)]
        known = self._listing.get(instrument.symbol)
        try:
            if known is not None and family_of(known) is COIN_M:
                return [self._market.scaled_ticker(known, at_ns, values)]
            return [self._market.ticker(instrument, at_ns, values)]
        except WireError as error:
            return [self._set_aside(f"ticker: {error}", raw)]

    def _receive_table(self, message: Hot | Odd, frame: bytes, at_ns: int) -> list[Event]:
        """The packed 24-hour table, row by row: one that cannot be read costs only itself."""
        table = self._table
        table.name(message.fields)
        width, at = table.width, table.symbol_at
        if at < 0 or not isinstance(message.data, list):
            return [self._set_aside("table without column names", frame)]
        at_ns = message.timestamp or at_ns
        ids, read = self._ids, table.read
        events: list[Event] = []
        for row in message.data:
            if not isinstance(row, list) or len(row) != width:
                events.append(self._set_aside("table row of another width", row))
                continue
            symbol = row[at]
            instrument = (ids.get(symbol) or self._id(symbol)) if isinstance(symbol, str) else None
            if instrument is None:
                events.append(self._set_aside("ticker of no symbol", row))
                continue
            try:
                events.append(read(instrument, at_ns, row))
            except WireError as error:
                events.append(self._set_aside(f"ticker: {error}", row))
        return events

    def _receive_tick(self, values: Any, at_ns: int, frame: bytes) -> list[Event]:
        """A step of an index or mark series; series of instruments that are not listed are ignored."""
        if not isinstance(values, dict) or not isinstance(values.get("symbol"), str):
            return [self._set_aside("tick of no symbol", frame)]
        series = self._ticks.get(values["symbol"])
        if series is None:
            self.ignored += 1
            return []
        instrument, name = series
        stamp, scale = values.get("timestamp"), values.get("scale", 0)
        try:
            price = self._market.number(values.get("last"), scale if type(scale) is int and 0 <= scale <= MAX_SCALE else 0)
        except WireError as error:
            return [self._set_aside(f"tick: {error}", frame)]
        at_ns = stamp if type(stamp) is int else at_ns
        if name == "mark":
            return [TickerChanged(instrument.id, at_ns, mark=price)]
        return [TickerChanged(instrument.id, at_ns, index=price)]

    def _receive_account(self, message: Frame, family: Family, rows: Sequence[Any], at_ns: int, frame: bytes) -> list[Event]:
        """Orders first, in the order given, then positions, then balances: a position row already counts the fills beside it."""
        orders, positions, accounts = rows
        replayed = message.type == "snapshot"
        stamp = message.timestamp or at_ns
        known = self._listing
        events: list[Event] = []
        try:
            for raw in _list(orders, "orders"):
                events += readable(raw, known, lambda row: order_events(row, replayed=replayed), "order")
            for raw in _list(positions, "positions"):
                events += readable(raw, known, lambda row: [PositionChanged(position_of(row, known))], "position")
            for raw in _list(accounts, "accounts"):
                events += readable(raw, known, lambda row: [BalanceChanged(balance_of(row, stamp))], "account")
        except WireError as error:
            events.append(self._set_aside(str(error), frame))
        else:
            for event in events:
                if type(event) is Unreadable:
                    self.unreadable += 1
            events += self._asking.account_told(family)
        return events

    # -- inside ----------------------------------------------------------------------------------------------------

    def _id(self, symbol: str) -> InstrumentId | None:
        """Return the identity of a symbol, one object each; None when it cannot be one."""
        found = self._ids.get(symbol)
        if found is None and len(self._ids) < MAX_SYMBOLS and is_symbol(symbol):
            found = self._ids[symbol] = InstrumentId(VENUE, symbol)
        return found

    def _set_frame_aside(self, reason: str, frame: bytes) -> list[Event]:
        """Set a frame aside that does not decode; where it does not say whose book it was, it may have been anybody's."""
        named = _book_named_in(frame)
        first = self._set_aside(reason, frame, named or next(iter(self._books.values()), None))
        others = () if named else tuple(self._books.values())[1:]
        return [first, *(replace(first, instrument=each) for each in others)]

    def _set_aside(self, reason: str, raw: object, instrument: InstrumentId | None = None) -> Unreadable:
        self.unreadable += 1
        return Unreadable(VENUE, sanitise(reason, 120), sample(raw), instrument)


def _list(rows: Any, name: str) -> Iterable[object]:
    if rows is None:
        return ()
    if not isinstance(rows, list):
        raise WireError(f"{name} are not a list")
    return rows


def _books(subscriptions: Sequence[Subscription]) -> list[str]:
    """Return the symbols of the books among subscriptions."""
    return [each.instrument.symbol if each.instrument else "" for each in subscriptions if each.channel is Channel.BOOK]


def _book_named_in(frame: bytes) -> InstrumentId | None:
    """Return whose book an undecodable frame seems to be about: enough to doubt it, never to change it."""
    match = _BOOK_OF.search(frame) if _IS_BOOK.search(frame) else None
    return InstrumentId(VENUE, match[1].decode()) if match else None
