"""One row of an order, fill, position or account, whichever way it came, as our values.

Numbers come as JSON numbers or as text, with exponents and thirty digits or without; ids as numbers or as text. A row that cannot
be read raises WireError and costs only itself. It must not know which message the row was in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, TypeVar

from tui_trader.core.account import Balance
from tui_trader.core.decimals import ZERO
from tui_trader.core.error import WireError
from tui_trader.core.event import Event, FundingPaid, OrderChanged, Unreadable
from tui_trader.core.funds import Transfer, TransferState
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Fill, OrderReport
from tui_trader.core.position import Position
from tui_trader.core.sanitise import is_symbol, sanitise
from tui_trader.core.types import (
    ClientOrderId,
    ExecId,
    InstrumentId,
    Liquidity,
    OrderStatus,
    PositionMode,
    PositionSide,
    Side,
    VenueOrderId,
)
from tui_trader.venues.exact import sample
from tui_trader.venues.fields import MAX_ID, Fields
from tui_trader.venues.mexc import codes, words
from tui_trader.venues.mexc.terms import Terms
from tui_trader.venues.mexc.words import VENUE, Way

T = TypeVar("T")

NS_PER_MS: Final = 1_000_000


class Row(Fields):
    """Fields of one of MEXC's rows: ids and codes come as numbers or as text, volumes in contracts."""

    __slots__ = ()

    def identity(self, *names: str) -> str:
        """Return an id, which may come as a number of any length, safe to show and to send back; empty for none and for 0."""
        value = self.raw(*names)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is None or value == "0":
            return ""
        if not isinstance(value, str) or len(value) > MAX_ID or value != sanitise(value, MAX_ID + 1):
            raise WireError(f"{names[0]} is not an id")
        return value

    def size(self, instrument: Instrument, *names: str) -> Decimal:
        """Return a volume as a size; zero where there is none."""
        value = self.amount(*names)
        if value < 0:
            raise WireError(f"{names[0]} is negative")
        return value * instrument.wire_lot

    def whole(self, *names: str) -> int:
        """Return a whole number, which may come with an exponent or as text; zero where there is none."""
        value = self.raw(*names)
        if isinstance(value, Decimal) and value == value.to_integral_value() and abs(value) < 1 << 64:
            return int(value)
        return super().whole(*names)

    def flag(self, *names: str) -> bool | None:
        """Return a boolean, None where the row does not say."""
        value = self.raw(*names)
        return value if isinstance(value, bool) else None

    def word(self, table: Mapping[int, T], *names: str) -> T:
        """Return what a number stands for; raises WireError where it stands for nothing that is known."""
        number = self.whole(*names)
        if number not in table:
            raise WireError(f"{names[0]} {number} is not known")
        return table[number]


def readable(raw: object, read: Callable[[Row], list[Event]], what: str) -> list[Event]:
    """Return what ``read`` makes of one row, or the one event that says it could not be read."""
    try:
        return read(Row(raw))
    except WireError as error:
        return [Unreadable(VENUE, sanitise(f"{what}: {error}", 120), sample(raw))]


def mode_of(row: Row, terms: Terms) -> PositionMode:
    """Return the position mode that a row is of: its own word, else the account's, else one-way."""
    return words.MODE.get(row.whole("positionMode")) or terms.mode or PositionMode.ONE_WAY


def report_of(row: Row, terms: Terms) -> OrderReport:
    """Return what the row of an order says."""
    symbol = row.symbol()
    instrument = terms.need(symbol)
    way = row.word(words.WAYS, "side")
    kind, tif = row.word(words.KIND, "orderType", "type")
    filled = row.size(instrument, "dealVol")
    average = row.price("dealAvgPrice")
    code = row.whole("errorCode")
    target, protection = row.price("takeProfitPrice"), row.price("stopLossPrice")
    return OrderReport(
        instrument=instrument.id,
        client_id=ClientOrderId(row.identity("externalOid")),
        venue_id=VenueOrderId(row.identity("orderId")),
        status=_partly(row.word(words.STATE, "state"), filled),
        side=way.side,
        type=kind,
        qty=row.size(instrument, "vol"),
        filled=filled,
        filled_value=instrument.value(filled, average) if average is not None else ZERO,
        # A market order's row carries the venue's protection price: nobody asked for it as a limit.
        price=row.price("price") if kind.has_limit else None,
        tif=tif,
        position_side=leg_of(way, mode_of(row, terms)),
        reduce_only=way.closes or row.flag("reduceOnly") is True,
        take_profit=target,
        stop_loss=protection,
        take_profit_source=words.TREND.get(row.whole("profitTrend")) if target else None,
        stop_loss_source=words.TREND.get(row.whole("lossTrend")) if protection else None,
        sequence=row.whole("version"),
        at_ns=(row.whole("updateTime") or row.whole("createTime")) * NS_PER_MS,
        reason=codes.order_reason(code),
        code=str(code) if code else "",
    )


def leg_of(way: Way, mode: PositionMode) -> PositionSide:
    """Return the leg that a side code is about in a position mode."""
    return way.leg if mode is PositionMode.HEDGED else PositionSide.MERGED


def fill_of(row: Row, terms: Terms) -> Fill:
    """Return the execution that a row describes."""
    instrument = terms.need(row.symbol())
    way = row.word(words.WAYS, "side")
    qty, price = row.size(instrument, "vol"), row.price("price")
    if not qty or price is None:
        raise WireError("execution without size or price")
    return Fill(
        exec_id=ExecId(needed(row, "id")),
        instrument=instrument.id,
        client_id=ClientOrderId(row.identity("externalOid")),
        venue_id=VenueOrderId(row.identity("orderId")),
        side=way.side,
        qty=qty,
        price=price,
        fee=row.amount("fee"),
        fee_currency=sanitise(row.text("feeCurrency"), 16),
        liquidity=Liquidity.TAKER if row.flag("isTaker", "taker") else Liquidity.MAKER,
        at_ns=row.whole("timestamp") * NS_PER_MS,
        position_side=leg_of(way, mode_of(row, terms)),
        realised=row.amount("profit"),
        kind=words.FILL_KIND.get(row.whole("category"), "trade"),
    )


def position_of(row: Row, terms: Terms, at_ns: int = 0) -> Position:
    """Return the leg that a row describes; ``at_ns`` stands in where the row does not tell its time.

    What is realised comes with fees and funding in it, unless the newer fields tell it without.
    """
    instrument = terms.need(row.symbol())
    held = row.word(words.HELD, "positionType")
    mode = mode_of(row, terms)
    leg = PositionSide.LONG if held is Side.BUY else PositionSide.SHORT
    qty = ZERO if row.whole("state") == 3 else row.size(instrument, "holdVol")
    closed = row.number("closeProfitLoss")
    stamp = row.whole("updateTime") * NS_PER_MS
    return Position(
        instrument=instrument.id,
        position_side=leg if mode is PositionMode.HEDGED else PositionSide.MERGED,
        mode=mode,
        side=held if qty else None,
        qty=qty,
        entry=(row.price("holdAvgPriceFullyScale", "holdAvgPrice") or ZERO) if qty else ZERO,
        leverage=row.amount("leverage"),
        margin_mode=row.word(words.MARGIN, "openType"),
        liquidation=row.price("liquidatePrice") if qty else None,
        margin=row.amount("im") if qty else ZERO,
        realised=row.amount("realised") if closed is None else closed,
        fees=row.amount("totalFee", "fee") if closed is not None else ZERO,
        funding=-row.amount("holdFee"),
        at_ns=stamp or at_ns,
    )


def balance_of(row: Row, at_ns: int) -> Balance:
    """Return the account of one currency. What it is worth without open profit is told by REST alone; pushes give the parts."""
    currency = row.text("currency")
    if not is_symbol(currency):
        raise WireError("account without a currency")
    available = row.amount("availableBalance")
    equity, unrealised = row.number("equity"), row.number("unrealized")
    if equity is not None and unrealised is not None:
        total = equity - unrealised
    else:
        total = available + row.amount("frozenBalance") + row.amount("positionMargin")
    return Balance(VENUE, currency, total, total - available, at_ns)


def funding_of(row: Row, terms: Terms) -> FundingPaid:
    """Return the funding payment that a row describes; the venue counts what is received as positive."""
    instrument = terms.need(row.symbol())
    return FundingPaid(
        instrument=InstrumentId(VENUE, instrument.symbol),
        amount=-row.amount("funding"),
        currency=instrument.settle,
        rate=row.amount("rate"),
        at_ns=row.whole("settleTime") * NS_PER_MS,
        exec_id=f"funding-{needed(row, 'id')}",
    )


def transfer_of(row: Row) -> Transfer:
    """Return the movement between wallet and futures account that a row describes."""
    way = {"IN": True, "OUT": False}.get(row.text("type"))
    currency, amount = row.text("currency"), row.number("amount")
    if way is None or not is_symbol(currency) or amount is None or amount < 0:
        raise WireError("transfer without a direction, a currency or an amount")
    states = {"SUCCESS": TransferState.DONE, "FAILED": TransferState.FAILED}
    return Transfer(
        key=row.identity("txid", "id"),
        currency=currency,
        amount=amount,
        to_trading=way,
        state=states.get(row.text("state"), TransferState.UNDER_WAY),
        at_ns=row.whole("createTime") * NS_PER_MS,
    )


def order_events(row: Row, terms: Terms, *, replayed: bool = False) -> list[Event]:
    """Return what one row of an order tells."""
    return [OrderChanged(report_of(row, terms), replayed)]


def acknowledged(report: OrderReport, **changes: Any) -> OrderReport:
    """Return a report as no more than a receipt."""
    return replace(report, is_ack=True, **changes)


def _partly(status: OrderStatus, filled: Decimal) -> OrderStatus:
    return OrderStatus.PARTIAL if status is OrderStatus.LIVE and filled else status


def needed(row: Row, *names: str) -> str:
    """Return an id; raises WireError where there is none."""
    found = row.identity(*names)
    if not found:
        raise WireError(f"{names[0]} is missing")
    return found
