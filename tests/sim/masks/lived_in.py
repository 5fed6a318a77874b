"""A mask without sockets over an exchange in which everything has happened once, in both families."""

from __future__ import annotations

import hashlib
import hmac
import json
from decimal import Decimal as D
from typing import Any

from tui_trader.core.clock import NS, ManualClock
from tui_trader.core.types import OrderType, Side, TimeInForce
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import Key, RestCall, Setting
from tui_trader.sim.masks.phemex import PhemexMask
from tui_trader.sim.products import phemex_coin_instruments, phemex_instruments
from tui_trader.sim.types import NewOrder


class Listener:
    """A WebSocket client without a socket."""

    number = 1

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.raw: list[bytes] = []

    def send(self, payload: bytes, topic: str = "") -> None:
        self.raw.append(payload)
        self.frames.append(json.loads(payload, parse_float=D))

    def close(self, code: int, reason: str) -> None:
        raise AssertionError((code, reason))


class Venue:
    """A mask over an exchange in which everything has happened once, in both families."""

    def __init__(self) -> None:
        start = 1_763_481_600 * NS
        self.clock = ManualClock(start)
        contracts = [*phemex_instruments(("BTCUSDT", "BTCUSDC")), *phemex_coin_instruments()]
        self.exchange = Exchange(contracts, seed=3, start_ns=start)
        funds = {"USDT": D(10_000), "USDC": D(10), "BTC": D(1), "ETH": D(1), "USD": D(10)}
        self.exchange.open_account("trader", funds, {"USDT": D(100), "BTC": D(1)})
        self.exchange.open_account("maker", {"USDT": D(10**8), "BTC": D(10**4)})
        self.mask = PhemexMask(Setting(self.exchange, {"k": Key("k", "s", "trader")}, self.clock, lambda _: None, limits=False))
        for symbol, qty in (("BTCUSDT", "1"), ("BTCUSD", "10000")):
            self.exchange.set_reference(symbol, D("50000.1234"))
            self.exchange.listings[symbol].state.funding_rate = D("0.0001")
            for step in range(3):
                for side, price in ((Side.SELL, 50_001 + step), (Side.BUY, 49_999 - step)):
                    self.exchange.submit("maker", NewOrder("", symbol, side, OrderType.LIMIT, D(qty), D(price)))
        self.listeners: dict[str, Listener] = {}
        for channel, params in (
            ("aop", []),
            ("aop_p", []),
            ("ras_p", {}),
            *((channel, ["BTCUSD"]) for channel in ("orderbook", "trade", "market24h")),
            *((channel, ["BTCUSDT"]) for channel in ("orderbook_p", "trade_p", "market24h_p")),
            ("kline", ["BTCUSD", 60]),
            ("kline_p", ["BTCUSDT", 60]),
            ("tick", [".MBTC"]),
            ("tick_p", [".MBTCUSDT"]),
        ):
            self.listen(channel, params)
        self.trade()

    def listen(self, channel: str, params: Any) -> None:
        listener = self.listeners[channel] = Listener()
        assert not self.mask.admit(listener)
        expiry = self.clock.wall_ns() // NS + 60
        signature = hmac.new(b"s", f"k{expiry}".encode(), hashlib.sha256).hexdigest()
        for request in (
            {"id": 1, "method": "user.auth", "params": ["API", "k", signature, expiry]},
            {"id": 2, "method": f"{channel}.subscribe", "params": params},
        ):
            self.mask.receive(listener, json.dumps(request).encode())
        assert listener.frames[1]["error"] is None, listener.frames

    def trade(self) -> None:
        """Have one order of each fate and a funding settlement, then let a second pass."""
        self.receipts = {}
        for name, path, body in (
            ("g", "/g-orders", {"symbol": "BTCUSDT", "posSide": "Merged", "orderQtyRq": "0.01"}),
            ("coin", "/orders", {"symbol": "BTCUSD", "orderQty": 100}),
        ):
            price = {"priceRp": "49000"} if name == "g" else {"priceEp": 490_000_000}
            limit = {**body, "side": "Buy", "ordType": "Limit", **price}
            self.receipts[name] = self.call("POST", path, body={**limit, "clOrdID": f"{name}-rests"})
            self.call("POST", path, body={**limit, "clOrdID": f"{name}-goes"})
            self.receipts[f"{name} market"] = self.call("POST", path, body={**body, "side": "Buy", "ordType": "Market"})
            leg = "&posSide=Merged" if name == "g" else ""
            price_query = "priceRp=49000.5" if name == "g" else "priceEp=490005000"
            named = f"orderID={self.receipts[name]['data']['orderID']}&symbol={body['symbol']}{leg}"
            self.receipts[f"{name} replace"] = self.call("PUT", f"{path}/replace", f"{named}&{price_query}")
            self.receipts[f"{name} cancel"] = self.call(
                "DELETE", f"{path}/cancel", f"clOrdID={name}-goes&symbol={body['symbol']}{leg}"
            )
        self.pass_time(8 * 3600 + 1)
        for symbol, qty in (("BTCUSDT", "0.01"), ("BTCUSD", "50")):
            new = NewOrder("", symbol, Side.SELL, OrderType.MARKET, D(qty), tif=TimeInForce.IOC)
            self.exchange.submit("trader", new)
        for _ in range(5):
            for symbol in ("BTCUSD", "BTCUSDT"):
                self.exchange.set_reference(symbol, D("50000.5"))
            self.pass_time(1)

    def pass_time(self, seconds: float) -> None:
        """Let time pass and publish."""
        self.clock.advance(seconds)
        self.exchange.advance(self.clock.wall_ns())
        self.mask.flush()

    def call(self, method: str, path: str, query: str = "", body: dict[str, Any] | None = None, **change: str) -> Any:
        return json.loads(self.raw(method, path, query, body, **change), parse_float=D)

    def raw(self, method: str, path: str, query: str = "", body: dict[str, Any] | None = None, **change: str) -> bytes:
        payload = json.dumps(body).encode() if body is not None else b""
        expiry = change.get("expiry", str(self.clock.wall_ns() // NS + 60))
        signature = hmac.new(b"s", f"{path}{query}{expiry}".encode() + payload, hashlib.sha256).hexdigest()
        headers = {
            "x-phemex-access-token": change.get("key", "k"),
            "x-phemex-request-expiry": expiry,
            "x-phemex-request-signature": change.get("signature", signature),
        }
        return self.mask.rest(RestCall(method, path, query, headers, payload)).body

    def get(self, path: str, query: str = "") -> Any:
        return self.call("GET", path, query)

    def pushed(self, channel: str, kind: str = "", has: str = "") -> dict[str, Any]:
        """Return the first push of a channel of a kind, with something in the array ``has``."""
        for frame in self.listeners[channel].frames[2:]:
            if frame.get("type", "") == kind and (not has or frame.get(has)) and "index_market24h" not in frame:
                return frame
        raise AssertionError((channel, kind, has))
