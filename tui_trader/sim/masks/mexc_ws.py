"""MEXC's WebSocket conversation: ping, login, filters, subscriptions, each answered once on a channel named after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from tui_trader.core.clock import NS
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import Peer, Setting
from tui_trader.sim.masks.mexc_feed import MarketFeed, Topic
from tui_trader.sim.masks.mexc_gate import authenticate_socket
from tui_trader.sim.masks.mexc_private import PrivateFeed, read_filters
from tui_trader.sim.masks.mexc_public import INTERVALS
from tui_trader.sim.masks.mexc_terms import MILLI

MAX_REQUESTS_PER_S = 100
DEPTHS = (5, 10, 20)
_OF_SYMBOL = frozenset(
    {"ticker", "deal", "depth", "depth.full", "kline", "funding.rate", "index.price", "fair.price", "contract"}
)


@dataclass(slots=True)
class _Client:
    """What is known of one connection."""

    account: str = ""
    """Empty until login."""
    topics: dict[Topic, None] = field(default_factory=dict)
    asked_ns: list[int] = field(default_factory=list)


class Conversations:
    """All connections of the venue's one WebSocket endpoint."""

    def __init__(self, setting: Setting, market: MarketFeed, private: PrivateFeed) -> None:
        self._setting = setting
        self._exchange: Exchange = setting.exchange
        self._market = market
        self._private = private
        self._clients: dict[Peer, _Client] = {}

    def admit(self, peer: Peer) -> str:
        """Take in a new connection; all are welcome."""
        self._clients[peer] = _Client()
        return ""

    def depart(self, peer: Peer) -> None:
        """Forget a connection and its subscriptions."""
        client = self._clients.pop(peer, None)
        if client is not None:
            for topic in client.topics:
                self._market.unsubscribe(peer, topic)
            if client.account:
                self._private.leave(peer, client.account)

    def receive(self, peer: Peer, frame: bytes) -> None:
        """Answer one frame."""
        client = self._clients.get(peer)
        if client is None:
            return
        try:
            request = orjson.loads(frame)
        except orjson.JSONDecodeError:
            request = None
        method = request.get("method") if isinstance(request, dict) else None
        if not isinstance(request, dict) or not isinstance(method, str):
            self._say(peer, "rs.error", "Invalid request")
            return
        if self._too_many(client):
            self._say(peer, "rs.error", "Too many requests")
            return
        param = request.get("param")
        verb, _, channel = method.partition(".")
        match verb, channel:
            case "ping", "":
                peer.send(orjson.dumps({"channel": "pong", "data": self._now()}), "reply")
            case "login", "":
                self._login(peer, client, param, everything=request.get("subscribe") is not False)
            case "personal", "filter":
                self._filter(peer, client, param)
            case "sub", _:
                self._subscribe(peer, client, method, channel, param)
            case (("unsub" | "usub"), _):
                self._unsubscribe(peer, client, method, channel, param)
            case _:
                self._say(peer, "rs.error", f"Unknown method {method[:40]}")

    # -- inside ----------------------------------------------------------------------------------------------------

    def _now(self) -> int:
        return self._exchange.now_ns // MILLI

    def _say(self, peer: Peer, channel: str, data: object) -> None:
        peer.send(orjson.dumps({"channel": channel, "data": data, "ts": str(self._now())}), "reply")

    def _too_many(self, client: _Client) -> bool:
        if not self._setting.limits:
            return False
        now = self._setting.clock.mono_ns()
        client.asked_ns = [at for at in client.asked_ns if now - at < NS]
        client.asked_ns.append(now)
        return len(client.asked_ns) > MAX_REQUESTS_PER_S

    def _login(self, peer: Peer, client: _Client, param: object, *, everything: bool) -> None:
        key = authenticate_socket(param, self._setting.keys, self._setting.clock)
        if isinstance(key, str):
            self._setting.notify({"event": "auth", "client": peer.number, "ok": False, "why": key})
            self._say(peer, "rs.error", key)
            return
        client.account = key.account
        self._setting.notify({"event": "auth", "client": peer.number, "ok": True, "account": key.account})
        self._say(peer, "rs.login", "success")
        if everything:
            self._private.join(peer, key.account, None)

    def _filter(self, peer: Peer, client: _Client, param: Any) -> None:
        if not client.account:
            self._say(peer, "rs.error", "Not logged in")
            return
        try:
            wanted = read_filters(param)
        except ValueError as error:
            self._say(peer, "rs.error", str(error))
            return
        self._private.join(peer, client.account, wanted)
        self._say(peer, "rs.personal.filter", "success")

    def _subscribe(self, peer: Peer, client: _Client, method: str, channel: str, param: Any) -> None:
        topic = self._topic(channel, param)
        if topic is None:
            self._say(peer, "rs.error", "Contract doesn't exist!" if channel in _OF_SYMBOL else "Unknown channel")
            return
        replaced = [old for old in client.topics if old[:2] == topic[:2] and channel == "depth.full" and old != topic]
        for old in replaced:
            del client.topics[old]
            self._market.unsubscribe(peer, old)
        client.topics[topic] = None
        self._setting.notify({"event": "subscribe", "client": peer.number, "channel": channel, "symbol": topic.symbol})
        self._say(peer, f"rs.{method}", "success")
        self._market.subscribe(peer, topic)

    def _unsubscribe(self, peer: Peer, client: _Client, method: str, channel: str, param: Any) -> None:
        symbol = param.get("symbol", "") if isinstance(param, dict) else ""
        for topic in [one for one in client.topics if one.channel == channel and symbol in ("", one.symbol)]:
            del client.topics[topic]
            self._market.unsubscribe(peer, topic)
        self._say(peer, f"rs.{method}", "success")

    def _topic(self, channel: str, param: Any) -> Topic | None:
        """Return what is asked for, None when the parameters do not name anything."""
        param = param if isinstance(param, dict) else {}
        if channel == "tickers":
            return Topic(channel)
        symbol = param.get("symbol")
        if channel not in _OF_SYMBOL or symbol not in self._exchange.instruments:
            return None
        if channel == "depth.full":
            limit = param.get("limit", 20)
            return Topic(channel, symbol, str(limit)) if limit in DEPTHS else None
        if channel == "kline":
            interval = param.get("interval", "Min1")
            return Topic(channel, symbol, interval) if interval in INTERVALS else None
        return Topic(channel, symbol)
