"""Phemex's WebSocket conversation: login, ping, subscribe and unsubscribe, each answered once and by its id."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from tui_trader.core.clock import NS
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import Peer, Setting
from tui_trader.sim.masks.phemex_family import is_coin
from tui_trader.sim.masks.phemex_feed import AGGREGATED_NS, DEPTHS, FAST_NS, FULL_NS, MarketFeed, Topic
from tui_trader.sim.masks.phemex_gate import authenticate_socket
from tui_trader.sim.masks.phemex_private import COIN, STABLE, PrivateFeed
from tui_trader.sim.masks.phemex_public import RESOLUTIONS
from tui_trader.sim.masks.phemex_risk import TOPIC as RISK
from tui_trader.sim.masks.phemex_risk import Risk

MAX_CONNECTIONS = 5
MAX_SUBSCRIPTIONS = 20
MAX_REQUESTS_PER_S = 20

INVALID = (6001, "invalid argument")
SUCCESS: dict[str, str] = {"status": "success"}

_PRIVATE = (STABLE, COIN, RISK)
_CHANNELS = frozenset(
    {
        *("orderbook_p", "trade_p", "kline_p", "tick_p", "market24h_p", "perp_market24h_pack_p"),
        *("orderbook", "trade", "kline", "tick", "market24h"),
        *_PRIVATE,
    }
)


@dataclass(slots=True)
class _Client:
    """What is known of one connection."""

    account: str = ""
    """Empty until login."""
    topics: dict[Topic, None] = field(default_factory=dict)
    asked_ns: deque[int] = field(default_factory=deque)
    """Times of the requests of the last second."""


class Conversations:
    """All connections of the venue's one WebSocket endpoint."""

    def __init__(
        self, setting: Setting, market: MarketFeed, private: PrivateFeed, risk: Risk, settle: Callable[[], None]
    ) -> None:
        self._exchange: Exchange = setting.exchange
        self._setting = setting
        self._market = market
        self._private = private
        self._risk = risk
        self._settle = settle
        """Publishes what is pending, so that a snapshot is never followed by what it already contains."""
        self._clients: dict[Peer, _Client] = {}

    def admit(self, peer: Peer) -> str:
        """Take in a new connection; returns why not, empty when welcome."""
        if self._setting.limits and len(self._clients) >= MAX_CONNECTIONS:
            return "too many connections"
        self._clients[peer] = _Client()
        return ""

    def depart(self, peer: Peer) -> None:
        """Forget a connection and its subscriptions."""
        client = self._clients.pop(peer, None)
        if client is not None:
            for topic in client.topics:
                self._drop(peer, client, topic)

    def receive(self, peer: Peer, frame: bytes) -> None:
        """Answer one frame."""
        client = self._clients.get(peer)
        if client is None:
            return
        try:
            request = orjson.loads(frame)
        except orjson.JSONDecodeError:
            request = None
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            _fail(peer, None, *INVALID)
            return
        number, method, params = request.get("id"), request["method"], request.get("params")
        if self._too_many(client):
            _fail(peer, number, 39995, "Too many requests.")
            return
        if method == "server.ping":
            _reply(peer, number, "pong")
        elif method == "user.auth":
            self._login(peer, client, number, params)
        else:
            channel, _, verb = method.rpartition(".")
            if channel not in _CHANNELS or verb not in ("subscribe", "unsubscribe"):
                _fail(peer, number, *INVALID)
            elif verb == "subscribe":
                self._subscribe(peer, client, number, channel, params)
            else:
                self._unsubscribe(peer, client, number, channel, params)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _too_many(self, client: _Client) -> bool:
        if not self._setting.limits:
            return False
        now, asked = self._setting.clock.mono_ns(), client.asked_ns
        while asked and now - asked[0] >= NS:
            asked.popleft()
        if len(asked) >= MAX_REQUESTS_PER_S:
            return True
        asked.append(now)
        return False

    def _login(self, peer: Peer, client: _Client, number: Any, params: object) -> None:
        key = authenticate_socket(params, self._setting.keys, self._setting.clock)
        if isinstance(key, str):
            self._setting.notify({"event": "auth", "client": peer.number, "ok": False, "why": key})
            _fail(peer, number, 6001, key)
            return
        client.account = key.account
        self._setting.notify({"event": "auth", "client": peer.number, "ok": True, "account": key.account})
        _reply(peer, number, SUCCESS)

    def _subscribe(self, peer: Peer, client: _Client, number: Any, channel: str, params: object) -> None:
        topic = self._topic(client, channel, params)
        if topic is None:
            _fail(peer, number, *INVALID)
            return
        replaced = [
            old for old in client.topics if old[:2] == topic[:2] and channel in ("orderbook_p", "orderbook") and old != topic
        ]
        for old in replaced:
            # One book of a symbol per connection: pushes name no cadence, so two could not be told apart.
            del client.topics[old]
            self._drop(peer, client, old)
        if self._setting.limits and topic not in client.topics and len(client.topics) >= MAX_SUBSCRIPTIONS:
            _fail(peer, number, 6001, "too many subscriptions")
            return
        client.topics[topic] = None
        self._setting.notify({"event": "subscribe", "client": peer.number, "channel": channel, "symbol": topic.symbol})
        # The venue's own misspelling, in the answer to this one subscription (documented sample).
        _reply(peer, number, {"stauts": "success"} if channel == RISK else SUCCESS)
        self._settle()
        if channel == RISK:
            self._risk.subscribe(peer, client.account)
        elif channel in _PRIVATE:
            self._private.subscribe(peer, client.account, channel)
        else:
            self._market.subscribe(peer, topic)

    def _unsubscribe(self, peer: Peer, client: _Client, number: Any, channel: str, params: object) -> None:
        """End subscriptions of a channel; only trades and candles can be ended for one symbol alone."""
        symbol = ""
        if (
            channel in ("trade_p", "kline_p", "trade", "kline")
            and isinstance(params, list)
            and params
            and isinstance(params[0], str)
        ):
            symbol = params[0]
        for topic in [one for one in client.topics if one.channel == channel and symbol in ("", one.symbol)]:
            del client.topics[topic]
            self._drop(peer, client, topic)
        _reply(peer, number, SUCCESS)

    def _drop(self, peer: Peer, client: _Client, topic: Topic) -> None:
        if topic.channel == RISK:
            self._risk.unsubscribe(peer, client.account)
        elif topic.channel in _PRIVATE:
            self._private.unsubscribe(peer, client.account, topic.channel)
        else:
            self._market.unsubscribe(peer, topic)

    def _topic(self, client: _Client, channel: str, params: object) -> Topic | None:
        """Return what is asked for, None when the parameters do not name anything."""
        words = params if isinstance(params, list) else []
        if channel in _PRIVATE:
            return Topic(channel) if client.account else None
        if channel == "perp_market24h_pack_p":
            return Topic(channel)
        if channel in ("market24h_p", "market24h") and not words:
            return Topic(channel)
        if not words or not isinstance(words[0], str):
            return None
        symbol = words[0]
        if channel in ("tick_p", "tick"):
            return Topic(channel, symbol) if self._market.knows_tick(channel, symbol) else None
        instrument = self._exchange.instruments.get(symbol)
        if instrument is None or is_coin(instrument) is channel.endswith("_p"):
            return None
        if channel in ("kline_p", "kline"):
            seconds = words[1] if len(words) > 1 else None
            return Topic(channel, symbol, (seconds, 0)) if type(seconds) is int and seconds in RESOLUTIONS else None
        if channel in ("orderbook_p", "orderbook"):
            return self._book_topic(channel, symbol, words[1:])
        return Topic(channel, symbol)

    def _book_topic(self, channel: str, symbol: str, words: list[Any]) -> Topic | None:
        """Return a book as ``[aggregated, depth]`` asks for it; COIN-M's older ``[true]`` alone is everything, at 100 ms."""
        aggregated = words[0] if words else False
        if channel == "orderbook" and words == [True]:
            return Topic(channel, symbol, (0, FULL_NS))
        depth = words[1] if len(words) > 1 else 30
        if not isinstance(aggregated, bool) or type(depth) is not int or depth not in DEPTHS:
            return None
        return Topic(channel, symbol, (depth, AGGREGATED_NS if aggregated else FAST_NS))


def _reply(peer: Peer, number: Any, result: object) -> None:
    peer.send(orjson.dumps({"error": None, "id": number, "result": result}), "reply")


def _fail(peer: Peer, number: Any, code: int, message: str) -> None:
    peer.send(orjson.dumps({"error": {"code": code, "message": message}, "id": number, "result": None}), "reply")
