"""What a history has to know of the venue that it is played at: its contracts, its mask, and how its wire is read.

The histories themselves (who does what, what goes wrong, what must be so) know no venue.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from tui_trader.core.instrument import Instrument
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.masks.base import Key, Mask, RestCall, RestReply, Setting
from tui_trader.sim.types import FundingCharge, Refusal, Report, SimOrder
from tui_trader.venues.base import Venue

if TYPE_CHECKING:
    from tests.dst.plan import Plan
    from tests.dst.venue import Venue as House

ACCOUNT = "sim"

FORGOTTEN = 0.1
"""How many orders of a request with several the answer does not name, although they were taken."""


class Kind(Enum):
    """What a pushed frame is about."""

    OWN = "own"
    BOOK = "book"
    OTHER = "other"
    """Answers, prices, prints: nothing happens to these."""


class Create(NamedTuple):
    """An order that a request makes."""

    client_id: str
    reduces: bool


class Told(NamedTuple):
    """A book frame as the venue wrote it."""

    symbol: str
    sequence: int
    whole: bool
    """Whether it is the whole book, and not what changed."""
    bids: Sequence[tuple[Any, Any]]
    """Prices as they were sent, and sizes as the client keeps them raw."""
    asks: Sequence[tuple[Any, Any]]
    in_ticks: bool = False
    """Whether prices are whole ticks already."""


class Ground(ABC):
    """One venue, as the histories use it."""

    name: str
    first: str
    """The instrument that every history trades."""
    seconds: tuple[str | None, ...]
    """What a second one is drawn from."""
    coin: str = ""
    """A coin-margined one, which one history in eight that is not hedged has for a second; empty where there is none."""
    starts: ClassVar[Mapping[str, Decimal]]
    """Where prices begin."""
    sizes: ClassVar[Mapping[str, int]]
    """What one size of an order is, in lots: worth about 50."""
    ticks: ClassVar[Mapping[str, int]] = {}
    """Ticks that prices of orders are drawn in, where one is too small."""
    settled: ClassVar[Mapping[str, str]]
    """What each instrument is settled in."""
    unworded: frozenset[str] = frozenset()
    """Instruments whose requests have no words for a part of a lot: such an order is refused before it is worded."""
    more: ClassVar[Mapping[str, int]] = {}
    """Steps that only this venue knows, with how often they are taken."""
    is_seed: bool = True
    """Whether a whole book is what the changes after it are added to, and comes through unharmed."""
    blind: bool = False
    """Whether a book frame that is lost or overtaken cannot be seen by any client before the next whole book."""
    remembers: bool = False
    """Whether the private stream begins with a snapshot that goes back as far as the climate says."""
    opens: int = 1
    """Topics that have to be opened before the private stream tells everything."""
    groups: tuple[str, ...]
    """Request budgets that questions after orders draw on."""
    settles_s: float = 0.0
    """After how long the venue tells what it gathered, where it gathers."""
    beat_s: float = 0.0
    """How often it speaks by itself."""
    closes_alike: bool = False
    """Whether the venue has one word for orders that it refused and those that it took off unexecuted, and says why."""
    gathers: bool = False
    """Whether several orders can be sent in one request, always or by choice."""
    whole_markets: bool = True
    """Whether an order at the market may be fill-or-kill."""
    at_the_gate: frozenset[Refusal]
    """Refusals that the answer to the request says, and nothing else."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    @abstractmethod
    def instruments(self, symbols: tuple[str, ...]) -> list[Instrument]:
        """Return the contracts that are listed."""

    @abstractmethod
    def description(self) -> Venue:
        """Return the venue as the client has it."""

    @abstractmethod
    def key(self) -> Key:
        """Return what signs."""

    @abstractmethod
    def mask(self, setting: Setting) -> Mask:
        """Return the venue's server side."""

    def patches(self, house: House) -> list[tuple[Any, str, Any]]:
        """Return what is set otherwise while a history is played: owner, name, value."""
        return []

    def prepare(self, exchange: Exchange) -> None:
        """Give the exchange what this venue's accounts have."""
        if self.plan.poor:
            for symbol in self.plan.symbols:
                exchange.set_leverage(ACCOUNT, symbol, None, self.most_leverage(exchange, symbol), isolated=False)

    def most_leverage(self, exchange: Exchange, symbol: str) -> Decimal:
        """Return the leverage of accounts that are soon liquidated."""
        return exchange.instruments[symbol].max_leverage

    # -- the wire --------------------------------------------------------------------------------------------------

    @abstractmethod
    def creates(self, call: RestCall) -> Sequence[Create]:
        """Return the orders that a request makes; none for any other request."""

    def together(self, orders: Sequence[SimOrder], chosen: SimOrder) -> Sequence[SimOrder]:
        """Return what goes with an order that somebody cancels, of those that are open."""
        return (chosen,)

    def is_nameless(self, call: RestCall) -> bool:
        """Whether a request makes an order without an id of ours: sent twice, it makes two."""
        return False

    def named(self, house: House, call: RestCall, reply: RestReply) -> tuple[str, str] | None:
        """Return our id and the exchange's of an order that a request made without an id of ours; None for any other."""
        return None

    @abstractmethod
    def reference(self, call: RestCall) -> str:
        """Return what tells a request apart from others to the same path, as its fate is named after it."""

    @abstractmethod
    def is_public(self, call: RestCall) -> bool:
        """Whether nothing happens to a request."""

    @abstractmethod
    def is_history(self, call: RestCall) -> bool:
        """Whether a request is answered from a history that may trail behind the engine."""

    @abstractmethod
    def limited(self) -> RestReply:
        """Return how the venue says that there were too many requests."""

    def is_limited(self, reply: RestReply) -> bool:
        """Whether an answer says that."""
        return reply.status == 429

    @abstractmethod
    def kind(self, topic: str, payload: bytes) -> tuple[Kind, str]:
        """Return what a pushed frame is about, and the symbol of a book."""

    @abstractmethod
    def opened(self, topic: str, payload: bytes) -> str:
        """Return the topic of the private stream that a frame tells to have begun, empty for any other frame."""

    @abstractmethod
    def book(self, payload: bytes) -> Told:
        """Read a book frame, independently of the client."""

    def remembered(self, symbol: str, sequence: int) -> tuple[dict[int, Any], dict[int, Any]] | None:
        """Return a book that the venue has told of otherwise than by a frame; None where there was none."""
        return None

    def price(self, raw: Any, instrument: Instrument) -> Decimal:
        """Return a price of a book frame."""
        return Decimal(str(raw))

    # -- names -----------------------------------------------------------------------------------------------------

    def order_id(self, house: House, order: SimOrder) -> str:
        """Return the id by which the client knows an order."""
        return order.order_id

    def order_of(self, house: House, venue_id: str) -> SimOrder | None:
        """Return the order that the venue tells of under an id."""
        return house.exchange.order(ACCOUNT, order_id=venue_id)

    def exec_id(self, house: House, report: Report) -> str:
        """Return the id by which the client knows an execution."""
        return report.exec_id

    def charge_id(self, house: House, charge: FundingCharge) -> str:
        """Return the id by which the client knows a payment of funding."""
        return charge.exec_id

    # -- what only this venue does -----------------------------------------------------------------------------------

    def second(self, random: Random) -> str | None:
        """Draw a second instrument."""
        return random.choice(self.seconds)


def words(text: str, names: Collection[str]) -> str:
    """Return the value of the first of some names in a query."""
    for part in text.split("&"):
        name, _, value = part.partition("=")
        if name in names:
            return value
    return ""
