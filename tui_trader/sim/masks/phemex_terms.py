"""What a request says of an order, in the words and numbers of either contract family.

USDⓈ-M names end in ``Rp`` and ``Rq`` and hold decimal text; COIN-M names end in ``Ep`` or in nothing and hold integers. What the
order means is the same, and is read once.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from tui_trader.core.decimals import ZERO
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import OrderType, PositionSide, TimeInForce, TriggerSource
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks import phemex_words as words
from tui_trader.sim.masks.phemex_args import Args, Complaint, flag, need, number, optional
from tui_trader.sim.masks.phemex_coin_rows import coin_order
from tui_trader.sim.masks.phemex_family import is_coin
from tui_trader.sim.masks.phemex_rows import Row, rest_order
from tui_trader.sim.types import NewOrder, Refusal, SimOrder

MAX_CLIENT_ID = 40


class Wording(Protocol):
    """How a family words the numbers of a request and the receipt for it."""

    coin: bool

    def price(self, args: Args, stem: str, instrument: Instrument) -> Decimal | None:
        """Return the price ``stem`` with its sign; None when it is absent or empty."""

    def qty(self, args: Args) -> Decimal | None:
        """Return the order quantity."""

    def leg(self, args: Args) -> PositionSide | None:
        """Return the leg an order belongs to; None when it is named wrongly."""

    def row(self, exchange: Exchange, order: SimOrder, *, status: str = "", execution: str = "") -> Row:
        """Return an order as REST shows it."""


class StableWording:
    """USDⓈ-M."""

    coin = False

    def price(self, args: Args, stem: str, instrument: Instrument) -> Decimal | None:
        """Return ``<stem>Rp``."""
        return number(args, f"{stem}Rp")

    def qty(self, args: Args) -> Decimal | None:
        """Return ``orderQtyRq``."""
        return number(args, "orderQtyRq")

    def leg(self, args: Args) -> PositionSide | None:
        """Return ``posSide``, which must be there."""
        return words.POSITION_SIDE_OF.get(need(args, "posSide"))

    def row(self, exchange: Exchange, order: SimOrder, *, status: str = "", execution: str = "") -> Row:
        """Return the order in decimal text."""
        return rest_order(exchange, order, status=status, execution=execution)


class CoinWording:
    """COIN-M. Its contracts know one merged position; a ``posSide`` is not theirs and is not looked at."""

    coin = True

    def price(self, args: Args, stem: str, instrument: Instrument) -> Decimal | None:
        """Return ``<stem>Ep``, or the plain number ``<stem>`` where a request may have it instead."""
        scaled = number(args, f"{stem}Ep")
        if scaled is None:
            return number(args, stem)
        if scaled != scaled.to_integral_value():
            raise Complaint(*words.BAD_ARGUMENT)
        return scaled.scaleb(-instrument.price_scale)

    def qty(self, args: Args) -> Decimal | None:
        """Return ``orderQty``."""
        return number(args, "orderQty")

    def leg(self, args: Args) -> PositionSide | None:
        """Return the only leg there is."""
        return PositionSide.MERGED

    def row(self, exchange: Exchange, order: SimOrder, *, status: str = "", execution: str = "") -> Row:
        """Return the order in scaled integers and their twins."""
        return coin_order(exchange, order, status=status, execution=execution)


STABLE = StableWording()
COIN = CoinWording()


def listed(exchange: Exchange, symbol: str, *, coin: bool = False) -> str:
    """Return ``symbol`` when its family lists it, in exactly this letter case; raises Complaint 39997."""
    instrument = exchange.instruments.get(symbol)
    if instrument is None or not instrument.tradable or is_coin(instrument) is not coin:
        raise Complaint(39997, f"Symbol not listed {symbol[:40]}")
    return symbol


def above_zero(value: Decimal | None) -> Decimal | None:
    """Return a number above zero, None when absent or ``0``, which the venue reads as "not set"; raises Complaint 30000."""
    if value is not None and value < ZERO:
        raise Complaint(*words.BAD_ARGUMENT)
    return value or None


def read_new(exchange: Exchange, args: Args, wording: Wording) -> NewOrder:
    """Return the order that a request asks for; raises Complaint."""
    symbol = listed(exchange, need(args, "symbol"), coin=wording.coin)
    instrument = exchange.instruments[symbol]
    side = words.SIDE_OF.get(need(args, "side"))
    leg = wording.leg(args)
    word = optional(args, "ordType") or "Limit"
    if word in words.BRACKET_TYPES:
        raise Complaint(11126, "TE_BO_DONOT_SUPPORT_API")
    kind: OrderType | None = words.ORDER_TYPE_OF.get(word)
    tif_word = optional(args, "timeInForce") or "GoodTillCancel"
    if tif_word == "RPIPostOnly":
        raise Complaint(11143, "TE_RPI_NOT_APPROVED_MARKET_MAKER")
    tif = words.TIF_OF.get(tif_word)
    if side is None:
        raise Complaint(11034, "TE_SIDE_INVALID")
    if kind is None:
        raise Complaint(11035, "TE_ORD_TYPE_INVALID")
    if tif is None:
        raise Complaint(11036, "TE_TIME_IN_FORCE_INVALID")
    if leg is None:
        raise Complaint(20004, "TE_ERR_INCONSISTENT_POS_MODE")
    client_id = optional(args, "clOrdID")
    close = flag(args, "closeOnTrigger")
    peg = optional(args, "pegPriceType")
    if peg not in ("", "UNSPECIFIED"):
        if peg not in words.PEG or kind is not OrderType.STOP or not close:
            raise Complaint(11086, "TE_PEG_PRICE_TYPE_INVALID")
        kind = OrderType.TRAILING_STOP
    qty = wording.qty(args)
    price = above_zero(wording.price(args, "price", instrument))
    trigger_price = above_zero(wording.price(args, "stopPx", instrument))
    if (
        len(client_id) > MAX_CLIENT_ID
        or len(optional(args, "text")) > MAX_CLIENT_ID
        or qty is None
        or qty < ZERO
        or (kind.has_limit and price is None)
        or (kind.is_conditional and kind is not OrderType.TRAILING_STOP and trigger_price is None)
    ):
        raise Complaint(*words.BAD_ARGUMENT)
    if qty == ZERO and not close:
        raise Complaint(*words.REFUSAL[Refusal.QTY_TOO_SMALL])
    return NewOrder(
        client_id=client_id,
        symbol=symbol,
        side=side,
        type=kind,
        qty=qty,
        price=price if kind.has_limit else None,
        tif=TimeInForce.IOC if kind is OrderType.MARKET and tif is not TimeInForce.FOK else tif,
        position_side=leg,
        reduce_only=flag(args, "reduceOnly") or close,
        close_on_trigger=close,
        trigger_price=trigger_price if kind.is_conditional else None,
        trigger_source=_trigger(args, "triggerType", None) if kind.is_conditional else TriggerSource.LAST,
        take_profit=above_zero(wording.price(args, "takeProfit", instrument)),
        stop_loss=above_zero(wording.price(args, "stopLoss", instrument)),
        tp_trigger=_trigger(args, "tpTrigger", TriggerSource.LAST, 11077, "TE_TP_TRIGGER_INVALID"),
        sl_trigger=_trigger(args, "slTrigger", TriggerSource.MARK, 11080, "TE_SL_TRIGGER_INVALID"),
        text=optional(args, "text"),
        take_profit_limit=above_zero(wording.price(args, "tpPx", instrument)),
        stop_loss_limit=above_zero(wording.price(args, "slPx", instrument)),
        peg_offset=wording.price(args, "pegOffsetValue", instrument) or ZERO,
        activation=words.PEG.get(peg, False),
    )


def _trigger(
    args: Args, name: str, default: TriggerSource | None, code: int = 11038, message: str = "TE_TRIGGER_INVALID"
) -> TriggerSource:
    word = optional(args, name)
    if word in ("", "UNSPECIFIED") and default is not None:
        return default
    source = words.TRIGGER_OF.get(word)
    if source is None:
        raise Complaint(code, message)
    return source
