"""Orders at Paradex's exchange: created and changed by a signature over their very terms, taken off without one.

The exchange decides; refusals at the gate are answers, others end the order on the stream. Source: REST reference of
docs.paradex.trade, August 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from tui_trader.core.clock import Clock
from tui_trader.core.decimals import ZERO
from tui_trader.core.types import OrderType, PositionSide, Side, TimeInForce, TriggerSource
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.paradex_args import Complaint, decimal
from tui_trader.sim.masks.paradex_gate import Gate, Token
from tui_trader.sim.masks.paradex_public import System
from tui_trader.sim.masks.paradex_rows import AT_THE_GATE, Row, millis, number_of, order_row
from tui_trader.sim.types import NewOrder, Refusal, SimOrder

RECV_WINDOW_MS: Final = 300_000
BAND: Final = Decimal("0.05")
RELEASE_BAND: Final = Decimal("0.0005")
"""Around a release; aggressive orders alone are held against a band (docs.paradex.trade, "Price bands", "Maintenance")."""

MOST_TOGETHER: Final = 10
"""Orders that one request may make."""

MOST_OPEN: Final = 100
"""Open orders that a market takes of an account."""

_SIDE: Final = {"BUY": Side.BUY, "SELL": Side.SELL}
_TIF: Final = {
    "GTC": TimeInForce.GTC,
    "IOC": TimeInForce.IOC,
    "POST_ONLY": TimeInForce.POST_ONLY,
    "RPI": TimeInForce.RPI,
}
_TYPE: Final = {
    "LIMIT": OrderType.LIMIT,
    "MARKET": OrderType.MARKET,
    "STOP_LIMIT": OrderType.STOP_LIMIT,
    "STOP_MARKET": OrderType.STOP,
    "STOP_LOSS_LIMIT": OrderType.STOP_LIMIT,
    "STOP_LOSS_MARKET": OrderType.STOP,
    "TAKE_PROFIT_LIMIT": OrderType.LIMIT_IF_TOUCHED,
    "TAKE_PROFIT_MARKET": OrderType.MARKET_IF_TOUCHED,
}


class OrderEntry:
    """Takes orders, changes and cancels of accounts."""

    def __init__(self, exchange: Exchange, gate: Gate, clock: Clock, system: System) -> None:
        self._exchange = exchange
        self._gate = gate
        self._clock = clock
        self._system = system
        self.forgets: Callable[[str], bool] = lambda client_id: False
        """Whether an answer about several orders leaves one out that was taken, by its client id: for those who try a client."""

    def create(self, token: Token, body: Row) -> Row:
        """Take an order: NEW, received and no more."""
        return self._take(token, self._valid(token, body)) | {"created": True}

    def create_batch(self, token: Token, bodies: Sequence[Row]) -> Row:
        """Take several orders: what is not valid in one of them, its signature above all, refuses them all; then each goes its
        own way. Errors do not say whose they are."""
        if not 1 <= len(bodies) <= MOST_TOGETHER:
            raise Complaint("VALIDATION_ERROR", f"batch size must be between 1 and {MOST_TOGETHER}")
        valid = [self._valid(token, body) for body in bodies]
        orders, errors = [], []
        for new in valid:
            try:
                row = self._take(token, new)
            except Complaint as complaint:
                errors.append({"error": complaint.code, "message": complaint.message, "data": None})
                continue
            if not self.forgets(new.client_id):
                orders.append(row)
        return {"orders": orders, "errors": errors, "created": True}

    def _valid(self, token: Token, body: Row) -> NewOrder:
        """Return the order that a body asks for; refuse one that says no order, or whose signature is of anything else."""
        market, side, kind, qty, price = self._signed(token, body, "Order")
        instruction = body.get("instruction") or "GTC"
        if instruction not in _TIF:
            raise Complaint("VALIDATION_ERROR", "unknown instruction")
        if self._system.state in ("cancel_only", "maintenance"):
            raise Complaint("SYSTEM_STATUS_CANCEL_ONLY", "system is in cancel only mode")
        if self._system.state == "post_only" and not _TIF[instruction].only_rests:
            raise Complaint("SYSTEM_STATUS_POST_ONLY")
        reduce_only = "REDUCE_ONLY" in (body.get("flags") or ())
        if kind.startswith(("STOP_LOSS", "TAKE_PROFIT")) and not reduce_only:
            raise Complaint("VALIDATION_ERROR", "TPSL orders must be reduce only")
        # a target or stop of no size is over the whole position, however large by then (ccxt sends it so: its pull request 25407)
        whole = not qty and kind.startswith(("STOP_LOSS", "TAKE_PROFIT"))
        return NewOrder(
            client_id=str(body.get("client_id") or ""),
            symbol=market,
            side=side,
            type=_TYPE[kind],
            qty=qty,
            price=price or None,
            tif=TimeInForce.IOC if kind == "MARKET" else _TIF[instruction],
            reduce_only=reduce_only,
            close_on_trigger=whole,
            trigger_price=decimal(body.get("trigger_price")) or None,
            trigger_source=TriggerSource.MARK,
        )

    def _take(self, token: Token, new: NewOrder) -> Row:
        """Hand a valid order to the exchange; raises Complaint for what is refused with an answer."""
        mark = self._exchange.market(new.symbol).mark
        band = BAND if self._system.state == "ok" else RELEASE_BAND
        limit = new.price if new.type is OrderType.LIMIT else None
        if limit and mark and (limit - mark) * new.side.sign > mark * band:
            raise Complaint("INVALID_ORDER_PRICE", "price outside of the price bands")
        if len(self._exchange.open_orders(token.account, new.symbol)) >= MOST_OPEN:
            raise Complaint("MAX_OPEN_ORDERS_EXCEEDED")
        order = self._exchange.submit(token.account, new)
        if order.refusal in AT_THE_GATE:
            raise Complaint(AT_THE_GATE[order.refusal], order.refusal.value)
        return order_row(order, fresh=True)

    def modify(self, token: Token, number: str, body: Row) -> Row:
        """Take a change of an open order; it keeps its number."""
        if body.get("id") != number:
            raise Complaint("VALIDATION_ERROR", "the id is another one")
        market, _, _, qty, price = self._signed(token, body, "ModifyOrder")
        order = self.open(token.account, number=number)
        trigger = decimal(body.get("trigger_price")) or None
        result = self._exchange.amend(
            token.account,
            market,
            order_id=order.order_id,
            qty=qty if qty != order.qty else None,
            price=price if price and price != order.price else None,
            trigger_price=trigger if trigger != order.trigger_price else None,
        )
        if isinstance(result, Refusal):
            raise Complaint("VALIDATION_ERROR", result.value)
        asked = {"id": "req", "message": "", "request_type": "MODIFY_ORDER", "status": "PENDING"}
        return order_row(result) | {"request_info": asked}

    def cancel(self, order: SimOrder) -> None:
        """End an order."""
        self._exchange.cancel(order.account, order.symbol, order_id=order.order_id)

    def cancel_batch(self, account: str, body: Row) -> Row:
        """End several orders; the answer says of each what became of the wish."""
        results = []
        named = [("id", one) for one in body.get("order_ids") or ()]
        named += [("client_id", one) for one in body.get("client_order_ids") or ()]
        for name, one in named:
            try:
                order = self.open(account, **({"number": one} if name == "id" else {"client_id": one}))
            except Complaint as complaint:
                status = "ALREADY_CLOSED" if complaint.code == "ORDER_IS_CLOSED" else "NOT_FOUND"
                results.append({name: one, "status": status})
                continue
            self.cancel(order)
            results.append({name: one, "account": account, "market": order.symbol, "status": "QUEUED_FOR_CANCELLATION"})
        return {"results": results}

    def cancel_all(self, account: str, market: str | None) -> None:
        """End every order, waiting ones too; of one market, or of all."""
        for untriggered in (False, True):
            self._exchange.cancel_all(account, market, untriggered=untriggered)

    def open(self, account: str, *, number: str = "", client_id: str = "") -> SimOrder:
        """Return an open order by either id; raises Complaint for one that is over or never was."""
        for order in self._exchange.open_orders(account):
            if order.client_id == client_id if client_id else number_of(order.order_id) == number:
                return order
        closed = self._exchange.closed_orders(account)
        if any((order.client_id == client_id if client_id else number_of(order.order_id) == number) for order in closed):
            raise Complaint("ORDER_IS_CLOSED")
        raise Complaint("ORDER_ID_NOT_FOUND", status=404)

    def lever(self, account: str, market: str, body: Row) -> Row:
        """Set what backs the next position of a market."""
        if market not in self._exchange.instruments or type(body.get("leverage")) is not int:
            raise Complaint("VALIDATION_ERROR")
        self._exchange.position(account, market, PositionSide.MERGED)
        refused = self._exchange.set_leverage(
            account, market, PositionSide.MERGED, Decimal(body["leverage"]), isolated=body.get("margin_type") == "ISOLATED"
        )
        if refused:
            raise Complaint("VALIDATION_ERROR", refused.value)
        return {"account": account, "leverage": body["leverage"], "margin_type": body.get("margin_type"), "market": market}

    def _signed(self, token: Token, body: Row, type_: str) -> tuple[str, Side, str, Decimal, Decimal]:
        """Return the terms of an order, each as it was signed; refuse a body whose signature is of anything else."""
        market, side, kind = body.get("market"), body.get("side"), body.get("type")
        if market not in self._exchange.instruments:
            raise Complaint("MARKET_NOT_FOUND")
        if side not in _SIDE or kind not in _TYPE:
            raise Complaint("VALIDATION_ERROR", "unknown side or type")
        stamp, qty, price = body.get("signature_timestamp"), decimal(body.get("size")), decimal(body.get("price"))
        now = millis(self._clock.wall_ns())
        window = body.get("recv_window")
        window = RECV_WINDOW_MS if window is None else window  # the venue's own client sends a null
        if type(stamp) is not int or type(window) is not int or window < 10 or not stamp - 60_000 <= now <= stamp + window:
            raise Complaint("INVALID_TIMESTAMP")
        values: list[int | str] = [stamp, market, 1 if side == "BUY" else 2, kind, int(qty.scaleb(8)), int(price.scaleb(8))]
        if type_ == "ModifyOrder":
            values.append(int(body.get("id", 0)))
        self._gate.check(token.key, type_, values, body.get("signature"))
        return market, _SIDE[side], kind, qty, ZERO if kind.endswith("MARKET") else price
