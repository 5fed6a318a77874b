"""A market from a recording: the book and the prints that a venue once sent, at their own pace or a multiple of it.

A recorded level is an ordinary quote of the house maker, so a user's order can take it; what was taken comes back with the
next recorded change of that price. A resting order of a user is filled when a recorded level crosses it, or when a recorded
trade goes past its price; at its very price nobody can say how long the queue was, so it waits. A recording that is over
begins again. Symbols that it does not hold are moved by seeded order flow.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_trader.core.clock import NS
from tui_trader.core.decimals import from_scaled, from_wire
from tui_trader.core.error import WireError
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind, InstrumentId, Side
from tui_trader.sim.engine import Resting
from tui_trader.sim.ledger import MAKER, TAKER
from tui_trader.sim.listing import Listing
from tui_trader.sim.market import SeededFlow
from tui_trader.sim.products import phemex_instruments
from tui_trader.sim.types import PublicTrade

if TYPE_CHECKING:
    from tui_trader.sim.exchange import Exchange

_SIDES = {"Buy": Side.BUY, "Sell": Side.SELL}

_REST_NS = 2 * NS
"""Pause before a recording begins again."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """How a symbol of an integer feed is read (the venue's product list of 2021-07-03)."""

    base: str
    tick: str
    lot: str
    """Base units of the smallest size; of one contract where sizes are contracts."""
    price_scale: int
    size_scale: int = 0
    """Exponent of sizes in base units; 0 where a size counts lots."""


_SCALES = {
    "XMRUSD": _Scale("XMR", "0.01", "0.01", 4),
    "ENJUSD": _Scale("ENJ", "0.0001", "10", 4),
    "sSUSHIUSDT": _Scale("SUSHI", "0.001", "0.001", 8, 8),
    "sENJUSDT": _Scale("ENJ", "0.00001", "0.01", 8, 8),
    "sBCHUSDT": _Scale("BCH", "0.01", "0.00001", 8, 8),
}


@dataclass(frozen=True, slots=True)
class _Frame:
    """One recorded message of one symbol, in whole ticks and lots."""

    at_ns: int
    """Since the recording began."""
    snapshot: bool
    levels: tuple[tuple[Side, int, int], ...] = ()
    trades: tuple[tuple[int, Side, int, int], ...] = ()
    """(nanoseconds since the recording began, taker's side, ticks, lots), oldest first."""


class _Reel:
    """The playing of one symbol: where it is, and the quotes it has in the book."""

    def __init__(self, frames: Sequence[_Frame]) -> None:
        self.frames = frames
        self.next = 0
        self.began_ns = 0
        """Exchange time at which this round began."""
        self.quotes: dict[tuple[Side, int], list[Resting]] = {}


class ReplayFlow:
    """Plays ``{"dir": "recv", "ts": …, "msg": …}`` lines of a Phemex feed at ``speed`` times their pace.

    Understands the integer messages ``book`` and ``trades`` and the decimal ones ``orderbook_p`` and ``trades_p``; other
    lines are passed over. Raises WireError for a line that is none, a message that cannot be read, a symbol of unknown scale,
    and for a file without any book; OSError when it cannot be opened.
    """

    def __init__(self, path: Path | str, speed: float = 1.0) -> None:
        listed = {instrument.symbol: instrument for instrument in phemex_instruments()}
        frames: dict[str, list[_Frame]] = {}
        self._played: dict[str, Instrument] = {}
        first_ns = 0
        with Path(path).open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    ts, message = _message(line)
                    if message is None:
                        continue
                    first_ns = first_ns or ts
                    symbol = message["symbol"]
                    if symbol not in self._played:
                        self._played[symbol] = listed.get(symbol) or _instrument(symbol)
                    frame = _frame(self._played[symbol], message, ts - first_ns, first_ns)
                except (ValueError, KeyError, TypeError, ArithmeticError, WireError) as error:
                    raise WireError(f"{path}, line {number}: {error}") from None
                frames.setdefault(symbol, []).append(frame)
        if not any(frame.levels for one in frames.values() for frame in one):
            raise WireError(f"{path}: no order book in it")
        self.always_on: Sequence[str] = tuple(frames)
        self.instruments: list[Instrument] = list(self._played.values())
        """What the recording trades: list these in the exchange that plays it."""
        self._speed = speed
        self.length_ns = max(one[-1].at_ns for one in frames.values()) + _REST_NS
        """Length of one round of the recording, the pause at its end included."""
        self._reels = {symbol: _Reel(one) for symbol, one in frames.items()}
        self._others = SeededFlow(always_on=())

    # -- what the exchange asks ------------------------------------------------------------------------------------

    def open(self, exchange: Exchange, seed: int, now_ns: int) -> None:
        """Get ready."""
        self._others.open(exchange, seed, now_ns)

    def start(self, exchange: Exchange, listing: Listing) -> None:
        """Begin a symbol with the first book and the old prints of the recording."""
        reel = self._reels.get(listing.symbol)
        if reel is None:
            self._others.start(exchange, listing)
            return
        now_ns = exchange.now_ns
        reel.began_ns = now_ns
        for frame in reel.frames:
            if frame.trades and frame.snapshot:
                prints = [
                    PublicTrade(listing.symbol, min(now_ns, now_ns + at), side, listing.price(ticks), listing.qty(lots), 0)
                    for at, side, ticks, lots in frame.trades
                ]
                listing.prints.backfill([], prints)
                listing.set_last(listing.prints.last)
                break
        for frame in reel.frames:
            if frame.levels and frame.snapshot:
                self._show(exchange, listing, reel, frame)
                break
        self._refer(listing)

    def step(self, exchange: Exchange, listing: Listing) -> None:
        """Play what was recorded up to now."""
        reel = self._reels.get(listing.symbol)
        if reel is None:
            self._others.step(exchange, listing)
            return
        elapsed = self._elapsed(exchange, reel)
        if elapsed >= self.length_ns:
            rounds = elapsed // self.length_ns
            reel.began_ns += round(rounds * self.length_ns / self._speed)
            reel.next = 0
            elapsed = self._elapsed(exchange, reel)
        while reel.next < len(reel.frames) and reel.frames[reel.next].at_ns <= elapsed:
            frame = reel.frames[reel.next]
            reel.next += 1
            if frame.levels:
                self._show(exchange, listing, reel, frame)
            elif not frame.snapshot:
                self._print(exchange, listing, frame)
        self._refer(listing)

    def glance(self, exchange: Exchange, listing: Listing) -> None:
        """Refresh the prices of a symbol that was not started."""
        if listing.symbol not in self._reels:
            self._others.glance(exchange, listing)

    # -- playing ---------------------------------------------------------------------------------------------------

    def _elapsed(self, exchange: Exchange, reel: _Reel) -> int:
        return int((exchange.now_ns - reel.began_ns) * self._speed)

    def _show(self, exchange: Exchange, listing: Listing, reel: _Reel, frame: _Frame) -> None:
        """Set levels to their recorded size: what shrinks first, so that nothing meets a level that the message removes."""
        wanted = {(side, ticks): lots for side, ticks, lots in frame.levels}
        if frame.snapshot:
            wanted = {**dict.fromkeys(reel.quotes, 0), **wanted}
        growing = []
        for key, lots in wanted.items():
            queue = [quote for quote in reel.quotes.get(key, ()) if quote.priority]
            held = sum(quote.lots for quote in queue)
            while held > lots:
                cut = min(held - lots, queue[-1].lots)
                listing.book.reduce(queue[-1], cut)
                held -= cut
                if not queue[-1].lots:
                    queue.pop()
            if held < lots:
                growing.append((key, lots - held))
            reel.quotes[key] = queue
            if not queue:
                del reel.quotes[key]
        for (side, ticks), lots in growing:
            quote = exchange.floor.house_order(listing, MAKER, side, ticks, lots, rest=True)
            if quote.priority:
                reel.quotes.setdefault((side, ticks), []).append(quote)

    def _print(self, exchange: Exchange, listing: Listing, frame: _Frame) -> None:
        """Print recorded trades; users' orders that one went past are filled first, out of its size."""
        for _, side, ticks, lots in frame.trades:
            while lots:
                head = listing.book.head(side.opposite)
                if head is None or head.order is None or (ticks - head.ticks) * side.sign <= 0:
                    break
                taken = min(lots, head.lots)
                exchange.floor.house_order(listing, TAKER, side, head.ticks, taken, rest=False)
                lots -= taken
            if lots:
                exchange.floor.print_trade(listing, side, listing.price(ticks), listing.qty(lots))

    def _refer(self, listing: Listing) -> None:
        middle = listing.middle()
        if middle:
            listing.set_reference(middle, middle)


def _message(line: str) -> tuple[int, dict[str, Any] | None]:
    """Return (receive time in nanoseconds, message) of a line; no message where it is none of the four that are played."""
    row = json.loads(line, parse_float=Decimal)
    message = row["msg"]
    if row["dir"] != "recv" or not isinstance(message, dict):
        return 0, None
    if not any(key in message for key in ("book", "orderbook_p", "trades", "trades_p")):
        return 0, None
    return int(from_wire(row["ts"]) * NS), message


def _instrument(symbol: str) -> Instrument:
    scale = _SCALES.get(symbol)
    if scale is None:
        raise WireError(f"scale of {symbol} is not known")
    # Settled in USDT and sized in base units, so that an ordinary account can trade it next to the listed contracts.
    return Instrument(
        InstrumentId("phemex", symbol),
        ContractKind.LINEAR,
        base=scale.base,
        quote="USDT",
        settle="USDT",
        tick=Decimal(scale.tick),
        lot=Decimal(scale.lot),
        min_qty=Decimal(scale.lot),
        min_notional=Decimal(1),
        max_leverage=Decimal(20),
        display=f"{scale.base} / USDT",
    )


def _frame(instrument: Instrument, message: dict[str, Any], at_ns: int, first_ns: int) -> _Frame:
    scale = _SCALES.get(instrument.symbol)
    snapshot = message["type"] == "snapshot"

    def ticks_of(raw: object) -> int:
        price = from_scaled(raw, scale.price_scale) if scale and isinstance(raw, int) else from_wire(raw)
        return instrument.to_ticks(price)

    def lots_of(raw: object) -> int:
        if scale and isinstance(raw, int):
            size = from_scaled(raw, scale.size_scale) if scale.size_scale else raw * instrument.lot
        else:
            size = from_wire(raw)
        # A size finer than the lot of today's table is cut: nobody could trade the rest.
        return int(size / instrument.lot)

    book = message.get("book") or message.get("orderbook_p")
    if book is not None:
        levels = tuple(
            (side, ticks_of(price), lots_of(size))
            for name, side in (("bids", Side.BUY), ("asks", Side.SELL))
            for price, size in book[name]
        )
        return _Frame(at_ns, snapshot, levels=levels)
    rows = message.get("trades") or message.get("trades_p") or []
    trades = tuple((row[0] - first_ns, _SIDES[row[1]], ticks_of(row[2]), lots_of(row[3])) for row in reversed(rows))
    return _Frame(at_ns, snapshot, trades=trades)
