"""Phemex for the histories: a private stream that begins with a snapshot, and books whose lost frames nobody sees."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from tests.dst.grounds.base import Create, Ground, Kind, Told
from tui_trader.core.instrument import Instrument
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks import phemex_pages, phemex_private, phemex_reads
from tui_trader.sim.masks.base import Key, Mask, RestCall, RestReply, Setting
from tui_trader.sim.masks.phemex import PhemexMask
from tui_trader.sim.masks.phemex_words import AT_THE_GATE
from tui_trader.sim.products import phemex_coin_instruments, phemex_instruments
from tui_trader.venues.base import Venue
from tui_trader.venues.phemex import PHEMEX, replies
from tui_trader.venues.phemex import orders as requests

if TYPE_CHECKING:
    from tests.dst.venue import Venue as House

SECRET = "c2VjcmV0LW9mLXRoZS1zaW11bGF0b3ItMDEyMzQ1Njc4OQ"

CREATES = frozenset({"/g-orders", "/orders"})
"""Where orders are created, in either contract family."""

_ID = re.compile(r"(?:clOrdID|origClOrdID|orderID)=([^&]+)")
_WORD = re.compile(r"(?:symbol|currency|untriggered)=([^&]+)")


class PhemexGround(Ground):
    """Both contract families of Phemex."""

    name = "phemex"
    first = "BTCUSDT"
    seconds = (None, None, "ETHUSDT", "BTCUSDC")
    coin = "BTCUSD"
    starts: ClassVar[Mapping[str, Decimal]] = {
        "BTCUSDT": Decimal(50_000),
        "ETHUSDT": Decimal(2_500),
        "BTCUSDC": Decimal(50_010),
        "BTCUSD": Decimal(50_000),
    }
    sizes: ClassVar[Mapping[str, int]] = {"BTCUSDT": 10, "ETHUSDT": 2, "BTCUSDC": 10, "BTCUSD": 64}
    ticks: ClassVar[Mapping[str, int]] = {"BTCUSDT": 10}
    settled: ClassVar[Mapping[str, str]] = {"BTCUSDT": "USDT", "ETHUSDT": "USDT", "BTCUSDC": "USDC", "BTCUSD": "BTC"}
    unworded = frozenset({"BTCUSD"})
    blind = True
    remembers = True
    groups = ("other",)
    at_the_gate = AT_THE_GATE

    def instruments(self, symbols: tuple[str, ...]) -> list[Instrument]:
        """Return the contracts that are listed."""
        return _instruments(symbols)

    def description(self) -> Venue:
        """Return the venue as the client has it, with the settle currencies of the history alone."""
        return _venue(self.plan.currencies)

    def key(self) -> Key:
        """Return what signs."""
        return Key("key", SECRET, "sim")

    def mask(self, setting: Setting) -> Mask:
        """Return the venue's server side."""
        return PhemexMask(setting)

    def patches(self, house: House) -> list[tuple[Any, str, Any]]:
        """Have the venue remember as much as the climate says."""
        climate = self.plan.climate
        return [
            (phemex_private, "OLD_ROWS", climate.snapshot_rows),
            (phemex_reads, "page", lambda rows, args: phemex_pages.page(known_to_history(house, rows), args)),
            (replies, "PAGE_ROWS", climate.page_rows),
            (requests, "PAGE_ROWS", climate.page_rows),
        ]

    def most_leverage(self, exchange: Exchange, symbol: str) -> Decimal:
        """Return zero: cross, with the most that there is."""
        return Decimal(0)

    def creates(self, call: RestCall) -> Sequence[Create]:
        """Return the order that a request makes."""
        if call.method != "POST" or call.path not in CREATES:
            return ()
        body = orjson.loads(call.body)
        return (Create(body["clOrdID"], bool(body.get("reduceOnly", False))),)

    def reference(self, call: RestCall) -> str:
        """Return the id of an order, else a symbol or currency."""
        if made := self.creates(call):
            return made[0].client_id
        name = _ID.search(call.query) or _WORD.search(call.query)
        return name[1] if name else ""

    def is_public(self, call: RestCall) -> bool:
        """Whether nothing happens to a request."""
        return call.path.startswith("/public/")

    def is_history(self, call: RestCall) -> bool:
        """Return False: what the history knows is seen to where pages are cut."""
        return False

    def limited(self) -> RestReply:
        """Return how the venue says that there were too many requests."""
        return RestReply(429, b'{"code":"39995","msg":"Too many requests."}', {"retry-after": "1"})

    def kind(self, topic: str, payload: bytes) -> tuple[Kind, str]:
        """Return what a pushed frame is about."""
        if topic in ("aop_p", "aop"):
            return Kind.OWN, ""
        if topic.startswith("orderbook"):
            return Kind.BOOK, topic.partition(":")[2]
        return Kind.OTHER, ""

    def opened(self, topic: str, payload: bytes) -> str:
        """Return the family whose snapshot a frame may be."""
        return topic if topic in ("aop_p", "aop") and b'"accounts' in payload else ""

    def book(self, payload: bytes) -> Told:
        """Read a book frame of either family."""
        message = orjson.loads(payload)
        levels = message["orderbook_p"] if "orderbook_p" in message else message["book"]
        whole = message["type"] == "snapshot"
        return Told(message["symbol"], message["sequence"], whole, levels["bids"], levels["asks"])

    def price(self, raw: Any, instrument: Instrument) -> Decimal:
        """Return a price, which COIN-M scales."""
        return Decimal(raw).scaleb(-instrument.price_scale) if isinstance(raw, int) else Decimal(raw)


def as_history_knows(house: House, call: RestCall, reply: RestReply) -> RestReply:
    """Leave out of an answer from the history database what is too young to be in it."""
    if not call.path.startswith("/api-data/g-futures/") or reply.status != 200:
        return reply
    body = orjson.loads(reply.body)
    if isinstance(body.get("data"), list):
        body["data"] = known_to_history(house, body["data"])
    return RestReply(reply.status, orjson.dumps(body), reply.headers)


def known_to_history(house: House, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows that the history database has, as it has them; pages are cut from those."""
    if not house.lag_ns:
        return rows
    known_ns = house.exchange.now_ns - house.lag_ns
    return [_as_it_was(row, known_ns) for row in rows if "transactTimeNs" not in row or _made_ns(row) <= known_ns]


@cache
def _venue(currencies: tuple[str, ...]) -> Venue:
    return replace(PHEMEX, settle_currencies=currencies)


@cache
def _instruments(symbols: tuple[str, ...]) -> list[Instrument]:
    return [*phemex_instruments(symbols), *phemex_coin_instruments(symbols)]


def _made_ns(row: dict[str, Any]) -> int:
    """Return when a row came into being: an order's when it was made, or turned away; an execution's when it happened."""
    if row.get("ordStatus") == "Rejected":
        return int(row["transactTimeNs"])
    return int(row.get("actionTimeNs") or row["transactTimeNs"])


def _as_it_was(row: dict[str, Any], known_ns: int) -> dict[str, Any]:
    """Return an order's row as it first was when what happened to it is too young to be known."""
    if "ordStatus" not in row or row["transactTimeNs"] <= known_ns:
        return row
    status = "New" if row["stopPxRp"] in ("", "0", None) else "Untriggered"
    first = {"ordStatus": status, "cumQtyRq": "0", "cumValueRv": "0", "leavesQtyRq": row["orderQtyRq"]}
    return {**row, **first, "transactTimeNs": row["actionTimeNs"]}
