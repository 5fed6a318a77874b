"""The server side of Paradex's protocol, worn by the built-in exchange: it routes, ``paradex_gate`` lets in.

Every signature is verified before anything happens, by an implementation that is not the client's. The exchange decides the rest.
It may not import the client's translators. Source: REST reference of docs.paradex.trade, August 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl

import orjson

from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import Peer, RestCall, RestReply, Setting
from tui_trader.sim.masks.paradex_args import Complaint, bodies_of, body_of
from tui_trader.sim.masks.paradex_feed import Feed
from tui_trader.sim.masks.paradex_gate import Gate, Token, mint
from tui_trader.sim.masks.paradex_orders import OrderEntry
from tui_trader.sim.masks.paradex_public import PublicReads, System
from tui_trader.sim.masks.paradex_rates import Rates
from tui_trader.sim.masks.paradex_reads import AccountReads
from tui_trader.sim.masks.paradex_rows import Ids, Row, order_row
from tui_trader.sim.masks.paradex_stark import PlainStark, Stark
from tui_trader.sim.masks.paradex_versions import NEWEST, VERSIONS
from tui_trader.sim.masks.price_bars import PriceBars

__all__ = ["ParadexMask", "mint", "with_stark"]

_PRIVATE = frozenset(
    {
        *("orders", "orders-history", "algo", "positions", "account", "balance", "fills", "funding", "liquidations"),
        *("transfers", "tradebusts", "transactions"),
    }
)
"""What paths begin with that need a token."""


class ParadexMask:
    """One exchange in Paradex's clothes; build it with ``SimServer(exchange, ParadexMask, mint=mint)``."""

    ws_path = "/v1"
    idle_s = 90.0

    def __init__(self, setting: Setting, stark: Stark | None = None) -> None:
        """``stark`` verifies; tests give StarkWare's own, the shipping exchange has the textbook."""
        exchange = setting.exchange
        self.versions = VERSIONS
        """Versions of the binary encoding that connections may ask for; a venue serves what it likes, up to a cap."""
        self._version = NEWEST
        """What the connection asked for that is being taken in."""
        self.system = System()
        """What the venue takes at present."""
        self.gate = Gate(setting, stark if stark is not None else PlainStark())
        """Tokens and signatures."""
        self.ids = Ids(exchange)
        """The venue's numbers for what the exchange names otherwise."""
        self._exchange: Exchange = exchange
        self._rates, self._prices = Rates(exchange), PriceBars(exchange)
        self._public = PublicReads(exchange, setting.clock, self.system, self._rates, self._prices)
        self.orders = OrderEntry(exchange, self.gate, setting.clock, self.system)
        """What changes orders."""
        self._reads = AccountReads(exchange)
        self.feed = Feed(exchange, self.gate.account_of)
        """The sockets."""

    # -- REST ------------------------------------------------------------------------------------------------------

    def signed(self, call: RestCall) -> bool:
        """Whether ``call`` asks for something private."""
        return "Authorization" in call.headers

    def rest(self, call: RestCall) -> RestReply:
        """Answer one request."""
        try:
            reply = self._route(call)
        except Complaint as complaint:
            body = {"error": complaint.code, "message": complaint.message, "data": None}
            return RestReply(complaint.status, orjson.dumps(body))
        return (
            RestReply(204, b"") if reply is None else RestReply(201 if reply.pop("created", False) else 200, orjson.dumps(reply))
        )

    def _route(self, call: RestCall) -> Row | None:
        path = call.path.removeprefix("/v1").strip("/").split("/")
        args = dict(parse_qsl(call.query, keep_blank_values=True))
        public = self._public
        match call.method, path:
            case "GET", ["system", "time"]:
                return public.time()
            case "GET", ["system", "state"]:
                return public.state()
            case "GET", ["system", "config"]:
                return public.config()
            case "GET", ["markets"]:
                return public.markets(args)
            case "GET", ["markets", "summary"]:
                return public.summaries(args)
            case "GET", ["markets", "klines"]:
                return public.bars(args)
            case "GET", ["orderbook", market]:
                return public.book(market, args)
            case "GET", ["bbo", market]:
                return public.best(market)
            case "GET", ["trades"]:
                return public.trades(args)
            case "GET", ["funding", "data"]:
                return public.funding(args)
            case "POST", ["auth", *key]:
                return self.gate.admit(call, "/".join(key))
        if path[0] not in _PRIVATE:
            raise Complaint("NOT_FOUND", "no such path", 404)  # whoever asks: no token would help
        token = self.gate.token(call)
        return self._asked(token.account, path, args) if call.method == "GET" else self._told(token, call, path, args)

    def _told(self, token: Token, call: RestCall, path: Sequence[str], args: dict[str, str]) -> Row | None:
        """Do what changes something."""
        account, orders = token.account, self.orders
        match call.method, path:
            case "POST", ["orders"]:
                return orders.create(token, body_of(call))
            case "POST", ["orders", "batch"]:
                return orders.create_batch(token, bodies_of(call))
            case "PUT", ["orders", number]:
                return orders.modify(token, number, body_of(call))
            case "DELETE", ["orders"]:
                orders.cancel_all(account, args.get("market"))
                return None
            case "DELETE", ["orders", "batch"]:
                return orders.cancel_batch(account, body_of(call))
            case "DELETE", ["orders", "by_client_id", client_id]:
                orders.cancel(orders.open(account, client_id=client_id))
                return None
            case "DELETE", ["orders", number]:
                orders.cancel(orders.open(account, number=number))
                return None
            case "POST", ["account", "margin", market]:
                return orders.lever(account, market, body_of(call))
        raise Complaint("NOT_FOUND", "no such path", 404)

    def _asked(self, account: str, path: Sequence[str], args: dict[str, str]) -> Row:
        """Answer what changes nothing."""
        reads = self._reads
        match path:
            case ["orders"]:
                return reads.open_orders(account, args)
            case ["orders", "by_client_id", client_id]:
                return order_row(self.orders.open(account, client_id=client_id))
            case ["orders", number]:
                return order_row(self.orders.open(account, number=number))
            case ["orders-history"]:
                return reads.history(account, args)
            case ["positions"]:
                return reads.positions(account)
            case ["account"]:
                return reads.account(account)
            case ["balance"]:
                return reads.balance(account)
            case ["account", "margin"]:
                return reads.margin(account, args)
            case ["fills"]:
                return reads.fills(account, args)
            case ["funding", "payments"]:
                return reads.payments(account, args)
            case ["liquidations"]:
                return reads.liquidations(account, args)
            case ["account", "info"]:
                return reads.info(account)
            case ["account", "subaccounts"] | ["algo", "orders"] | ["tradebusts"] | ["transactions"]:
                return reads.never(args)
            case ["transfers"]:
                return reads.transfers(account, args)
        raise Complaint("NOT_FOUND", "no such path", 404)

    # -- WebSocket -------------------------------------------------------------------------------------------------

    def handshake(self, query: str) -> int:
        """Refuse a connection that asks for no version of the encoding that is served; the one that is taken comes next."""
        args = dict(parse_qsl(query))
        served = {str(one): one for one in self.versions}
        asked = served.get(args.get("sbeSchemaVersion", ""))
        if args.get("sbeSchemaId") != "1" or asked is None:
            return 400
        self._version = asked
        return 0

    def admit(self, peer: Peer) -> str:
        """Take in a new connection."""
        self.feed.admit(peer, self._version)
        self._version = NEWEST
        return ""

    def receive(self, peer: Peer, frame: bytes) -> None:
        """Answer one frame."""
        self.feed.receive(peer, frame)

    def depart(self, peer: Peer) -> None:
        """Forget a connection."""
        self.feed.depart(peer)

    def flush(self) -> None:
        """Publish everything the exchange did since the last call."""
        self._rates.note()
        self._prices.note()
        self.feed.publish(list(self._exchange.drain()))


def with_stark(stark: Stark) -> Callable[[Setting], ParadexMask]:
    """Return what builds a mask that verifies with another implementation."""
    return lambda setting: ParadexMask(setting, stark)
