"""How MEXC writes what the exchange knows: contracts for sizes, numbers for words, numbers for ids.

Written from the venue's documentation alone. Numbers leave as JSON numbers with every digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import orjson

from tui_trader.core.decimals import plain
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind, OrderType, PositionMode, PositionSide, Side, TimeInForce, TriggerSource
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import RestReply
from tui_trader.sim.types import Refusal, SimOrder, SimStatus

MILLI: Final = 1_000_000
"""Nanoseconds in a millisecond."""

Row = dict[str, Any]
Args = Mapping[str, Any]

FIRST_ID: Final = 739_000_000_000_000_000
"""Ids are whole numbers far past what a double holds exactly."""

LIMIT_TYPES: Final = {1: TimeInForce.GTC, 2: TimeInForce.POST_ONLY, 3: TimeInForce.IOC, 4: TimeInForce.FOK}
LIMIT_CODES: Final = {tif: code for code, tif in LIMIT_TYPES.items()}
TRENDS: Final = {1: TriggerSource.LAST, 2: TriggerSource.MARK, 3: TriggerSource.INDEX}
TREND_CODES: Final = {source: code for code, source in TRENDS.items()}

STATES: Final = {
    SimStatus.NEW: 2,
    SimStatus.PARTIAL: 2,
    SimStatus.FILLED: 3,
    SimStatus.CANCELED: 4,
    SimStatus.REJECTED: 5,
    SimStatus.UNTRIGGERED: 1,
}

REFUSALS: Final[dict[Refusal, tuple[int, str]]] = {
    Refusal.SYMBOL: (1001, "Contract does not exist"),
    Refusal.PRICE_TICK: (2015, "Price or quantity accuracy error"),
    Refusal.QTY_LOT: (2015, "Price or quantity accuracy error"),
    Refusal.PRICE_TOO_HIGH: (2003, "Overpriced to pay"),
    Refusal.PRICE_TOO_LOW: (2004, "Low-price for selling"),
    Refusal.QTY_TOO_LARGE: (2028, "The maximum order quantity is exceeded"),
    Refusal.QTY_TOO_SMALL: (2011, "Order quantity error"),
    Refusal.VALUE_TOO_SMALL: (2011, "Order quantity error"),
    Refusal.NO_BALANCE: (2005, "Balance insufficient"),
    Refusal.REDUCE_ONLY: (2008, "The quantity is insufficient"),
    Refusal.REDUCE_NOTHING: (2009, "Positions do not exist or have been closed"),
    Refusal.POSITION_MODE: (7002, "Position mode error"),
    Refusal.RISK_LIMIT: (2031, "The allowable holding position exceed the current risk limit"),
    Refusal.LEVERAGE: (2006, "Leverage ratio error"),
    Refusal.NO_MARKET: (2007, "Order price error"),
    Refusal.POSITION_OPEN: (2019, "There is an active open position"),
    Refusal.LIQUIDATING: (6001, "Trading forbidden"),
    Refusal.LEVERAGE_BALANCE: (2005, "Balance insufficient"),
    Refusal.MARGIN_NO_POSITION: (2009, "Positions do not exist or have been closed"),
    Refusal.MARGIN_CROSS: (2026, "Modification of leverage is not supported for cross"),
    Refusal.CLOSING_ATTACH: (5003, "The take-profit or the stop-loss price is unreasonable"),
    Refusal.ATTACH_WITH_POSITION: (5003, "The take-profit or the stop-loss price is unreasonable"),
    Refusal.TARGET_TOO_HIGH: (5003, "The take-profit or the stop-loss price is unreasonable"),
    Refusal.TARGET_TOO_LOW: (5003, "The take-profit or the stop-loss price is unreasonable"),
    Refusal.STOP_TOO_HIGH: (5003, "The take-profit or the stop-loss price is unreasonable"),
    Refusal.STOP_TOO_LOW: (5003, "The take-profit or the stop-loss price is unreasonable"),
    Refusal.LONG_TRAIL_ABOVE: (3004, "Trigger price error"),
    Refusal.SHORT_TRAIL_BELOW: (3004, "Trigger price error"),
    Refusal.LONG_TRAIL_PAST_LIQUIDATION: (3004, "Trigger price error"),
    Refusal.SHORT_TRAIL_PAST_LIQUIDATION: (3004, "Trigger price error"),
    Refusal.LONG_ACTIVATION_BELOW: (3004, "Trigger price error"),
    Refusal.SHORT_ACTIVATION_ABOVE: (3004, "Trigger price error"),
    Refusal.TRIGGER_DIRECTLY_RISING: (3004, "Trigger price error"),
    Refusal.TRIGGER_DIRECTLY_FALLING: (3004, "Trigger price error"),
}
"""What the answer to a request says; refusals of the matching engine are not among them."""

ENGINE: Final = {Refusal.WOULD_CROSS: 20, Refusal.NO_LIQUIDITY: 19}
"""Orders that are taken and cancelled at once, by ``errorCode`` of their row: post-only, fill-or-kill."""


class Complaint(Exception):
    """Something the venue refuses, with its code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message


def number(value: Decimal) -> orjson.Fragment:
    """Return an exact JSON number."""
    return orjson.Fragment(plain(value))


def scientific(value: Decimal) -> orjson.Fragment:
    """Return a price as merged book frames carry it: ``97500`` is ``9.75E+4``."""
    return orjson.Fragment(str(value.normalize()))


def success(data: Any = None, *, bare: bool = False) -> RestReply:
    """Return an envelope of success; ``bare`` has no data."""
    body: Row = {"success": True, "code": 0}
    return RestReply(200, orjson.dumps(body if bare else body | {"data": data}))


def refused(code: int, message: str, status: int = 200) -> RestReply:
    """Return an envelope of refusal."""
    return RestReply(status, orjson.dumps({"success": False, "code": code, "message": message}))


class Contracts:
    """The contracts of an exchange, and sizes as volumes."""

    def __init__(self, exchange: Exchange) -> None:
        self._listed = exchange.instruments

    def need(self, symbol: object) -> Instrument:
        """Return a listed contract; raises Complaint 1001."""
        found = self._listed.get(symbol) if isinstance(symbol, str) else None
        if found is None:
            raise Complaint(1001, "Contract does not exist")
        return found

    def unit(self, symbol: str) -> Decimal:
        """Return the size of one contract in the exchange's own unit."""
        instrument = self._listed[symbol]
        return instrument.wire_lot if instrument.kind is ContractKind.LINEAR else Decimal(1)

    def vol(self, symbol: str, qty: Decimal) -> orjson.Fragment:
        """Return a size as a volume."""
        return number(qty / self.unit(symbol))

    def qty(self, symbol: str, vol: Decimal) -> Decimal:
        """Return a volume as a size."""
        return vol * self.unit(symbol)


class Ids:
    """The venue's ids of what the exchange names otherwise: orders, trigger orders, executions, positions."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._names: dict[int, str] = {}

    def of(self, name: str) -> int:
        """Return the number of a name, a new one if it has none."""
        found = self._numbers.get(name)
        if found is None:
            found = self._numbers[name] = FIRST_ID + 2 * len(self._numbers) + 1
            self._names[found] = name
        return found

    def name(self, identity: object) -> str:
        """Return the name of a number; empty for one that was never given out."""
        text = str(identity)
        return self._names.get(int(text), "") if text.isascii() and text.isdigit() and len(text) < 20 else ""


def side_code(order: SimOrder, mode: PositionMode) -> int:
    """Return the side code of an order: 1 open long, 2 close short, 3 open short, 4 close long."""
    if mode is PositionMode.HEDGED:
        long = order.position_side is PositionSide.LONG
        return (1 if order.side is Side.BUY else 4) if long else (3 if order.side is Side.SELL else 2)
    if order.reduce_only or order.close_on_trigger:
        return 2 if order.side is Side.BUY else 4
    return 1 if order.side is Side.BUY else 3


def type_code(order: SimOrder) -> int:
    """Return the order type code; what a trigger order becomes counts."""
    if order.type in (OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED):
        return LIMIT_CODES[order.tif]
    return 5


def error_code(order: SimOrder) -> int:
    """Return the ``errorCode`` of an order's row."""
    if order.refusal in ENGINE:
        return ENGINE[order.refusal]
    if order.status is SimStatus.CANCELED and order.refusal is Refusal.LIQUIDATING:
        return 6
    if order.status is SimStatus.CANCELED and order.refusal in (Refusal.REDUCE_ONLY, Refusal.REDUCE_NOTHING):
        return 10
    return 0


def whole(args: Args, name: str, default: int | None = None) -> int:
    """Return a whole number given as a number or as text; raises Complaint 600."""
    value = args.get(name)
    if value is None or value == "":
        if default is not None:
            return default
        raise Complaint(600, f"Parameter error: {name}")
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.lstrip("-").isdigit() and len(text) < 20):
        raise Complaint(600, f"Parameter error: {name}")
    return int(text)


def amount(args: Args, name: str) -> Decimal | None:
    """Return a number given as a number or as text; None without one; raises Complaint 600."""
    value = args.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Complaint(600, f"Parameter error: {name}")
    try:
        found = Decimal(value)
    except ArithmeticError:
        raise Complaint(600, f"Parameter error: {name}") from None
    if not found.is_finite():
        raise Complaint(600, f"Parameter error: {name}")
    return found
