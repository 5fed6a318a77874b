"""One row of an order, fill, position or account, whichever way it came, as our values.

The same thing has three spellings (REST, private feed, history) and two number systems: decimal text with the suffixes
``Rp Rq Rv Rr``, and integers scaled by the contract with ``Ep Ev Er``. The suffix says how to read a number, so a row is read
by name. A row that cannot be read raises WireError and costs only itself. It must not know which message the row was in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeVar

from tui_trader.core.account import Balance, RiskUnit
from tui_trader.core.decimals import ONE, ZERO, divide, from_scaled, from_wire
from tui_trader.core.error import WireError
from tui_trader.core.event import Event, FundingPaid, OrderChanged, OrderFilled, Unreadable
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Fill, OrderReport
from tui_trader.core.position import Position
from tui_trader.core.sanitise import is_symbol, sanitise
from tui_trader.core.types import (
    ClientOrderId,
    ExecId,
    InstrumentId,
    Liquidity,
    MarginMode,
    OrderStatus,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    TimeInForce,
    VenueOrderId,
)
from tui_trader.venues.fields import Fields
from tui_trader.venues.phemex import codes, words
from tui_trader.venues.phemex.family import PRICE_SCALE, RATIO_SCALE, VALUE_SCALE, Listing
from tui_trader.venues.phemex.wire import ZERO_ID, sample
from tui_trader.venues.phemex.words import VENUE

T = TypeVar("T")

_NO_LISTING: Final = Listing()
_SCALED = re.compile(r"-?[0-9]{1,20}\Z", re.ASCII)


class Scales(NamedTuple):
    """Exponents of ten of the scaled integers of one contract."""

    price: int = PRICE_SCALE
    value: int = VALUE_SCALE
    ratio: int = RATIO_SCALE


class Row(Fields):
    """Fields of one of Phemex's rows, of which the ending of a name says how a number is scaled."""

    __slots__ = ("_scales",)

    def __init__(self, raw: object, listing: Listing = _NO_LISTING) -> None:
        super().__init__(raw)
        symbol, currency = self._fields.get("symbol"), self._fields.get("currency")
        known = listing.get(symbol) if isinstance(symbol, str) else None
        if isinstance(currency, str):
            value = listing.value_scale(currency)
        else:
            value = known.value_scale if known is not None else VALUE_SCALE
        self._scales = Scales((known.price_scale if known is not None else 0) or PRICE_SCALE, value)

    def raw(self, *names: str) -> Any:
        """Return the first field that is there and not null, else None."""
        for name in names:
            value = self._fields.get(name)
            if value is not None:
                return value
        return None

    def identity(self, *names: str) -> str:
        """Return an id, safe to show and to send back; empty where there is none."""
        value = super().identity(*names)
        return "" if value == ZERO_ID else value

    def number(self, *names: str) -> Decimal | None:
        """Return an exact number, None where there is none; integers are unscaled by the suffix of their name."""
        for name in names:
            value = self._fields.get(name)
            if value is None or value == "":
                continue
            suffix = name[-2:]
            if suffix == "Ep":
                return self._unscaled(name, value, self._scales.price)
            if suffix == "Ev":
                return self._unscaled(name, value, self._scales.value)
            if suffix == "Er":
                return self._unscaled(name, value, self._scales.ratio)
            return from_wire(value)
        return None

    def size(self, *names: str) -> Decimal:
        """Return a size that is not negative; zero where there is none."""
        value = self.amount(*names)
        if value < 0:
            raise WireError(f"{names[0]} is negative")
        return value

    def spelled_out(self) -> Row:
        """Return the row with its numbers for words (states, types, sides) as words; one that has words already as it is.

        The list of closed orders counts; it also cuts ids: what it calls the client id is the beginning of the venue's.
        """
        fields: dict[str, Any] = {}
        for name, table in words.NUMBERED.items():
            value = self._fields.get(name)
            if value is not None and not _is_word(value):
                fields[name] = table.get(self.whole(name), "")
        if not fields:
            return self
        venue_id, client_id = self.text("orderId", "orderID"), self.text("clOrdId", "clOrdID")
        cut = bool(client_id) and venue_id.startswith(client_id)
        plain = {**self._fields, **fields, **({"clOrdId": ""} if cut else {})}
        plain.setdefault("timeInForce", "")
        plain.setdefault("cumQtyRq", self._fields.get("execQtyRq"))
        plain.setdefault("transactTimeNs", self.whole("createdAt") * 1_000_000)
        spelled = Row(plain)
        spelled._scales = self._scales
        return spelled

    @staticmethod
    def _unscaled(name: str, value: object, scale: int) -> Decimal:
        # Whether such a number comes as one or as text differs between answers.
        if isinstance(value, str) and _SCALED.match(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise WireError(f"{name} is not a scaled integer: {value!r:.40}")
        return from_scaled(value, scale)


def _is_word(value: object) -> bool:
    return isinstance(value, str) and not value.isdigit()


def readable(raw: object, listing: Listing, read: Callable[[Row], list[Event]], what: str) -> list[Event]:
    """Return what ``read`` makes of one row, or the one event that says it could not be read."""
    try:
        return read(Row(raw, listing))
    except WireError as error:
        return [Unreadable(VENUE, sanitise(f"{what}: {error}", 120), sample(raw))]


def report_of(row: Row, *, ack: bool = False) -> OrderReport:
    """Return what an order row says.

    With ``ack`` (the answer to a create, amend or cancel) words that the older family leaves null are not missed, because
    an acknowledgement is only asked for ids, state and what is executed.
    """
    code = row.whole("code", "bizError")
    execution = row.text("execStatus")
    status = _word(words.STATUS, row.text("ordStatus"), "ordStatus", None)
    tif = _word(words.TIF, row.text("timeInForce"), "timeInForce", None)
    side = _word(words.SIDE, row.text("side"), "side", None)
    kind = _type_of(row, side, ack)
    trail = row.amount("pegOffsetValueRp", "pegOffsetValueEp").copy_abs() if kind is OrderType.TRAILING_STOP else None
    stop = row.price("stopPxRp", "stopPxEp")
    follows_later = row.text("pegPriceType") == words.TRAILING_FROM_ACTIVATION
    target = row.price("takeProfitRp", "takeProfitEp")
    protection = row.price("stopLossRp", "stopLossEp")
    reduce_only, close_on_trigger = _instruction(row)
    return OrderReport(
        instrument=InstrumentId(VENUE, row.symbol()),
        client_id=ClientOrderId(row.identity("clOrdID", "clOrdId")),
        venue_id=VenueOrderId(row.identity("orderID", "orderId")),
        status=status,
        side=side,
        type=kind,
        qty=row.size("orderQtyRq", "orderQty"),
        filled=row.size("cumQtyRq", "cumQty"),
        filled_value=row.size("cumValueRv", "cumValueEv"),
        # A market order's row carries the venue's protection price: nobody asked for it as a limit.
        price=row.price("priceRp", "priceEp") if kind.has_limit else None,
        tif=tif,
        position_side=_word(words.LEG, leg, "posSide", None) if (leg := row.text("posSide")) else None,
        reduce_only=reduce_only,
        close_on_trigger=close_on_trigger,
        trigger_price=stop,
        trigger_source=words.TRIGGER.get(row.text("trigger", "triggerType")),
        take_profit=target,
        stop_loss=protection,
        take_profit_source=words.TRIGGER.get(row.text("tpTrigger")) if target else None,
        stop_loss_source=words.TRIGGER.get(row.text("slTrigger")) if protection else None,
        take_profit_limit=_limit(row, "tpPxRp", "tpPxEp") if target else None,
        stop_loss_limit=_limit(row, "slPxRp", "slPxEp") if protection else None,
        trail=trail or None,
        activation_price=stop if follows_later else None,
        sequence=row.whole("execSeq"),
        at_ns=row.whole("transactTimeNs") or row.whole("actionTimeNs"),
        is_ack=ack,
        pending=words.PENDING.get(execution),
        reason=_reason(row, status, execution, tif, code),
        code=str(code) if code else "",
    )


def _type_of(row: Row, side: Side, ack: bool) -> OrderType:
    """Return what makes an order execute; lists of open COIN-M orders may leave it null, then the rest of the row tells."""
    word = row.text("ordType", "orderType")
    if not word and not ack and row.raw("stopDirection") is not None:
        limit = row.price("priceRp", "priceEp") is not None
        direction = row.text("stopDirection")
        if direction not in ("Rising", "Falling"):
            return OrderType.LIMIT if limit else OrderType.MARKET
        if (direction == "Rising") == (side is Side.BUY):
            return OrderType.STOP_LIMIT if limit else OrderType.STOP
        return OrderType.LIMIT_IF_TOUCHED if limit else OrderType.MARKET_IF_TOUCHED
    kind = _word(words.TYPE, word, "ordType", OrderType.LIMIT if ack else None)
    if kind is OrderType.STOP and row.amount("pegOffsetValueRp", "pegOffsetValueEp"):
        return OrderType.TRAILING_STOP
    return kind


def _instruction(row: Row) -> tuple[bool | None, bool | None]:
    """Return whether an order can only reduce, and whether it closes when it fires; None where the row does not say.

    The flag ``reduceOnly`` was captured false beside ``execInst`` CloseOnTrigger, so it counts only without that.
    """
    instruction = row.text("execInst")
    if instruction:
        return instruction == "ReduceOnly", instruction == "CloseOnTrigger"
    return _flag(row, "reduceOnly"), _flag(row, "closeOnTrigger")


def _flag(row: Row, name: str) -> bool | None:
    value = row.raw(name)
    return value if isinstance(value, bool) else None


def _limit(row: Row, *names: str) -> Decimal | None:
    """Return the limit of an attached exit: zero for none, None where the row does not say."""
    value = row.number(*names)
    if value is not None and value < 0:
        raise WireError(f"{names[0]} is negative")
    return value


def order_events(row: Row, *, replayed: bool) -> list[Event]:
    """Return what one order row of the private feed tells: the order's state, and an execution or a funding payment."""
    trade_type = row.text("tradeType")
    if trade_type == "Funding":
        return [funding_of(row)]
    events: list[Event] = []
    if row.identity("orderID", "orderId"):
        events.append(OrderChanged(report_of(row), replayed))
    if is_execution(row):
        events.append(OrderFilled(fill_of(row), replayed))
    return events


def history_events(row: Row) -> list[Event]:
    """Return the execution or funding payment of one history row; nothing for rows of another kind."""
    if row.text("tradeType") == "Funding":
        return [funding_of(row)]
    return [OrderFilled(fill_of(row), replayed=True)] if is_execution(row) else []


def is_execution(row: Row) -> bool:
    """Whether a row is a fill; ``execQty`` alone does not tell, it may stand on a cancel."""
    return row.text("execStatus") in ("MakerFill", "TakerFill") and bool(row.identity("execID", "execId"))


def fill_of(row: Row) -> Fill:
    """Return the execution that a row describes."""
    qty = row.size("execQtyRq", "execQty")
    price = row.price("execPriceRp", "execPriceEp")
    if not qty or price is None:
        raise WireError("execution without size or price")
    return Fill(
        exec_id=ExecId(row.identity("execID", "execId")),
        instrument=InstrumentId(VENUE, row.symbol()),
        client_id=ClientOrderId(row.identity("clOrdID", "clOrdId")),
        venue_id=VenueOrderId(row.identity("orderID", "orderId")),
        side=_word(words.SIDE, row.text("side"), "side", None),
        qty=qty,
        price=price,
        fee=row.amount("execFeeRv", "execFeeEv"),
        fee_currency=sanitise(row.text("currency"), 16),
        liquidity=Liquidity.MAKER if row.text("execStatus") == "MakerFill" else Liquidity.TAKER,
        at_ns=row.whole("transactTimeNs"),
        position_side=_word(words.LEG, row.text("posSide"), "posSide", PositionSide.MERGED),
        realised=row.amount("closedPnlRv", "closedPnlEv"),
        kind=_word(words.FILL_KIND, row.text("tradeType"), "tradeType", None),
    )


def funding_of(row: Row) -> FundingPaid:
    """Return the funding payment that a row describes; positive is paid."""
    return FundingPaid(
        instrument=InstrumentId(VENUE, row.symbol()),
        amount=row.amount("execFeeRv", "execFeeEv"),
        currency=sanitise(row.text("currency"), 16),
        rate=row.amount("fundingRateRr", "fundingRateEr", "feeRateRr", "feeRateEr"),
        at_ns=row.whole("transactTimeNs") or row.whole("createTime") * 1_000_000,
        exec_id=row.identity("execID", "execId"),
    )


def balance_of(row: Row, at_ns: int) -> Balance:
    """Return what an account row says; rows carry no time of their own."""
    currency = row.text("currency")
    if not is_symbol(currency):
        raise WireError("account row without a currency")
    total = row.number("accountBalanceRv", "accountBalanceEv")
    if total is None:
        raise WireError("account row without a balance")
    return Balance(VENUE, currency, total, row.amount("totalUsedBalanceRv", "totalUsedBalanceEv"), at_ns)


def risk_unit_of(row: Row) -> RiskUnit:
    """Return what a risk unit says: one of all cross positions, and one of each isolated position."""
    currency, symbol = row.text("valuationCurrency"), row.text("symbol")
    equity = row.number("totalEquityRv")
    if not is_symbol(currency) or equity is None:
        raise WireError("risk unit without a currency or without equity")
    return RiskUnit(
        VENUE,
        sanitise(row.text("riskMode")),
        InstrumentId(VENUE, symbol) if is_symbol(symbol) else None,
        currency,
        equity,
        row.amount("estAvailableBalanceRv"),
        row.amount("marginRatioRr"),
        row.whole("version"),
    )


def risk_wallet_of(row: Row) -> tuple[str, Decimal]:
    """Return the currency and the balance of a wallet that stands behind risk units."""
    currency, balance = row.text("currency"), row.number("balanceRv")
    if not is_symbol(currency) or balance is None:
        raise WireError("risk wallet without a currency or without a balance")
    return currency, balance


def position_of(row: Row, listing: Listing) -> Position:
    """Return what a position row says.

    The sign of the leverage is the margin mode, zero being cross at the highest leverage allowed. Fees and funding of the
    present episode are only told apart while it is the first one (the sums are for life), else they are inside ``realised``;
    ``realised - fees - funding`` is the venue's own figure for the episode in either case.
    """
    symbol = row.symbol()
    side_word = row.text("side")
    side = None if side_word in ("None", "") else _word(words.SIDE, side_word, "side", None)
    size = row.number("size", "sizeRq")
    if size is None:
        raise WireError("position row without a size")
    qty = size.copy_abs()
    if qty and side is None:
        raise WireError("position with a size and no side")
    entry = row.price("avgEntryPriceRp", "avgEntryPriceEp", "avgEntryPrice") or ZERO
    signed = row.amount("leverageRr", "leverageEr")
    cross = signed <= 0
    leverage = signed.copy_abs() or _highest_leverage(row)
    fees = row.amount("cumTransactFeeRv", "cumTransactFeeEv")
    funding = row.amount("cumFundingFeeRv", "cumFundingFeeEv")
    net = row.number("curTermRealisedPnlRv", "curTermRealisedPnlEv")
    if net is None:
        realised = row.amount("cumClosedPnlRv", "cumClosedPnlEv")
    else:
        if row.whole("term") > 1:
            fees = funding = ZERO
        realised = net + fees + funding
    margin = row.number("posCostRv", "posCostEv") if cross else row.number("positionMarginRv", "positionMarginEv")
    return Position(
        instrument=InstrumentId(VENUE, symbol),
        position_side=_word(words.LEG, row.text("posSide"), "posSide", PositionSide.MERGED),
        mode=PositionMode.HEDGED if row.text("posMode").lower() == "hedged" else PositionMode.ONE_WAY,
        side=side if qty else None,
        qty=qty,
        entry=entry if qty else ZERO,
        leverage=leverage,
        margin_mode=MarginMode.CROSS if cross else MarginMode.ISOLATED,
        liquidation=_reachable(
            row.price("liquidationPriceRp", "liquidationPriceEp"), side if qty else None, entry, listing.get(symbol)
        ),
        margin=ZERO if margin is None else margin,
        realised=realised,
        fees=fees,
        funding=funding,
        mark_then=row.price("markPriceRp", "markPriceEp") or ZERO,
        sequence=row.whole("execSeq"),
        at_ns=row.whole("transactTimeNs"),
    )


def _highest_leverage(row: Row) -> Decimal:
    """Return the leverage that the row's initial margin rate amounts to; zero when it does not say."""
    rate = row.number("initMarginReqRr", "initMarginReqEr") or row.number("initMarginReq")
    return divide(ONE, rate) if rate and rate > 0 else ZERO


def _reachable(price: Decimal | None, side: Side | None, entry: Decimal, instrument: Instrument | None) -> Decimal | None:
    """Return a liquidation price, or None when it is one of the markers that Phemex puts where there is no real one.

    ``0.1`` for a long and ``1000000`` for a short were captured on BTCUSDT, both outside the price limits of the contract.
    """
    if price is None or side is None:
        return None
    if side is Side.BUY:
        floor = max(instrument.min_price, instrument.tick) if instrument else entry / 1000
        return None if price <= floor else price
    ceiling = instrument.max_price if instrument else entry * 20
    return None if price >= ceiling else price


def _reason(row: Row, status: OrderStatus, execution: str, tif: TimeInForce, code: int) -> str:
    """Return why an order ended, empty while it has not ended badly."""
    if status not in (OrderStatus.REJECTED, OrderStatus.CANCELED):
        return ""
    told = codes.order_reason(code, row.whole("cxlRejReason"), row.raw("message"))
    if told:
        return told
    word = row.text("ordStatus")
    if word == "Deactivated":
        return "conditional order removed before it fired"
    if word == "Suspended":
        return "suspended by the venue"
    if execution in ("Expired", "Aborted"):
        return f"{execution.lower()} by the venue"
    if status is OrderStatus.REJECTED:
        return "rejected without a reason"
    if tif is TimeInForce.IOC:
        return "the rest could not be filled immediately"
    return ""


def _word(table: Mapping[str, T], word: str, name: str, default: T | None) -> T:
    """Return the meaning of a word; ``default`` (when there is one) where the field is missing."""
    found = table.get(word)
    if found is not None:
        return found
    if not word and default is not None:
        return default
    raise WireError(f"unknown {name} {sanitise(word)!r}")
