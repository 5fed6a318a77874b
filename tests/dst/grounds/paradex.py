"""Paradex for the histories: signed orders, tokens that end, binary books with consecutive sequences, cancel-on-disconnect.

Signatures are checked by StarkWare's C++ library; what has been hashed once is not hashed again, because every history signs for
the same account.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache, lru_cache
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from tests.dst.grounds.base import FORGOTTEN, Create, Ground, Kind, Told
from tests.venues.paradex.starkware import CppStark
from tui_trader.core.instrument import Instrument
from tui_trader.sim.masks.base import Key, Mask, RestCall, RestReply, Setting
from tui_trader.sim.masks.paradex import ParadexMask, mint
from tui_trader.sim.masks.paradex_products import paradex_instruments
from tui_trader.sim.masks.paradex_rows import number_of
from tui_trader.sim.types import FundingCharge, Refusal, Report, SimOrder
from tui_trader.venues.base import Venue
from tui_trader.venues.paradex import orders as requests
from tui_trader.venues.paradex import paradex, replies

if TYPE_CHECKING:
    from tests.dst.history import History
    from tests.dst.venue import Venue as House

_HISTORIES = ("/v1/fills", "/v1/orders-history")
_PUBLIC = ("/v1/system/", "/v1/markets", "/v1/orderbook/")
_ID = re.compile(r"client_id=([^&]+)")
_MARKET = re.compile(r"market=([^&]+)")
_OWN = frozenset({"orders", "fills", "positions", "account"})
_BOOK = struct.Struct("<HHHHQqB")
_LEVEL = struct.Struct("<qq")


class Verifier(CppStark):
    """StarkWare's own implementation, which hashes nothing twice."""

    pedersen = staticmethod(lru_cache(maxsize=4096)(CppStark().pedersen))  # type: ignore[assignment]
    public_key = staticmethod(lru_cache(maxsize=4)(CppStark().public_key))  # type: ignore[assignment]


class ParadexGround(Ground):
    """Paradex's perpetuals."""

    name = "paradex"
    first = "BTC-USD-PERP"
    seconds = (None, None, "ETH-USD-PERP")
    starts: ClassVar[Mapping[str, Decimal]] = {"BTC-USD-PERP": Decimal(50_000), "ETH-USD-PERP": Decimal(2_500)}
    sizes: ClassVar[Mapping[str, int]] = {"BTC-USD-PERP": 1, "ETH-USD-PERP": 2}
    ticks: ClassVar[Mapping[str, int]] = {"BTC-USD-PERP": 10}
    settled: ClassVar[Mapping[str, str]] = {"BTC-USD-PERP": "USDC", "ETH-USD-PERP": "USDC"}
    more: ClassVar[Mapping[str, int]] = {"end_tokens": 2, "refuse_encoding": 1, "restrict": 1}
    opens = 2
    groups = ("private",)
    closes_alike = True
    gathers = True
    beat_s = 10.0
    at_the_gate = frozenset(
        {
            Refusal.DUPLICATE_CLIENT_ID,
            Refusal.SYMBOL,
            Refusal.PRICE_TICK,
            Refusal.QTY_LOT,
            Refusal.QTY_TOO_LARGE,
            Refusal.QTY_TOO_SMALL,
            Refusal.VALUE_TOO_SMALL,
        }
    )

    def instruments(self, symbols: tuple[str, ...]) -> list[Instrument]:
        """Return the contracts that are listed."""
        return _instruments(symbols)

    def description(self) -> Venue:
        """Return the venue as the client has it, with what becomes of orders when its connection ends."""
        return _venue(self.plan.cancels)

    def key(self) -> Key:
        """Return the account and what signs for it."""
        address, secret = _minted()
        return Key(address, secret, "sim")

    def mask(self, setting: Setting) -> Mask:
        """Return the venue's server side."""
        mask = ParadexMask(setting, Verifier())
        mask.orders.forgets = lambda client_id: Random(f"{client_id} of {self.plan.seed}").random() < FORGOTTEN
        return mask

    def patches(self, house: House) -> list[tuple[Any, str, Any]]:
        """Have pages as short as the climate says."""
        rows = self.plan.climate.page_rows
        return [(replies, "PAGE_ROWS", rows), (requests, "PAGE_ROWS", rows)]

    def creates(self, call: RestCall) -> Sequence[Create]:
        """Return the orders that a request makes."""
        if call.method != "POST" or call.path not in ("/v1/orders", "/v1/orders/batch"):
            return ()
        said = orjson.loads(call.body)
        bodies = said if isinstance(said, list) else [said]
        return [Create(body["client_id"], "REDUCE_ONLY" in body.get("flags", ())) for body in bodies]

    def reference(self, call: RestCall) -> str:
        """Return the id of an order that is made or asked after, else a market."""
        if made := self.creates(call):
            return made[0].client_id
        name = _ID.search(call.query) or _MARKET.search(call.query)
        return name[1] if name else ""

    def is_public(self, call: RestCall) -> bool:
        """Whether nothing happens to a request; to what is asked for a token, things do."""
        return call.path.startswith(_PUBLIC)

    def is_history(self, call: RestCall) -> bool:
        """Whether a request is for orders or executions of the past: by the client's id there is no other question."""
        return call.path in _HISTORIES

    def limited(self) -> RestReply:
        """Return how the venue says that there were too many requests."""
        return RestReply(429, b'{"error":"RATE_LIMIT_EXCEEDED","message":"rate limit exceeded"}', {"retry-after": "1"})

    def kind(self, topic: str, payload: bytes) -> tuple[Kind, str]:
        """Return what a pushed frame is about."""
        if topic in _OWN:
            return Kind.OWN, ""
        return (Kind.BOOK, self.book(payload).symbol) if topic == "order_book" else (Kind.OTHER, "")

    def opened(self, topic: str, payload: bytes) -> str:
        """Return which channel of the account was subscribed to."""
        if topic == "answer" and b'"result"' in payload:
            for channel in ("orders.ALL", "fills.ALL"):
                if f'"{channel}"'.encode() in payload:
                    return channel
        return ""

    def book(self, payload: bytes) -> Told:
        """Read a book frame: version 2 of the schema, levels in groups, the market last."""
        block, template, _, _, _, sequence, change = _BOOK.unpack_from(payload)
        assert template == 3
        at, sides = 8 + block, []
        for _ in range(2):
            width, count = struct.unpack_from("<HH", payload, at)
            at += 4
            sides.append([_LEVEL.unpack_from(payload, at + width * n) for n in range(count)])
            at += width * count
        market = payload[at + 1 : at + 1 + payload[at]].decode()
        return Told(market, sequence, change == 0, *sides)

    def price(self, raw: Any, instrument: Instrument) -> Decimal:
        """Return a price, which travels in 10^-8."""
        return Decimal(raw).scaleb(-8)

    def order_id(self, house: House, order: SimOrder) -> str:
        """Return the venue's number of an order."""
        return number_of(order.order_id)

    def order_of(self, house: House, venue_id: str) -> SimOrder | None:
        """Return the order that has a number."""
        known = house.numbers
        if venue_id not in known:
            known.update((number_of(one), one) for one in house.exchange.floor.orders.get("sim", {}))
        return house.exchange.order("sim", order_id=known[venue_id]) if venue_id in known else None

    def exec_id(self, house: House, report: Report) -> str:
        """Return the venue's number of an execution."""
        return number_of(report.exec_id)

    def charge_id(self, house: House, charge: FundingCharge) -> str:
        """Return the venue's number of a payment."""
        return number_of(charge.exec_id)

    # -- what only this venue does -----------------------------------------------------------------------------------

    def end_tokens(self, history: History, random: Random) -> None:
        """End every token early, as when the venue restarts; half the time the sockets that they let in go too."""
        mask(history).gate.forget()
        if random.random() < 0.5:
            history.line.sever()

    def refuse_encoding(self, history: History, random: Random) -> None:
        """Serve no version of the encoding that is asked for, for a while, and cut the sockets so that somebody notices."""
        served = mask(history)
        versions = served.versions
        if versions:
            served.versions = frozenset()
            history.later(random.expovariate(0.2), setattr, served, "versions", versions)
        history.line.sever()

    def restrict(self, history: History, random: Random) -> None:
        """Take cancels alone for a while, or what rests alone, or nothing."""
        served = mask(history)
        served.system.state = random.choice(("cancel_only", "post_only", "maintenance"))
        history.later(random.expovariate(0.2), setattr, served.system, "state", "ok")


def mask(history: History) -> ParadexMask:
    """Return the mask of a history."""
    assert isinstance(history.venue.mask, ParadexMask)
    return history.venue.mask


@cache
def _minted() -> tuple[str, str]:
    return mint(Random(1))


@cache
def _venue(cancels: bool) -> Venue:
    return paradex(cancel_on_disconnect=cancels)


@cache
def _instruments(symbols: tuple[str, ...]) -> list[Instrument]:
    return [instrument for instrument in paradex_instruments() if instrument.symbol in symbols]
