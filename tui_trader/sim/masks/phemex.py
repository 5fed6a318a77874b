"""The server side of Phemex's protocols, USDⓈ-M and COIN-M, worn by the built-in exchange.

It routes, guards and answers; the exchange decides. It may not import the client's translators: a mask that shared their
code would share their mistakes. Source of the facts: the venue's public API documentation and captured messages.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import orjson

from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import Peer, RestCall, RestReply, Setting
from tui_trader.sim.masks.phemex_args import Args, Complaint, from_body, from_query
from tui_trader.sim.masks.phemex_coin_market import CoinMarket
from tui_trader.sim.masks.phemex_coin_reads import CoinReads
from tui_trader.sim.masks.phemex_family import coin_contracts, stable_contracts
from tui_trader.sim.masks.phemex_feed import MarketFeed
from tui_trader.sim.masks.phemex_gate import Limiter, authenticate, group_of, refusal, turned_away, weight_of
from tui_trader.sim.masks.phemex_money import Money
from tui_trader.sim.masks.phemex_orders import OrderEntry
from tui_trader.sim.masks.phemex_private import PrivateFeed
from tui_trader.sim.masks.phemex_public import FundingRate, PublicReads
from tui_trader.sim.masks.phemex_reads import AccountReads
from tui_trader.sim.masks.phemex_risk import Risk
from tui_trader.sim.masks.phemex_terms import COIN, STABLE
from tui_trader.sim.masks.phemex_ws import Conversations
from tui_trader.sim.types import BookChange, PublicTrade

PublicRoute = Callable[[Args], RestReply]
PrivateRoute = Callable[[str, Args], RestReply]
KEPT_RATES = 500

_IN_BODY = frozenset(("POST", path) for path in ("/g-orders", "/orders", "/assets/transfer", "/exchange/margins"))
"""Requests whose arguments are a JSON body; all others have them in the query."""


class PhemexMask:
    """One exchange in Phemex's clothes; build it with ``SimServer(exchange, PhemexMask)``."""

    ws_path = "/ws"
    idle_s = 30.0

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._exchange: Exchange = setting.exchange
        self._limiter = Limiter()
        self._rates: dict[str, list[FundingRate]] = {symbol: [] for symbol in setting.exchange.instruments}
        self._settlements = {s: setting.exchange.market(s).next_funding_ns for s in setting.exchange.instruments}
        self._market = MarketFeed(setting.exchange)
        risk = Risk(setting.exchange)
        self._private = PrivateFeed(setting.exchange, setting.notify, risk)
        self._conversations = Conversations(setting, self._market, self._private, risk, self.flush)
        public = PublicReads(setting.exchange, setting.clock, self._rates)
        coin_market = CoinMarket(setting.exchange)
        orders = OrderEntry(setting.exchange, STABLE, stable_contracts(setting.exchange))
        coin_orders = OrderEntry(setting.exchange, COIN, coin_contracts(setting.exchange))
        reads = AccountReads(setting.exchange)
        coin_reads = CoinReads(setting.exchange)
        money = Money(setting.exchange)
        self._public: dict[tuple[str, str], PublicRoute] = {
            ("GET", "/public/products"): public.products,
            ("GET", "/public/products-plus"): public.products_plus,
            ("GET", "/public/time"): public.time,
            ("GET", "/exchange/public/cfg/v2/products"): public.config_products,
            ("GET", "/exchange/public/products"): public.coin_products,
            ("GET", "/v1/exchange/public/products"): public.coin_products,
            ("GET", "/md/v2/orderbook"): public.orderbook,
            ("GET", "/md/v2/trade"): public.trades,
            ("GET", "/md/v2/ticker/24hr"): public.ticker_v2,
            ("GET", "/md/v2/ticker/24hr/all"): public.tickers_v2,
            ("GET", "/md/v3/ticker/24hr"): public.ticker_v3,
            ("GET", "/md/v3/ticker/24hr/all"): public.tickers_v3,
            ("GET", "/exchange/public/md/v2/kline"): public.candles,
            ("GET", "/exchange/public/md/v2/kline/last"): public.candles,
            ("GET", "/exchange/public/md/v2/kline/list"): public.candle_list,
            ("GET", "/exchange/public/nomics/trades"): coin_market.nomics,
            ("GET", "/api-data/public/data/funding-rate-history"): public.funding_history,
            ("GET", "/v1/api-data/public/data/funding-rate-history"): public.funding_history,
            ("GET", "/md/v1/ticker/24hr"): coin_market.ticker,
            ("GET", "/v1/md/ticker/24hr"): coin_market.ticker_v1,
            ("GET", "/v1/md/ticker/24hr/all"): coin_market.tickers_v1,
            ("GET", "/contract-biz/public/real-funding-rates"): public.real_funding,
        }
        for prefix in ("/md", "/v1/md"):
            self._public["GET", f"{prefix}/orderbook"] = coin_market.orderbook
            self._public["GET", f"{prefix}/fullbook"] = coin_market.full_book
            self._public["GET", f"{prefix}/trade"] = coin_market.trades
        self._public["GET", "/md/ticker/24hr"] = coin_market.ticker
        self._private_routes: dict[tuple[str, str], PrivateRoute] = {
            ("PUT", "/g-orders/create"): orders.create,
            ("POST", "/g-orders"): orders.create,
            ("PUT", "/g-orders/replace"): orders.replace,
            ("DELETE", "/g-orders/cancel"): orders.cancel,
            ("DELETE", "/g-orders"): orders.cancel_several,
            ("DELETE", "/g-orders/all"): orders.cancel_all,
            ("GET", "/g-orders/activeList"): reads.open_orders,
            ("GET", "/g-orders/active"): reads.open_order,
            ("GET", "/api-data/g-futures/orders/by-order-id"): reads.by_order_id,
            ("GET", "/api-data/g-futures/orders"): reads.orders,
            ("GET", "/api-data/g-futures/trades"): reads.trades,
            ("GET", "/api-data/g-futures/funding-fees"): reads.funding_fees,
            ("GET", "/api-data/g-futures/closedPosition"): reads.closed_positions,
            ("GET", "/exchange/order/v2/orderList"): reads.order_list,
            ("GET", "/exchange/order/v2/tradingList"): reads.trading_list,
            ("GET", "/g-accounts/accountPositions"): reads.account_positions,
            ("GET", "/g-accounts/positions"): reads.marked_positions,
            ("PUT", "/g-positions/leverage"): reads.set_leverage,
            ("PUT", "/g-positions/switch-pos-mode-sync"): reads.set_mode,
            ("POST", "/g-positions/assign"): reads.assign_margin,
            ("GET", "/g-accounts/risk-unit"): risk.units,
            ("PUT", "/orders/create"): coin_orders.create,
            ("POST", "/orders"): coin_orders.create,
            ("PUT", "/orders/replace"): coin_orders.replace,
            ("DELETE", "/orders/cancel"): coin_orders.cancel,
            ("DELETE", "/orders"): coin_orders.cancel_several,
            ("DELETE", "/orders/all"): coin_orders.cancel_all,
            ("GET", "/orders/activeList"): coin_reads.open_orders,
            ("GET", "/orders/active"): coin_reads.open_order,
            ("GET", "/exchange/order"): coin_reads.by_ids,
            ("GET", "/exchange/order/list"): coin_reads.order_list,
            ("GET", "/exchange/order/trade"): coin_reads.order_trades,
            ("GET", "/api-data/futures/orders"): coin_reads.orders,
            ("GET", "/api-data/futures/orders/by-order-id"): coin_reads.by_order_id,
            ("GET", "/api-data/futures/trades"): coin_reads.trades,
            ("GET", "/api-data/futures/funding-fees"): coin_reads.funding_fees,
            ("GET", "/accounts/accountPositions"): coin_reads.account_positions,
            ("GET", "/accounts/positions"): coin_reads.marked_positions,
            ("PUT", "/positions/leverage"): coin_reads.set_leverage,
            ("PUT", "/positions/riskLimit"): coin_reads.set_risk_limit,
            ("POST", "/positions/assign"): coin_reads.assign_margin,
            ("GET", "/api-data/futures/fee-rate"): money.fee_rate,
            ("GET", "/api-data/g-futures/trading-fees"): money.trading_fees,
            ("GET", "/api-data/futures/v2/tradeAccountDetail"): money.account_detail,
            ("GET", "/spot/wallets"): money.wallets,
            ("POST", "/assets/transfer"): money.transfer,
            ("GET", "/assets/transfer"): money.transfers,
            ("GET", "/exchange/wallets/depositList"): money.chain_moves,
            ("GET", "/exchange/wallets/withdrawList"): money.chain_moves,
            ("POST", "/exchange/margins"): money.move_margin,
            ("GET", "/exchange/margins/transfer"): money.margin_moves,
        }

    # -- REST ------------------------------------------------------------------------------------------------------

    def signed(self, call: RestCall) -> bool:
        """Whether ``call`` asks for something private."""
        return (call.method, call.path) in self._private_routes

    def rest(self, call: RestCall) -> RestReply:
        """Answer one request: address limit, route, signature, user limit, then the venue itself."""
        limits, now = self._setting.limits, self._exchange.now_ns
        if limits and self._limiter.blocked(call.peer, now):
            return turned_away("403", "403 Forbidden", 403)
        if self._setting.shared_limits and (wait := self._limiter.crowded(now)):
            limited = turned_away("39995", "Too many requests.", 429)
            limited.headers["x-ratelimit-retry-after"] = str(wait)
            return limited
        route = (call.method, call.path)
        serve = self._public.get(route)
        user = call.peer
        if serve is None:
            private = self._private_routes.get(route)
            if private is None:
                return turned_away("404", "404 Not Found", 404)
            key = authenticate(call, self._setting.keys, self._setting.clock)
            if isinstance(key, RestReply):
                return key
            user, serve = key.key, partial(private, key.account)
        headers: dict[str, str] = {}
        group = group_of(call.path)
        if limits and group:
            headers, wait = self._limiter.spend(user, group, weight_of(*route), now)
            if wait:
                limited = turned_away("39995", "Too many requests.", 429)
                limited.headers.update(headers)
                return limited
        reply = self._answer(call, serve)
        reply.headers.update(headers)
        return reply

    def _answer(self, call: RestCall, serve: Callable[[Args], RestReply]) -> RestReply:
        in_body = (call.method, call.path) in _IN_BODY
        try:
            return serve(from_body(call.body) if in_body else from_query(call.query))
        except Complaint as complaint:
            if call.path.startswith(("/md/", "/v1/md/")):
                error = {"code": complaint.code, "message": complaint.message}
                return RestReply(200, orjson.dumps({"error": error, "id": None, "result": None}))
            if complaint.code == 10500:
                return turned_away(complaint.code, complaint.message, 200)
            return refusal(complaint.code, complaint.message)

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
        for event in self._exchange.drain():
            if isinstance(event, BookChange | PublicTrade):
                self._market.absorb(event)
            else:
                self._private.absorb(event)
        self._private.publish()
        self._note_funding()
        self._market.publish()

    def _note_funding(self) -> None:
        """Keep the rates that were settled: the exchange remembers charges, not rates."""
        now = self._exchange.now_ns
        for symbol, due in self._settlements.items():
            if now < due:
                continue
            state = self._exchange.market(symbol)
            self._settlements[symbol] = state.next_funding_ns
            past = self._rates[symbol]
            past.append(FundingRate(due // 1_000_000, state.funding_rate))
            del past[:-KEPT_RATES]
