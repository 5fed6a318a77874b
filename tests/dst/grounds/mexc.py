"""MEXC for the histories: pushes gathered for a tenth of a second, whole books, no private snapshot, one position mode.

Orders that wait for a price bear no id of the client's: which order such a request made is told by the ground, which sees the
ticket while it is worded and the answer while it is given.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from tests.chaos.mexc_names import name_of, order_called
from tests.dst.grounds.base import FORGOTTEN, Create, Ground, Kind, Told, words
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import OrderTicket
from tui_trader.sim.masks.base import Key, Mask, RestCall, RestReply, Setting
from tui_trader.sim.masks.mexc import MexcMask
from tui_trader.sim.masks.mexc_books import Book
from tui_trader.sim.masks.mexc_terms import ENGINE
from tui_trader.sim.products import mexc_instruments
from tui_trader.sim.types import FundingCharge, Refusal, Report, SimOrder, SimStatus
from tui_trader.venues.base import Request, Venue
from tui_trader.venues.mexc import mexc, replies, waiting
from tui_trader.venues.mexc import orders as requests

if TYPE_CHECKING:
    from tests.dst.plan import Plan
    from tests.dst.venue import Venue as House

_PUBLIC = "/api/v1/contract/"
_PRIVATE = "/api/v1/private/"
_NAMELESS = frozenset(f"{_PRIVATE}{path}" for path in ("planorder/place", "planorder/place/v2", "trackorder/place"))
_CREATES = _NAMELESS | {f"{_PRIVATE}order/create", f"{_PRIVATE}order/submit_batch"}
_HISTORIES = ("order/list/history_orders", "order/list/order_deals")


class MexcGround(Ground):
    """MEXC's contracts in dollars and in coin."""

    name = "mexc"
    first = "BTC_USDT"
    seconds = (None, None, "ETH_USDT", "BTC_USDC")
    coin = "BTC_USD"
    starts: ClassVar[Mapping[str, Decimal]] = {
        "BTC_USDT": Decimal(50_000),
        "ETH_USDT": Decimal(2_500),
        "BTC_USDC": Decimal(50_010),
        "BTC_USD": Decimal(50_000),
    }
    sizes: ClassVar[Mapping[str, int]] = {"BTC_USDT": 10, "ETH_USDT": 20, "BTC_USDC": 10, "BTC_USD": 1}
    ticks: ClassVar[Mapping[str, int]] = {"BTC_USDT": 10}
    settled: ClassVar[Mapping[str, str]] = {"BTC_USDT": "USDT", "ETH_USDT": "USDT", "BTC_USDC": "USDC", "BTC_USD": "BTC"}
    unworded = frozenset(starts)
    groups = ("lookup", "orders", "fills", "plans", "exits", "account")
    is_seed = False
    whole_markets = False
    gathers = True
    settles_s = 0.1
    at_the_gate = frozenset(Refusal) - frozenset(ENGINE) - {Refusal.NONE}

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self._worded: dict[bytes, deque[str]] = {}
        """Client ids of waiting orders that were worded and have not left, by their bodies."""
        self._left: dict[int, tuple[RestCall, str]] = {}
        """Those that have left, by their requests."""
        self._versions: dict[tuple[str, int], tuple[dict[int, Decimal], dict[int, Decimal]]] = {}
        """Every version of every book, sizes by ticks."""

    def instruments(self, symbols: tuple[str, ...]) -> list[Instrument]:
        """Return the contracts that are listed."""
        return _instruments(symbols)

    def description(self) -> Venue:
        """Return the venue as the client has it, with the permission for several orders in one request where that is needed."""
        return mexc(increments=self.plan.increments, batch_orders=self.plan.gathers)

    def key(self) -> Key:
        """Return what signs."""
        return Key("mx0simulated", "0123456789abcdef0123456789abcdef", "sim")

    def mask(self, setting: Setting) -> Mask:
        """Return the venue's server side."""
        mask = MexcMask(setting)
        mask.orders.batches = self.plan.gathers
        mask.orders.forgets = lambda client_id: Random(f"{client_id} of {self.plan.seed}").random() < FORGOTTEN
        return mask

    def patches(self, house: House) -> list[tuple[Any, str, Any]]:
        """Have pages as short as the climate says."""
        rows = min(100, self.plan.climate.page_rows)
        word, worded = requests.MexcOrders.place, self._worded

        def place(dialect: requests.MexcOrders, ticket: OrderTicket, instrument: Instrument) -> Request:
            request = word(dialect, ticket, instrument)
            if ticket.type.is_conditional:
                worded.setdefault(request.body, deque()).append(ticket.client_id)
            return request

        step, versions = Book.step, self._versions

        def keep(book: Book) -> None:
            step(book)
            tick = house.exchange.instruments[book._symbol].tick
            bids, asks = ({int(price / tick): size for price, size in side.items()} for side in (book._bids, book._asks))
            versions[book._symbol, book.version] = (bids, asks)

        return [
            (Book, "step", keep),
            (replies, "PAGE_ROWS", rows),
            (requests, "PAGE_ROWS", rows),
            (waiting, "PAGE_ROWS", rows),
            (requests.MexcOrders, "place", place),
        ]

    def creates(self, call: RestCall) -> Sequence[Create]:
        """Return the orders that a request makes."""
        if call.method != "POST" or call.path not in _CREATES:
            return ()
        said = orjson.loads(call.body)
        bodies = said if isinstance(said, list) else [said]
        nameless = self.is_nameless(call)
        return [
            Create(
                self._client_id(call) if nameless else body["externalOid"],
                body["side"] in (2, 4) or bool(body.get("reduceOnly")),
            )
            for body in bodies
        ]

    def together(self, orders: Sequence[SimOrder], chosen: SimOrder) -> Sequence[SimOrder]:
        """Return the stop with its target: an exit is one order."""
        waits = chosen.parent and chosen.status is SimStatus.UNTRIGGERED
        twins = [one for one in orders if waits and one.parent == chosen.parent and one.status is SimStatus.UNTRIGGERED]
        return twins or (chosen,)

    def is_nameless(self, call: RestCall) -> bool:
        """Whether a request makes an order that waits."""
        return call.path in _NAMELESS

    def named(self, house: House, call: RestCall, reply: RestReply) -> tuple[str, str] | None:
        """Return which waiting order a request made."""
        told = orjson.loads(reply.body) if call.method == "POST" and self.is_nameless(call) else {}
        if not told.get("success"):
            return None
        return self._client_id(call), _mask(house).ids.name(told["data"]).partition(":")[2]

    def _client_id(self, call: RestCall) -> str:
        """Return the id of the waiting order that a request makes; of two that are the same to a byte, the first worded."""
        found = self._left.get(id(call))
        if found is None:
            found = self._left[id(call)] = (call, self._worded[call.body].popleft())
        return found[1]

    def reference(self, call: RestCall) -> str:
        """Return the id of an order that is made or cancelled, else a symbol."""
        if made := self.creates(call):
            return made[0].client_id
        if call.method != "POST":
            return words(call.query, ("symbol", "currency"))
        body = orjson.loads(call.body or b"{}")
        named = body[0] if isinstance(body, list) and body else body
        if not isinstance(named, dict):
            return str(named)
        return str(named.get("externalOid") or named.get("orderId") or named.get("symbol") or "")

    def is_public(self, call: RestCall) -> bool:
        """Whether nothing happens to a request."""
        return call.path.startswith(_PUBLIC)

    def is_history(self, call: RestCall) -> bool:
        """Whether a request is for orders or executions of the past."""
        return call.path.removeprefix(_PRIVATE) in _HISTORIES

    def limited(self) -> RestReply:
        """Return how the venue says that there were too many requests."""
        return RestReply(200, b'{"success":false,"code":510,"message":"Requests are too frequent, please try again later!"}')

    def is_limited(self, reply: RestReply) -> bool:
        """Whether an answer says that."""
        return b'"code":510' in reply.body

    def kind(self, topic: str, payload: bytes) -> tuple[Kind, str]:
        """Return what a pushed frame is about."""
        if topic.startswith("push.personal."):
            return Kind.OWN, ""
        if topic.startswith("depth"):
            return Kind.BOOK, topic.partition(":")[2]
        return Kind.OTHER, ""

    def opened(self, topic: str, payload: bytes) -> str:
        """Return that pushes begin once a filter was taken."""
        return "personal" if topic == "reply" and b'"rs.personal.filter"' in payload and b'"success"' in payload else ""

    def remembered(self, symbol: str, sequence: int) -> tuple[dict[int, Any], dict[int, Any]] | None:
        """Return a version that an answer may have told."""
        return self._versions.get((symbol, sequence))

    def book(self, payload: bytes) -> Told:
        """Read a whole book, whose sizes are contracts, or find the one that an increment leads to."""
        message = orjson.loads(payload)
        told, symbol = message["data"], message["symbol"]
        if message["channel"] == "push.depth":
            bids, asks = self._versions[symbol, told["version"]]
            return Told(symbol, told["version"], True, list(bids.items()), list(asks.items()), in_ticks=True)
        [instrument] = _instruments((symbol,))
        sides = [[(row[0], Decimal(str(row[1])) * instrument.wire_lot) for row in told[side]] for side in ("bids", "asks")]
        return Told(symbol, told["version"], message["channel"] == "push.depth.full", *sides)

    def order_id(self, house: House, order: SimOrder) -> str:
        """Return what the client calls an order now."""
        return name_of(_mask(house).ids, order)

    def order_of(self, house: House, venue_id: str) -> SimOrder | None:
        """Return the order that the client calls so."""
        return order_called(house.exchange, _mask(house).ids, "sim", venue_id)

    def exec_id(self, house: House, report: Report) -> str:
        """Return the venue's number of an execution."""
        return str(_mask(house).ids.of(report.exec_id))

    def charge_id(self, house: House, charge: FundingCharge) -> str:
        """Return the venue's number of a payment."""
        return f"funding-{_mask(house).ids.of(charge.exec_id)}"


def _mask(house: House) -> MexcMask:
    assert isinstance(house.mask, MexcMask)
    return house.mask


@cache
def _instruments(symbols: tuple[str, ...]) -> list[Instrument]:
    return mexc_instruments(symbols)
