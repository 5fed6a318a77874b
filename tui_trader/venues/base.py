"""What a venue is to the rest of the program: a frozen description and two pure translators.

It must not know asyncio, aiohttp or the Store. The network layer moves the bytes that the dialects ask for; the desk gives
the dialects' events to the Store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

from tui_trader.core.error import ConfigError
from tui_trader.core.event import Event
from tui_trader.core.funds import Transfer
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import InstrumentId, PositionMode, PositionSide
from tui_trader.secrets.secret import Secret
from tui_trader.venues.capabilities import Capabilities

USUAL = "usual"
"""Stands for the host that ``Endpoints`` name, where a venue has others besides."""


class Lane(StrEnum):
    """The sockets of a Session. Public data may be gated; private events never are."""

    PUBLIC = "public"
    PRIVATE = "private"


class Channel(StrEnum):
    """What can be subscribed to."""

    BOOK = "book"
    TRADES = "trades"
    TICKER = "ticker"
    """Reference prices of all instruments of the venue (last, mark, index, funding)."""
    CANDLES = "candles"
    ACCOUNT = "account"
    """Own orders, fills, positions and balances."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One thing to be told about; ``instrument`` is None for channels that cover everything."""

    channel: Channel
    instrument: InstrumentId | None = None
    interval_s: int = 0
    """Bar length, for CANDLES only."""

    @property
    def lane(self) -> Lane:
        """The socket it belongs on."""
        return Lane.PRIVATE if self.channel is Channel.ACCOUNT else Lane.PUBLIC


@dataclass(frozen=True, slots=True)
class Credential:
    """What signs requests. A dialect hands ``secret`` to its signer, which alone reveals it."""

    key: str
    secret: Secret = field(repr=False)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses of one environment of a venue."""

    rest: str
    ws: str
    web: str = ""
    """Where a human can trade when nothing else works."""


class RequestKind(StrEnum):
    """What a request does; the outcome of a WRITE may be unknown, a READ can be repeated."""

    READ = "read"
    CREATE = "create"
    AMEND = "amend"
    CANCEL = "cancel"
    SETTING = "setting"
    TRANSFER = "transfer"

    @property
    def is_write(self) -> bool:
        """Whether losing the answer leaves the account in doubt."""
        return self is not RequestKind.READ


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, already serialised: these exact bytes are what gets signed and sent."""

    kind: RequestKind
    what: str
    """Short name of the use, e.g. ``place``, ``cancel``, ``open_orders``: how ``parse`` knows what to expect."""
    method: str
    path: str
    query: str = ""
    """Query string without ``?``, exactly as sent."""
    body: bytes = b""
    signed: bool = True
    group: str = "other"
    """Rate-limit group."""
    weight: int = 1
    ref: str = ""
    """Client order id or symbol that the request is about."""
    orders: int = 1
    """With CREATE: how many orders it makes."""

    @property
    def target(self) -> str:
        """Path and query as they stand in the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, whole: status, headers with lower-case names, body (capped by the client)."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    rtt_ns: int = 0


class Outcome(StrEnum):
    """The class of a send. Only ACK, REJECTED and NOT_SENT are knowledge."""

    NOT_SENT = "not_sent"
    """No request byte left: safe."""
    ACK = "ack"
    """The venue took it (for processing, or done)."""
    REJECTED = "rejected"
    """The venue refused in a way that proves it did nothing."""
    EXISTS = "exists"
    """Duplicate id: an earlier send arrived. Query, never treat as a reject."""
    MISSING = "missing"
    """The order asked about is not there now: final already, or never was."""
    LIMITED = "limited"
    """Refused for rate: not executed; retry later where that is safe."""
    UNKNOWN = "unknown"
    """Anything else: it may have been executed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A classified answer. ``events`` are facts it carries; ``text`` is a sentence for a trader."""

    outcome: Outcome
    code: str = ""
    text: str = ""
    events: Sequence[Event] = ()
    retry_after_s: float = 0.0
    """With LIMITED: how long the venue asks to wait; 0 when it does not say."""
    refresh_clock: bool = False
    """The refusal was about time: fetch the server clock, then one retry is allowed for a READ."""
    bad_key: bool = False
    """The refusal proves that the key itself is not accepted (unknown, revoked, wrong secret, bound to another address, without
    the permission): every other signed request will be refused too."""
    no_orders: bool = False
    """The refusal is of orders as such, whatever they are: the key may place none, or the venue takes none at present."""
    next_page: Request | None = None
    """With a READ in pages or parts, or a SETTING in steps: the request for what follows."""
    each: Mapping[str, Verdict] | None = None
    """With an answer about several orders: what it says of each, by client id; of one that is not among them it says nothing."""
    digest: str = ""
    """SHA-256 of the body of an answer to a write, for the record; empty where nothing was answered."""
    left_ns: int = 0
    """With UNKNOWN: when the request left, by the monotonic clock; 0 where that is not known. It may have waited for a token."""
    server_ns: int = 0
    """With ``server_time``: the venue's wall clock in nanoseconds; 0 in every other answer."""


class FeedDialect(Protocol):
    """The WebSocket side of a venue, for one lane of one connection. Synchronous and pure.

    The caller must: send what ``login``/``subscribe``/``heartbeat`` return, in order; call ``receive`` once per frame in
    arrival order; call ``reset`` after every reconnect, before anything else.
    """

    lane: Lane
    heartbeat_s: float
    """Send ``heartbeat()`` this often."""
    silence_s: float
    """Nothing received for this long means the connection is dead."""

    def login(self, wall_ns: int) -> list[bytes]:
        """Return the frames that authenticate; empty for a public lane. ``wall_ns`` is server-corrected time."""

    def subscribe(self, subscriptions: Sequence[Subscription]) -> list[bytes]:
        """Return the frames that start the given subscriptions."""

    def unsubscribe(self, subscriptions: Sequence[Subscription], remaining: Sequence[Subscription]) -> list[bytes]:
        """Return the frames that end the given subscriptions while ``remaining`` go on (or are started again)."""

    def heartbeat(self) -> list[bytes]:
        """Return the frames of one heartbeat."""

    def receive(self, frame: bytes, at_ns: int) -> list[Event]:
        """Translate one frame; ``at_ns`` is wall time of receipt. Never raises on wire content: unreadable frames become
        ``Unreadable`` events, unknown ones are counted and ignored."""

    def reset(self) -> None:
        """Forget the state of the previous connection."""

    def list_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Learn the product list (scales, symbols)."""

    def take_mode(self, mode: PositionMode) -> None:
        """Learn how the account holds positions, where that is one setting for all contracts."""


class OrderDialect(Protocol):
    """The request side of a venue. Synchronous and pure; every method returns a Request for RestClient to sign and send."""

    def instruments(self) -> Request: ...
    def server_time(self) -> Request: ...
    def place(self, ticket: OrderTicket, instrument: Instrument) -> Request: ...
    def amend(
        self,
        order: Order,
        instrument: Instrument,
        *,
        qty: Decimal | None = None,
        price: Decimal | None = None,
        trigger: Decimal | None = None,
        take_profit: Decimal | None = None,
        stop_loss: Decimal | None = None,
        trail: Decimal | None = None,
    ) -> Request:
        """Write a change; None leaves a term as it is, zero takes an attached exit off."""

    def cancel(self, order: Order) -> Request: ...
    def cancel_several(self, orders: Sequence[Order]) -> list[Request]: ...
    def cancel_all(self, instrument: InstrumentId) -> list[Request]: ...
    def standing(self, instrument: InstrumentId | None) -> Sequence[Request]:
        """Write what has to be asked of the account, or of a contract, because rows do not tell it (position mode, leverage).

        Empty where they do. The answers are absorbed before positions are asked for.
        """

    def open_orders(self, instrument: InstrumentId) -> Request:
        """Ask for all open orders of one contract; what ``next_page`` of the answers asks for belongs to the list."""

    def order_by_id(self, order: Order) -> Request: ...
    def fills(self, instrument: InstrumentId | None, since_ns: int) -> Request: ...
    def positions(self, currency: str) -> Request: ...
    def set_leverage(self, instrument: InstrumentId, leverage: Decimal, *, cross: bool, hedged: bool) -> Request: ...
    def set_position_mode(self, instrument: InstrumentId, *, hedged: bool) -> Request: ...
    def assign_margin(self, instrument: Instrument, side: PositionSide, margin: Decimal) -> Request:
        """Write the margin that an isolated position is to have; raises ValueError where a venue cannot."""

    def set_risk_limit(self, instrument: Instrument, limit: Decimal) -> Request:
        """Write the risk limit of a position in its settle currency; raises ValueError where a venue cannot."""

    def transfer(self, transfer: Transfer) -> Request:
        """Write a movement of money between the wallet and the trading account; raises ValueError where a venue cannot."""

    def transfers(self, currency: str, since_ns: int) -> Request: ...
    def fee_rates(self, currency: str) -> Request | None:
        """Ask what contracts of a settle currency cost; None where the venue tells that contract by contract (``standing``)."""

    def closed_orders(self, instrument: InstrumentId, since_ns: int) -> Request: ...
    def order_history(self, instrument: InstrumentId, since_ns: int) -> Request: ...
    def funding_history(self, instrument: InstrumentId, since_ns: int) -> Request: ...
    def funds_journal(self, currency: str, since_ns: int) -> Request: ...
    def book(self, instrument: InstrumentId) -> Request: ...
    def funding_due(self, instrument: InstrumentId) -> Request | None:
        """Ask when funding of a contract is settled next; None where the stream tells, nobody does, or it is paid all the time.

        The answer comes as one TickerChanged.
        """

    def candles(self, instrument: InstrumentId, interval_s: int, start_s: int, end_s: int) -> Request | None:
        """Ask for the closed bars of a minute, an hour or a day that begin between two UTC seconds, the second one excluded.

        The answer may begin later, where a venue keeps less or tells less at a time; it comes as one CandlesChanged. None where
        the venue tells none of this length.
        """

    def sign(self, request: Request, credential: Credential, wall_ns: int) -> Mapping[str, str]:
        """Return the headers that authenticate the exact bytes of ``request``; ``wall_ns`` is server-corrected time."""

    def expiry_s(self) -> float:
        """How long after sending a signed write can still be accepted by the venue, in seconds."""

    def parse(self, request: Request, reply: Reply) -> Verdict:
        """Classify an answer and extract its facts. Never raises on wire content."""

    def limits(self, reply: Reply) -> Mapping[str, tuple[int, int]]:
        """Return ``{group: (remaining, capacity)}`` as told by the headers; empty when they are silent."""

    def list_instruments(self, instruments: Sequence[Instrument]) -> None:
        """Learn the product list (scales, symbols)."""

    def take_mode(self, mode: PositionMode) -> None:
        """Learn how the account holds positions, where that is one setting for all contracts."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Better terms that a venue gives to those who send no more orders than so many."""

    name: str
    """What such orders are called."""
    windows: tuple[tuple[int, float], ...]
    """Orders in seconds, shortest first."""
    beyond: str
    """What comes of one more, in a sentence."""


@dataclass(frozen=True, slots=True)
class Venue:
    """Identity of a venue and how to build its translators."""

    name: str
    title: str
    endpoints: Mapping[str, Endpoints]
    """By environment: ``testnet``, ``live``; ``sim`` and ``custom`` come from elsewhere."""
    capabilities: Capabilities
    settle_currencies: tuple[str, ...]
    default_symbol: str
    rate_groups: Mapping[str, tuple[int, float]]
    """``{group: (capacity, window seconds)}`` to start from, before headers say otherwise."""
    feed: Callable[[Lane, Credential | None], FeedDialect]
    orders: Callable[[], OrderDialect]
    assume: Callable[[str], Instrument]
    """The terms to read a symbol's books by when no product list names it, as in an old recording. Not for trading."""
    families: Callable[[Instrument], Capabilities] | None = None
    """What the family of a contract can do; None where all can do what ``capabilities`` says."""
    fills_by_contract: bool = False
    """Executions are asked for contract by contract only: a question without one covers nothing."""
    funding_by_asking: bool = False
    """Funding payments are told by a list that is asked for, and not by the stream."""
    choose: Callable[..., Venue] | None = None
    """Returns the venue with choices of the trader's, by name; None where there are none to make."""
    choices: Mapping[str, object] = field(default_factory=dict)
    """What was chosen, as ``choose`` takes it."""
    other_hosts: frozenset[str] = frozenset()
    """Hosts of the venue's own that serve the same requests as those of ``endpoints``."""
    max_connections: int = 5
    max_subscriptions: int = 20
    key_words: tuple[str, str] = ("Key id", "Secret")
    """What the venue calls the two parts of an API key."""
    terms: Terms | None = None
    """Better terms for few orders; entries are held back so that they stay in force."""
    unproven: str = ""
    """What has not been shown of it yet: with real money it is looked at and not traded. Empty where all has."""

    def addresses(self, env: str, rest_host: str = USUAL, ws_host: str = USUAL) -> Endpoints:
        """Return the addresses of an environment, with requests or the feed at another of the venue's hosts where one is named.

        Raises ConfigError where there is no such environment or host.
        """
        found = self.endpoints.get(env)
        if found is None:
            raise ConfigError([f"{self.title} has no {env}; there is: sim (the built-in exchange), {', '.join(self.endpoints)}"])
        known = {str(urlsplit(found.rest).hostname), str(urlsplit(found.ws).hostname), *self.other_hosts}
        for name, host in (("rest_host", rest_host), ("ws_host", ws_host)):
            if host != USUAL and (host not in known or not self.other_hosts):
                there = ", ".join(sorted(known if self.other_hosts else {str(urlsplit(found.rest).hostname)}))
                raise ConfigError([f"[venues.{self.name}] {name}: {host} is not one of {self.title}'s hosts ({there})"])
        rest = found.rest if rest_host == USUAL else f"https://{rest_host}"
        return replace(found, rest=rest, ws=found.ws if ws_host == USUAL else f"wss://{ws_host}{urlsplit(found.ws).path}")

    def capabilities_of(self, instrument: Instrument) -> Capabilities:
        """Return what can be done with a contract."""
        return self.capabilities if self.families is None else self.families(instrument)

    def position_sides(self, hedged: bool) -> tuple[PositionSide, ...]:
        """The legs that exist in a position mode."""
        return (PositionSide.LONG, PositionSide.SHORT) if hedged else (PositionSide.MERGED,)
