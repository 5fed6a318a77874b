"""The server side of Paradex's protocol, worn by the built-in exchange: tokens, signed orders, reads; ``paradex_feed`` has
the sockets.

Every signature is verified before anything happens, by an implementation that is not the client's. The exchange decides the rest.
It may not import the client's translators. Source: REST reference of docs.paradex.trade, August 2026.
"""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from tui_trader.core.clock import NS
from tui_trader.core.decimals import ZERO, plain
from tui_trader.core.types import OrderType, PositionSide, Side, TimeInForce, TriggerSource
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks import paradex_sbe as sbe
from tui_trader.sim.masks.base import Key, Peer, RestCall, RestReply, Setting
from tui_trader.sim.masks.paradex_feed import Feed
from tui_trader.sim.masks.paradex_rows import (
    Row,
    account_row,
    fill_row,
    market_row,
    millis,
    number_of,
    order_row,
    payment_row,
    position_row,
)
from tui_trader.sim.masks.paradex_stark import ORDER, PlainStark, Stark, typed_hash
from tui_trader.sim.types import NewOrder, Refusal, SimOrder

CHAIN: Final = "PRIVATE_SN_POTC_SEPOLIA"
TOKEN_S: Final = 300
RECV_WINDOW_MS: Final = 300_000
PAGE: Final = 100
BAND: Final = Decimal("0.05")

_SIDE: Final = {"BUY": Side.BUY, "SELL": Side.SELL}
_TIF: Final = {"GTC": TimeInForce.GTC, "IOC": TimeInForce.IOC, "POST_ONLY": TimeInForce.POST_ONLY}
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
_AT_THE_GATE: Final = {
    Refusal.DUPLICATE_CLIENT_ID: "DUPLICATED_CLIENT_ID",
    Refusal.SYMBOL: "MARKET_NOT_FOUND",
    Refusal.PRICE_TICK: "INVALID_ORDER_PRICE",
    Refusal.QTY_LOT: "INVALID_ORDER_SIZE",
    Refusal.QTY_TOO_LARGE: "INVALID_ORDER_SIZE",
    Refusal.QTY_TOO_SMALL: "INVALID_ORDER_SIZE",
    Refusal.VALUE_TOO_SMALL: "INVALID_ORDER_SIZE",
}
"""Refused with an answer; everything else is received, and refused on the stream."""


def mint(dice: random.Random) -> tuple[str, str]:
    """Return an account address and a private key."""
    return hex(dice.randrange(1 << 200, 1 << 250)), hex(dice.randrange(1 << 200, ORDER))


class _Complaint(Exception):
    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message or code.replace("_", " ").lower(), status


@dataclass(frozen=True, slots=True)
class _Token:
    account: str
    key: Key
    end_ns: int


class ParadexMask:
    """One exchange in Paradex's clothes; build it with ``SimServer(exchange, ParadexMask, mint=mint)``."""

    ws_path = "/v1"
    idle_s = 90.0

    def __init__(self, setting: Setting, stark: Stark | None = None) -> None:
        """``stark`` verifies; tests give StarkWare's own, the shipping exchange has the textbook."""
        self.state = "ok"
        """What ``/system/state`` says and orders obey: ``ok``, ``cancel_only``, ``post_only``, ``maintenance``."""
        self.versions = sbe.VERSIONS
        """Versions of the binary encoding that connections may ask for."""
        self.verified = 0
        """Signatures that were good."""
        self._setting = setting
        self._exchange: Exchange = setting.exchange
        self._stark: Stark = stark if stark is not None else PlainStark()
        self._publics: dict[str, int] = {}
        self._tokens: dict[str, _Token] = {}
        self._spent: set[tuple[str, str]] = set()
        self._feed = Feed(setting.exchange, self._account_of)

    # -- REST ------------------------------------------------------------------------------------------------------

    def signed(self, call: RestCall) -> bool:
        """Whether ``call`` asks for something private."""
        return "Authorization" in call.headers

    def rest(self, call: RestCall) -> RestReply:
        """Answer one request."""
        try:
            reply = self._route(call)
        except _Complaint as complaint:
            body = {"error": complaint.code, "message": complaint.message, "data": None}
            return RestReply(complaint.status, orjson.dumps(body))
        return (
            RestReply(204, b"") if reply is None else RestReply(201 if reply.pop("created", False) else 200, orjson.dumps(reply))
        )

    def _route(self, call: RestCall) -> Row | None:
        path = call.path.removeprefix("/v1")
        args = dict(parse_qsl(call.query, keep_blank_values=True))
        match call.method, path.strip("/").split("/"):
            case "GET", ["system", "time"]:
                return {"server_time": str(millis(self._setting.clock.wall_ns()))}
            case "GET", ["system", "state"]:
                return {"status": self.state}
            case "GET", ["system", "config"]:
                return {"starknet_chain_id": CHAIN, "paraclear_decimals": 8}
            case "GET", ["markets"]:
                listed = self._exchange.instruments.values()
                return {"results": [market_row(one) for one in listed if args.get("market", one.symbol) == one.symbol]}
            case "GET", ["markets", "summary"]:
                return {"results": [self._summary(symbol) for symbol in self._exchange.instruments]}
            case "GET", ["markets", "klines"]:
                return self._klines(args)
            case "GET", ["orderbook", market]:
                return self._book(market)
            case "POST", ["auth", public]:
                return self._admit(call, public)
            case "POST", ["auth"]:
                return self._admit(call, "")
        token = self._token(call)
        return self._private(token, call, path.strip("/").split("/"), args)

    def _private(self, token: _Token, call: RestCall, path: Sequence[str], args: dict[str, str]) -> Row | None:
        account, exchange = token.account, self._exchange
        match call.method, path:
            case "POST", ["orders"]:
                return self._create(token, _body(call))
            case "PUT", ["orders", number]:
                return self._modify(token, number, _body(call))
            case "DELETE", ["orders"]:
                for untriggered in (False, True):
                    exchange.cancel_all(account, args.get("market"), untriggered=untriggered)
                return None
            case "DELETE", ["orders", "batch"]:
                return self._cancel_batch(account, _body(call))
            case "DELETE", ["orders", "by_client_id", client_id]:
                self._cancel(self._open(account, client_id=client_id))
                return None
            case "DELETE", ["orders", number]:
                self._cancel(self._open(account, number=number))
                return None
            case "GET", ["orders"]:
                orders = exchange.open_orders(account, args.get("market"))
                return {"results": [order_row(order) for order in orders]}
            case "GET", ["orders", number]:
                return order_row(self._open(account, number=number))
            case "GET", ["orders-history"]:
                return self._pages(args, self._history(account, args))
            case "GET", ["positions"]:
                return {"results": [position_row(exchange, account, one) for one in exchange.positions(account) if one.qty]}
            case "GET", ["account"]:
                return account_row(exchange, account)
            case "GET", ["balance"]:
                row = account_row(exchange, account)
                return {"results": [{"token": "USDC", "size": row["total_collateral"], "last_updated_at": row["updated_at"]}]}
            case "GET", ["account", "margin"]:
                market = args.get("market", "")
                held = exchange.position(account, market, PositionSide.MERGED) if market in exchange.instruments else None
                leverage = int(held.leverage) if held is not None else 1
                return {"account": account, "configs": [{"market": market, "leverage": leverage, "margin_type": "CROSS"}]}
            case "POST", ["account", "margin", market]:
                return self._lever(account, market, _body(call))
            case "GET", ["fills"]:
                since = int(args.get("start_at", 0)) * 1_000_000
                fills = exchange.fills(account, args.get("market"), since)
                return self._pages(args, [fill_row(report) for report in reversed(fills)])
            case "GET", ["funding", "payments"]:
                charges = exchange.funding(account, args.get("market"))
                return self._pages(args, [payment_row(charge) for charge in reversed(charges)])
            case "GET", ["transfers"]:
                return self._pages(args, [])
        raise _Complaint("NOT_FOUND", "no such path", 404)

    # -- tokens ----------------------------------------------------------------------------------------------------

    def _admit(self, call: RestCall, public: str) -> Row:
        """Give a token for a request that the key of the account has signed."""
        address = call.headers.get("PARADEX-STARKNET-ACCOUNT", "")
        key = next((key for key in self._setting.keys.values() if int(key.key, 16) == _number(address)), None)
        if key is None:
            raise _Complaint("NOT_ONBOARDED", "User has never called /onboarding endpoint")
        known = self._public(key)
        if public and _number(public) != known:
            raise _Complaint("INVALID_SUBKEY")
        now = self._setting.clock.wall_ns() // NS
        try:
            stamp = int(call.headers.get("PARADEX-TIMESTAMP", ""))
            end = int(call.headers.get("PARADEX-SIGNATURE-EXPIRATION", ""))
        except ValueError:
            raise _Complaint("VALIDATION_ERROR") from None
        if not stamp - 60 <= now < end:
            raise _Complaint("INVALID_TIMESTAMP")
        values: list[int | str] = ["POST", "/v1/auth", "", stamp, end]
        self._check(key, typed_hash(self._stark, CHAIN, int(key.key, 16), "Request", values), _signature(call.headers))
        self._tokens = {text: token for text, token in self._tokens.items() if token.end_ns > now * NS}
        head = _encoded({"alg": "ES256", "typ": "JWT"}) + "." + _encoded({"exp": now + TOKEN_S, "iat": now, "sub": key.key})
        tail = hashlib.sha256(f"{head}{key.secret}{len(self._tokens)}".encode()).digest()
        token = f"{head}.{base64.urlsafe_b64encode(tail).decode().rstrip('=')}"
        self._tokens[token] = _Token(key.account, key, (now + TOKEN_S) * NS)
        return {"jwt_token": token}

    def forget_tokens(self) -> None:
        """Take no token any more that was given: what happens when they end early."""
        self._tokens.clear()

    def _token(self, call: RestCall) -> _Token:
        text = call.headers.get("Authorization", "").removeprefix("Bearer ")
        token = self._tokens.get(text)
        if token is None or token.end_ns <= self._setting.clock.wall_ns() or token.key.key not in self._setting.keys:
            raise _Complaint("INVALID_TOKEN", "token is expired", 401)
        return token

    def _account_of(self, text: str) -> str:
        token = self._tokens.get(text)
        return token.account if token is not None and token.end_ns > self._setting.clock.wall_ns() else ""

    def _public(self, key: Key) -> int:
        if key.key not in self._publics:
            self._publics[key.key] = self._stark.public_key(int(key.secret, 16))
        return self._publics[key.key]

    def _check(self, key: Key, message: int, signature: tuple[int, int]) -> None:
        if not self._stark.verify(message, *signature, self._public(key)):
            raise _Complaint("STARKNET_SIGNATURE_VERIFICATION_FAILED")
        self.verified += 1

    # -- orders ----------------------------------------------------------------------------------------------------

    def _create(self, token: _Token, body: Row) -> Row:
        terms = self._signed(token, body, "Order")
        market, side, kind, qty, price = terms
        instruction = body.get("instruction", "GTC")
        if instruction not in _TIF:
            raise _Complaint("VALIDATION_ERROR", "unknown instruction")
        if self.state in ("cancel_only", "maintenance"):
            raise _Complaint("SYSTEM_STATUS_CANCEL_ONLY", "system is in cancel only mode")
        if self.state == "post_only" and instruction != "POST_ONLY":
            raise _Complaint("SYSTEM_STATUS_POST_ONLY")
        reduce_only = "REDUCE_ONLY" in (body.get("flags") or ())
        if kind.startswith(("STOP_LOSS", "TAKE_PROFIT")) and not reduce_only:
            raise _Complaint("VALIDATION_ERROR", "TPSL orders must be reduce only")
        mark = self._exchange.market(market).mark
        if price and mark and kind == "LIMIT" and abs(price - mark) > mark * BAND:
            raise _Complaint("INVALID_ORDER_PRICE", "price outside of the price bands")
        if len(self._exchange.open_orders(token.account, market)) >= 100:
            raise _Complaint("MAX_OPEN_ORDERS_EXCEEDED")
        client_id = str(body.get("client_id", ""))
        order = self._exchange.submit(
            token.account,
            NewOrder(
                client_id=client_id,
                symbol=market,
                side=side,
                type=_TYPE[kind],
                qty=qty,
                price=price or None,
                tif=TimeInForce.IOC if kind == "MARKET" else _TIF[instruction],
                reduce_only=reduce_only,
                trigger_price=_decimal(body.get("trigger_price")) or None,
                trigger_source=TriggerSource.MARK,
            ),
        )
        if order.refusal in _AT_THE_GATE:
            raise _Complaint(_AT_THE_GATE[order.refusal], order.refusal.value)
        return order_row(order, fresh=True) | {"created": True}

    def _signed(self, token: _Token, body: Row, type_: str) -> tuple[str, Side, str, Decimal, Decimal]:
        """Return the terms of an order, each as it was signed; refuse a body whose signature is of anything else."""
        market, side, kind = body.get("market"), body.get("side"), body.get("type")
        if market not in self._exchange.instruments:
            raise _Complaint("MARKET_NOT_FOUND")
        if side not in _SIDE or kind not in _TYPE:
            raise _Complaint("VALIDATION_ERROR", "unknown side or type")
        stamp, qty, price = body.get("signature_timestamp"), _decimal(body.get("size")), _decimal(body.get("price"))
        now = millis(self._setting.clock.wall_ns())
        window = body.get("recv_window", RECV_WINDOW_MS)
        if type(stamp) is not int or type(window) is not int or window < 10 or not stamp - 60_000 <= now <= stamp + window:
            raise _Complaint("INVALID_TIMESTAMP")
        values: list[int | str] = [stamp, market, 1 if side == "BUY" else 2, kind, int(qty.scaleb(8)), int(price.scaleb(8))]
        if type_ == "ModifyOrder":
            values.append(int(body.get("id", 0)))
        message = typed_hash(self._stark, CHAIN, int(token.key.key, 16), type_, values)
        self._check(token.key, message, _pair(body.get("signature")))
        return market, _SIDE[side], kind, qty, ZERO if kind.endswith("MARKET") else price

    def _modify(self, token: _Token, number: str, body: Row) -> Row:
        if body.get("id") != number:
            raise _Complaint("VALIDATION_ERROR", "the id is another one")
        market, _, _, qty, price = self._signed(token, body, "ModifyOrder")
        order = self._open(token.account, number=number)
        trigger = _decimal(body.get("trigger_price")) or None
        result = self._exchange.amend(
            token.account,
            market,
            order_id=order.order_id,
            qty=qty if qty != order.qty else None,
            price=price if price and price != order.price else None,
            trigger_price=trigger if trigger != order.trigger_price else None,
        )
        if isinstance(result, Refusal):
            raise _Complaint("VALIDATION_ERROR", result.value)
        asked = {"id": "req", "message": "", "request_type": "MODIFY_ORDER", "status": "PENDING"}
        return order_row(result) | {"request_info": asked}

    def _open(self, account: str, *, number: str = "", client_id: str = "") -> SimOrder:
        for order in self._exchange.open_orders(account):
            if order.client_id == client_id if client_id else number_of(order.order_id) == number:
                return order
        closed = self._exchange.closed_orders(account)
        if any((order.client_id == client_id if client_id else number_of(order.order_id) == number) for order in closed):
            raise _Complaint("ORDER_IS_CLOSED")
        raise _Complaint("ORDER_ID_NOT_FOUND", status=404)

    def _cancel(self, order: SimOrder) -> None:
        self._exchange.cancel(order.account, order.symbol, order_id=order.order_id)

    def _cancel_batch(self, account: str, body: Row) -> Row:
        results = []
        named = [("id", one) for one in body.get("order_ids") or ()]
        named += [("client_id", one) for one in body.get("client_order_ids") or ()]
        for name, one in named:
            try:
                order = self._open(account, **({"number": one} if name == "id" else {"client_id": one}))
            except _Complaint as complaint:
                status = "ALREADY_CLOSED" if complaint.code == "ORDER_IS_CLOSED" else "NOT_FOUND"
                results.append({name: one, "status": status})
                continue
            self._cancel(order)
            results.append({name: one, "account": account, "market": order.symbol, "status": "QUEUED_FOR_CANCELLATION"})
        return {"results": results}

    def _lever(self, account: str, market: str, body: Row) -> Row:
        if market not in self._exchange.instruments or type(body.get("leverage")) is not int:
            raise _Complaint("VALIDATION_ERROR")
        self._exchange.position(account, market, PositionSide.MERGED)
        refused = self._exchange.set_leverage(
            account, market, PositionSide.MERGED, Decimal(body["leverage"]), isolated=body.get("margin_type") == "ISOLATED"
        )
        if refused:
            raise _Complaint("VALIDATION_ERROR", refused.value)
        return {"account": account, "leverage": body["leverage"], "margin_type": body.get("margin_type"), "market": market}

    # -- reads -----------------------------------------------------------------------------------------------------

    def _history(self, account: str, args: dict[str, str]) -> list[Row]:
        market, client_id = args.get("market"), args.get("client_id")
        since = int(args.get("start_at", 0))
        orders = [*self._exchange.open_orders(account, market), *self._exchange.closed_orders(account, market)]
        found = [order for order in orders if client_id is None or order.client_id == client_id]
        found.sort(key=lambda order: order.created_ns, reverse=True)
        return [order_row(order) for order in found if millis(order.created_ns) >= since]

    def _pages(self, args: dict[str, str], rows: list[Row]) -> Row:
        """Cut a list into pages; the cursor is opaque and signed, so that one that was touched is refused."""
        size = min(int(args.get("page_size", PAGE)), 5_000)
        start = 0
        if cursor := args.get("cursor"):
            place, _, proof = cursor.partition(".")
            if _proof(place) != proof:
                raise _Complaint("VALIDATION_ERROR", "bad cursor")
            start = int(place)
        following = str(start + size) if start + size < len(rows) else ""
        return {
            "next": f"{following}.{_proof(following)}" if following else "",
            "prev": "",
            "results": rows[start : start + size],
        }

    def _book(self, market: str) -> Row:
        if market not in self._exchange.instruments:
            raise _Complaint("MARKET_NOT_FOUND")
        bids, asks = self._exchange.book(market, 100)
        levels = [[[plain(price), plain(size)] for price, size in side] for side in (bids, asks)]
        sequence, now = self._exchange.seq, millis(self._exchange.now_ns)
        return {"market": market, "seq_no": sequence, "last_updated_at": now, "bids": levels[0], "asks": levels[1]}

    def _klines(self, args: dict[str, str]) -> Row:
        market, resolution = args.get("symbol", ""), args.get("resolution", "")
        if market not in self._exchange.instruments or resolution not in ("1", "3", "5", "15", "30", "60"):
            raise _Complaint("VALIDATION_ERROR")
        first, last = int(args.get("start_at", 0)), int(args.get("end_at", 0))
        bars = self._exchange.candles(market, int(resolution) * 60, 1_000)
        rows = [
            [
                bar.start_s * 1_000,
                *(orjson.Fragment(plain(price)) for price in (bar.open, bar.high, bar.low, bar.close)),
                int(bar.turnover),
            ]
            for bar in bars
            if first <= bar.start_s * 1_000 <= last
        ]
        return {"results": rows}

    def _summary(self, symbol: str) -> Row:
        state = self._exchange.market(symbol)
        return {
            "symbol": symbol,
            "mark_price": plain(state.mark),
            "underlying_price": plain(state.index),
            "last_traded_price": plain(state.last),
            "open_interest": plain(state.open_interest),
            "funding_rate": plain(state.funding_rate),
            "created_at": millis(self._exchange.now_ns),
        }

    # -- WebSocket -------------------------------------------------------------------------------------------------

    def handshake(self, query: str) -> int:
        """Refuse a connection that asks for no version of the encoding that is served."""
        args = dict(parse_qsl(query))
        known = args.get("sbeSchemaId") == "1" and args.get("sbeSchemaVersion", "") in {str(one) for one in self.versions}
        return 0 if known else 400

    def admit(self, peer: Peer) -> str:
        """Take in a new connection."""
        self._feed.admit(peer)
        return ""

    def receive(self, peer: Peer, frame: bytes) -> None:
        """Answer one frame."""
        self._feed.receive(peer, frame)

    def depart(self, peer: Peer) -> None:
        """Forget a connection."""
        self._feed.depart(peer)

    def flush(self) -> None:
        """Publish everything the exchange did since the last call."""
        self._feed.publish(list(self._exchange.drain()))


def with_stark(stark: Stark) -> Callable[[Setting], ParadexMask]:
    """Return what builds a mask that verifies with another implementation."""
    return lambda setting: ParadexMask(setting, stark)


def _body(call: RestCall) -> Row:
    try:
        body = orjson.loads(call.body)
    except ValueError:
        raise _Complaint("BINDING_ERROR") from None
    if not isinstance(body, dict):
        raise _Complaint("BINDING_ERROR")
    return body


def _decimal(value: Any) -> Decimal:
    if value in (None, ""):
        return ZERO
    try:
        number = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or number < 0 or number != number.quantize(Decimal("1e-8")):
        raise _Complaint("VALIDATION_ERROR", "not a number of at most eight decimals")
    return number


def _pair(value: Any) -> tuple[int, int]:
    """Return a signature: the text of a list of two numbers, decimal or hexadecimal."""
    try:
        r, s = orjson.loads(value)
        return int(r, 0), int(s, 0)
    except (ValueError, TypeError):
        raise _Complaint("INVALID_ORDER_SIGNATURE") from None


def _signature(headers: Any) -> tuple[int, int]:
    return _pair(headers.get("PARADEX-STARKNET-SIGNATURE", ""))


def _number(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return -1


def _encoded(part: Row) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(part)).decode().rstrip("=")


def _proof(place: str) -> str:
    return hashlib.sha256(f"cursor {place}".encode()).hexdigest()[:16]
