"""The server side of MEXC's futures protocol, worn by the built-in exchange.

It routes, guards and answers; the exchange decides. It may not import the client's translators: a mask that shared their code
would share their mistakes. Source of the facts: the venue's public API documentation and recorded messages.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import Peer, RestCall, RestReply, Setting
from tui_trader.sim.masks.mexc_books import Books
from tui_trader.sim.masks.mexc_feed import MarketFeed
from tui_trader.sim.masks.mexc_gate import Limiter, authenticate
from tui_trader.sim.masks.mexc_orders import OrderEntry
from tui_trader.sim.masks.mexc_private import PrivateFeed
from tui_trader.sim.masks.mexc_public import PublicReads
from tui_trader.sim.masks.mexc_rates import PastRates
from tui_trader.sim.masks.mexc_reads import AccountReads
from tui_trader.sim.masks.mexc_rows import EXIT, Rows, has_fired, kind_of
from tui_trader.sim.masks.mexc_terms import Args, Complaint, Contracts, Ids, refused
from tui_trader.sim.masks.mexc_waiting import WaitingOrders
from tui_trader.sim.masks.mexc_ws import Conversations
from tui_trader.sim.masks.price_bars import PriceBars
from tui_trader.sim.types import BookChange, PublicTrade, Report, SimOrder, SimStatus

PUBLIC, PRIVATE = "/api/v1/contract/", "/api/v1/private/"

PublicRoute = Callable[..., RestReply]
PrivateRoute = Callable[..., RestReply]


class MexcMask:
    """One exchange in MEXC's clothes; build it with ``SimServer(exchange, MexcMask)``."""

    ws_path = "/edge"
    idle_s = 60.0

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._exchange: Exchange = setting.exchange
        self._limiter = Limiter()
        exchange = setting.exchange
        contracts = Contracts(exchange)
        books = Books(exchange, contracts)
        self.ids = Ids()
        """The venue's numbers for what the exchange names otherwise."""
        rows = Rows(exchange, self.ids)
        self._market = MarketFeed(exchange, contracts, books)
        self._private = PrivateFeed(exchange, setting.notify, rows)
        self._conversations = Conversations(setting, self._market, self._private)
        self._rates, self._prices = PastRates(exchange), PriceBars(exchange)
        public = PublicReads(exchange, setting.clock, contracts, books, self._rates, self._prices)
        self.orders = orders = OrderEntry(exchange, rows)
        """What changes orders."""
        reads = AccountReads(exchange, rows)
        waiting = WaitingOrders(exchange, rows, orders.mode_said)
        self._public: dict[str, PublicRoute] = {
            "ping": public.ping,
            "detail": public.detail,
            "ticker": public.tickers,
            "funding_rate/history": public.funding_history,
            "support_currencies": public.currencies,
        }
        self._public_of: dict[str, PublicRoute] = {
            "depth": public.depth,
            "deals": public.deals,
            "kline": public.bars,
        }
        """By the word before a symbol."""
        self._public_plain: dict[str, PublicRoute] = {
            "index_price": public.index_price,
            "fair_price": public.fair_price,
            "funding_rate": public.funding_rate,
        }
        self._commits = public.commits
        self._price_bars = public.price_bars
        self._private_routes: dict[tuple[str, str], PrivateRoute] = {
            ("POST", "order/create"): orders.create,
            ("POST", "order/submit_batch"): orders.batch,
            ("POST", "order/cancel"): orders.cancel,
            ("POST", "order/cancel_with_external"): orders.cancel_with_external,
            ("POST", "order/batch_cancel_with_external"): orders.batch_cancel_with_external,
            ("POST", "order/cancel_all"): orders.cancel_all,
            ("POST", "position/close_all"): orders.close_all,
            ("POST", "position/reverse"): orders.reverse,
            ("POST", "planorder/place"): waiting.plan,
            ("POST", "planorder/place/v2"): waiting.plan,
            ("POST", "planorder/change_price"): waiting.change_plan,
            ("POST", "planorder/cancel"): waiting.cancel_plans,
            ("POST", "planorder/cancel_all"): waiting.cancel_all_plans,
            ("POST", "stoporder/change_plan_price"): waiting.change_exit,
            ("POST", "stoporder/cancel"): waiting.cancel_exits,
            ("POST", "stoporder/cancel_all"): waiting.cancel_all_exits,
            ("POST", "trackorder/place"): waiting.trail,
            ("POST", "trackorder/change_order"): waiting.change_trail,
            ("POST", "trackorder/cancel"): waiting.cancel_trail,
            ("GET", "order/list/open_orders"): reads.open_orders,
            ("GET", "order/list/history_orders"): reads.history,
            ("GET", "order/list/order_deals"): reads.deals,
            ("GET", "order/list/order_deals/v3"): reads.deals,
            ("GET", "order/batch_query"): reads.batch,
            ("GET", "planorder/list/orders"): waiting.plans,
            ("GET", "stoporder/list/orders"): waiting.exits,
            ("GET", "stoporder/open_orders"): waiting.open_exits,
            ("GET", "trackorder/list/orders"): waiting.trails,
            ("GET", "position/open_positions"): reads.positions,
            ("GET", "position/list/history_positions"): reads.past_positions,
            ("GET", "position/position_mode"): reads.mode,
            ("POST", "position/change_position_mode"): reads.set_mode,
            ("GET", "position/leverage"): reads.leverage,
            ("POST", "position/change_leverage"): reads.set_leverage,
            ("POST", "position/change_margin"): reads.change_margin,
            ("GET", "position/funding_records"): reads.funding,
            ("GET", "account/assets"): reads.assets,
            ("GET", "account/tiered_fee_rate"): reads.fees,
            ("GET", "account/transfer_record"): reads.transfers,
        }
        self._private_of: dict[str, PrivateRoute] = {
            "order/get": lambda account, args, identity: reads.by_id(account, identity),
            "order/external": lambda account, args, symbol, external: reads.by_external(account, symbol, external),
            "order/deal_details": lambda account, args, identity: reads.deals_of(account, identity),
            "order/open_orders": lambda account, args, symbol: reads.open_orders(account, args | {"symbol": symbol}),
            "account/asset": lambda account, args, currency: reads.asset(account, currency),
        }
        """By the words before what stands in the path."""

    # -- REST ------------------------------------------------------------------------------------------------------

    def signed(self, call: RestCall) -> bool:
        """Whether ``call`` asks for something private."""
        return call.path.startswith(PRIVATE)

    def rest(self, call: RestCall) -> RestReply:
        """Answer one request: route, signature, budget, then the venue itself."""
        if call.path.startswith(PUBLIC):
            serve, path = self._public_route(call.path.removeprefix(PUBLIC)), call.path
            user = call.peer
        else:
            key = authenticate(call, self._setting.keys, self._setting.clock) if call.path.startswith(PRIVATE) else None
            if isinstance(key, RestReply):
                return key
            serve, path = self._private_route(call.method, call.path.removeprefix(PRIVATE)) if key else (None, "")
            if serve is not None and key is not None:
                user, serve = key.key, partial(serve, key.account)
        if serve is None:
            return refused(404, "Not Found", 404)
        if self._setting.limits and self._limiter.exceeded(user, path, self._exchange.now_ns):
            return refused(510, "Requests are too frequent, please try again later!")
        try:
            return serve(_arguments(call))
        except Complaint as complaint:
            return refused(complaint.code, complaint.message)

    def _public_route(self, path: str) -> Callable[[Args], RestReply] | None:
        found = self._public.get(path)
        if found is not None:
            return found
        match path.split("/"):
            case ["depth_commits", symbol, count]:
                return lambda args: self._commits(symbol, count)
            case ["kline", ("index_price" | "fair_price") as price, symbol]:
                return partial(self._price_bars, symbol, index=price == "index_price")
            case [word, symbol] if word in self._public_of:
                return partial(self._public_of[word], symbol)
            case [word, symbol] if word in self._public_plain:
                return lambda args: self._public_plain[word](symbol)
        return None

    def _private_route(self, method: str, path: str) -> tuple[PrivateRoute | None, str]:
        """Return what serves a path, and the path that its budget is counted under."""
        found = self._private_routes.get((method, path))
        if found is not None:
            return found, PRIVATE + path
        words = path.removeprefix("order/list/open_orders/").split("/")
        if len(words) == 1 and path != words[0]:
            words = ["order", "open_orders", words[0]]  # the path of before May 2026, with the contract in it
        serve = self._private_of.get("/".join(words[:2])) if method == "GET" else None
        wanted = 2 if words[:2] == ["order", "external"] else 1
        if serve is None or len(words) != 2 + wanted:
            return None, ""
        chosen = serve
        return (lambda account, args: chosen(account, args, *words[2:])), PRIVATE + "/".join(words[:2])

    # -- WebSocket -------------------------------------------------------------------------------------------------

    def admit(self, peer: Peer) -> str:
        """Take in a new connection; returns why not."""
        return self._conversations.admit(peer)

    def receive(self, peer: Peer, frame: bytes) -> None:
        """Answer one frame."""
        self._conversations.receive(peer, frame)

    def depart(self, peer: Peer) -> None:
        """Forget a connection."""
        self._conversations.depart(peer)

    # -- pushes ----------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Publish everything the exchange did since the last call, private first."""
        while events := list(self._exchange.drain()):
            for event in events:
                if isinstance(event, BookChange | PublicTrade):
                    self._market.absorb(event)
                else:
                    self._private.absorb(event)
            for event in events:
                if isinstance(event, Report):
                    self._end_twin(event.order)
        self._private.publish()
        self._rates.note()
        self._prices.note()
        self._market.publish()

    def _end_twin(self, order: SimOrder) -> None:
        """Take off what else an exit held once its stop or its target has fired: they are one order, and it is over."""
        if kind_of(order) != EXIT or not has_fired(order):
            return
        for other in self._exchange.open_orders(order.account, order.symbol):
            if other.parent == order.parent and other.status is SimStatus.UNTRIGGERED:
                self._exchange.cancel(other.account, other.symbol, order_id=other.order_id)


def _arguments(call: RestCall) -> Any:
    """Return the arguments of a request, numbers exact; raises Complaint 601 on a body that is no JSON."""
    if call.method != "POST":
        return dict(parse_qsl(call.query, keep_blank_values=True))
    try:
        return json.loads(call.body or b"{}", parse_float=Decimal)
    except ValueError:
        raise Complaint(601, "Data decoding error") from None
