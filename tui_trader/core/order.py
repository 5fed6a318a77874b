"""An order: the trader's intent, the venue's truth about it, and how the two are merged.

It must not know how requests travel. ``Order.merge`` is the lattice: applying any order or repetition of the same venue
reports ends in the same state, and a terminal state is left only by an explicit correction.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final, NamedTuple

from tui_trader.core.decimals import ZERO, divide
from tui_trader.core.types import (
    ClientOrderId,
    ExecId,
    InstrumentId,
    Liquidity,
    OrderStatus,
    OrderType,
    PendingAction,
    PositionSide,
    Side,
    TimeInForce,
    TriggerSource,
    VenueOrderId,
)


@dataclass(frozen=True, slots=True)
class OrderTicket:
    """What the trader meant, whole and rounded, with the identity it will carry for ever."""

    client_id: ClientOrderId
    instrument: InstrumentId
    side: Side
    type: OrderType
    qty: Decimal
    """In the instrument's size unit; zero with ``close_on_trigger`` means the whole position."""
    price: Decimal | None = None
    tif: TimeInForce = TimeInForce.GTC
    position_side: PositionSide = PositionSide.MERGED
    reduce_only: bool = False
    close_on_trigger: bool = False
    trigger_price: Decimal | None = None
    trigger_source: TriggerSource = TriggerSource.MARK
    take_profit: Decimal | None = None
    """Trigger of an attached profit target; None for none."""
    stop_loss: Decimal | None = None
    """Trigger of an attached protective stop; None for none."""
    take_profit_source: TriggerSource = TriggerSource.MARK
    """The price that fires the attached target."""
    stop_loss_source: TriggerSource = TriggerSource.MARK
    """The price that fires the attached stop."""
    take_profit_limit: Decimal | None = None
    """Limit that the attached target executes at; None at the market."""
    stop_loss_limit: Decimal | None = None
    """Limit that the attached stop executes at; None at the market."""
    trail: Decimal | None = None
    """Distance in quote currency, positive, that a trailing stop keeps behind the best price, from ``trigger_price`` on."""
    activation_price: Decimal | None = None
    """Price at which a trailing stop begins to follow; None at once."""
    arrival_price: Decimal | None = None
    """Mid price when the ticket was confirmed; slippage is measured against it."""


RANK: dict[OrderStatus, int] = {
    OrderStatus.INTENT: 0,
    OrderStatus.SENT: 1,
    OrderStatus.UNKNOWN: 2,
    OrderStatus.ACKED: 3,
    OrderStatus.ARMED: 4,
    OrderStatus.LIVE: 5,
    OrderStatus.PARTIAL: 6,
    OrderStatus.ABSENT: 7,
    OrderStatus.REJECTED: 8,
    OrderStatus.EXPIRED: 9,
    OrderStatus.CANCELED: 10,
    OrderStatus.FILLED: 11,
}
"""How far along a status is; a report of a lower rank never moves an order back.

The ranks are distinct, terminal ones too, so that the end state does not depend on which report came first; the more a status
claims to have happened, the higher it stands (ABSENT is our inference, FILLED a fact).
"""


class Stamps(NamedTuple):
    """When the venue last said each thing: (time, sequence) pairs, so that an older report never overwrites a newer one.

    Time first: answers carry it too, sequences only the stream does.
    """

    qty: tuple[int, int] = (-1, -1)
    price: tuple[int, int] = (-1, -1)
    trigger_price: tuple[int, int] = (-1, -1)
    leg: tuple[int, int] = (-1, -1)
    terms: tuple[int, int] = (-1, -1)
    """Of everything that a report always states: time in force, triggers of attached exits."""
    reduce_only: tuple[int, int] = (-1, -1)
    close_on_trigger: tuple[int, int] = (-1, -1)
    trigger_source: tuple[int, int] = (-1, -1)
    take_profit_source: tuple[int, int] = (-1, -1)
    stop_loss_source: tuple[int, int] = (-1, -1)
    take_profit_limit: tuple[int, int] = (-1, -1)
    stop_loss_limit: tuple[int, int] = (-1, -1)
    trail: tuple[int, int] = (-1, -1)
    activation_price: tuple[int, int] = (-1, -1)
    pending: tuple[int, int, int] = (-1, -1, -1)
    """(time, sequence, whether it tells the outcome): a receipt is of the moment of the request, and its outcome may be too."""
    reason: tuple[int, int, int] = (-1, -1, -1)
    """(rank of the status, sequence, time)."""
    code: tuple[int, int, int] = (-1, -1, -1)


@dataclass(frozen=True, slots=True)
class OrderReport:
    """What the venue (or a reply of its) says about one order at one moment; absent facts are None."""

    instrument: InstrumentId
    client_id: ClientOrderId
    venue_id: VenueOrderId
    status: OrderStatus
    side: Side
    type: OrderType
    qty: Decimal
    filled: Decimal = ZERO
    """Cumulative executed size."""
    filled_value: Decimal = ZERO
    """Cumulative executed value in the settle currency."""
    price: Decimal | None = None
    tif: TimeInForce = TimeInForce.GTC
    position_side: PositionSide | None = None
    """None where the answer does not say (Phemex's create, replace and open-order rows leave it out)."""
    reduce_only: bool | None = None
    """None where the row does not say: an answer about an order may leave out how it executes."""
    close_on_trigger: bool | None = None
    trigger_price: Decimal | None = None
    trigger_source: TriggerSource | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit_source: TriggerSource | None = None
    stop_loss_source: TriggerSource | None = None
    take_profit_limit: Decimal | None = None
    """None where the row does not say; zero for an attached target that executes at the market."""
    stop_loss_limit: Decimal | None = None
    trail: Decimal | None = None
    activation_price: Decimal | None = None
    sequence: int = 0
    """The venue's execution sequence; 0 when this report carries none."""
    at_ns: int = 0
    """The venue's transaction time, UTC nanoseconds."""
    is_ack: bool = False
    """True for a REST acknowledgement: accepted for processing, not a verdict."""
    pending: PendingAction | None = None
    reason: str = ""
    code: str = ""
    made_ns: int = 0
    """When the venue says that the order was made, UTC nanoseconds; 0 where it tells no more than ``at_ns``."""
    becomes: VenueOrderId = VenueOrderId("")
    """The id under which the order goes on, where the venue gives it another one when its trigger is met."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order as far as it is known. Times are UTC nanoseconds."""

    client_id: ClientOrderId
    instrument: InstrumentId
    side: Side
    type: OrderType
    qty: Decimal
    status: OrderStatus
    venue_id: VenueOrderId = VenueOrderId("")
    price: Decimal | None = None
    tif: TimeInForce = TimeInForce.GTC
    position_side: PositionSide = PositionSide.MERGED
    reduce_only: bool = False
    close_on_trigger: bool = False
    trigger_price: Decimal | None = None
    trigger_source: TriggerSource = TriggerSource.MARK
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit_source: TriggerSource = TriggerSource.MARK
    stop_loss_source: TriggerSource = TriggerSource.MARK
    take_profit_limit: Decimal | None = None
    stop_loss_limit: Decimal | None = None
    trail: Decimal | None = None
    activation_price: Decimal | None = None
    filled: Decimal = ZERO
    filled_value: Decimal = ZERO
    created_ns: int = 0
    updated_ns: int = 0
    sequence: int = 0
    pending: PendingAction | None = None
    reason: str = ""
    code: str = ""
    external: bool = False
    """True when this terminal did not send it."""
    arrival_price: Decimal | None = None
    rtt_ns: int = 0
    """Round trip of the request that created it; 0 until known."""
    waited_as: VenueOrderId = VenueOrderId("")
    """The id that it waited under, where the venue has given it another one since."""
    stamps: Stamps = field(default=Stamps(), repr=False)
    """How old the venue's word on each field is; only ``merge`` reads and writes it."""

    @property
    def remaining(self) -> Decimal:
        """Size still to be executed; never negative."""
        return max(ZERO, self.qty - self.filled)

    @property
    def overfilled(self) -> bool:
        """Whether more was executed than was asked: an alarm, never clamped away."""
        return bool(self.qty) and self.filled > self.qty

    @classmethod
    def from_ticket(cls, ticket: OrderTicket, at_ns: int) -> Order:
        """Return the order that a journalled ticket becomes, in state INTENT."""
        return cls(
            client_id=ticket.client_id,
            instrument=ticket.instrument,
            side=ticket.side,
            type=ticket.type,
            qty=ticket.qty,
            status=OrderStatus.INTENT,
            price=ticket.price,
            tif=ticket.tif,
            position_side=ticket.position_side,
            reduce_only=ticket.reduce_only,
            close_on_trigger=ticket.close_on_trigger,
            trigger_price=ticket.trigger_price,
            trigger_source=ticket.trigger_source,
            take_profit=ticket.take_profit,
            stop_loss=ticket.stop_loss,
            take_profit_source=ticket.take_profit_source,
            stop_loss_source=ticket.stop_loss_source,
            take_profit_limit=ticket.take_profit_limit,
            stop_loss_limit=ticket.stop_loss_limit,
            trail=ticket.trail,
            activation_price=ticket.activation_price,
            created_ns=at_ns,
            updated_ns=at_ns,
            arrival_price=ticket.arrival_price,
        )

    @classmethod
    def from_report(cls, report: OrderReport) -> Order:
        """Return an order that the venue told of and this terminal did not send."""
        blank = cls(
            client_id=report.client_id,
            instrument=report.instrument,
            side=report.side,
            type=report.type,
            qty=report.qty,
            status=OrderStatus.SENT,
            created_ns=report.made_ns or report.at_ns,
            external=True,
        )
        return blank.merge(report)

    def merge(self, report: OrderReport) -> Order:
        """Return the order after one more report; commutative, associative and idempotent over a set of reports.

        A REST acknowledgement only lifts INTENT/SENT/UNKNOWN to ACKED or ARMED and never describes the order. A venue report
        moves the status forward by rank, and each field it states wins over what an older report (by time, then sequence)
        stated. ``filled`` is a maximum. A terminal order has nothing pending.
        """
        status = report.status if RANK[report.status] > RANK[self.status] else self.status
        stamps, told = self._read_verdict(report, self.stamps)
        if not report.is_ack:
            stamps = self._read_terms(report, stamps, told)
        if status.is_terminal:
            told["pending"] = None
        if report.becomes:
            told["waited_as"] = report.venue_id
        return replace(
            self,
            venue_id=report.becomes or self.venue_id or report.venue_id,
            status=status,
            filled=max(self.filled, report.filled),
            filled_value=max(self.filled_value, report.filled_value),
            stamps=stamps,
            **told,
        )

    def _read_verdict(self, report: OrderReport, stamps: Stamps) -> tuple[Stamps, dict[str, Any]]:
        """Take reason, code and pending action, which acknowledgements carry too; return the new stamps and those fields."""
        reason, code, pending = self.reason, self.code, self.pending
        weight = (RANK[report.status], report.sequence, report.at_ns)
        if report.reason and (weight, report.reason) > (stamps.reason, reason):
            stamps, reason = stamps._replace(reason=weight), report.reason
        if report.code and (weight, report.code) > (stamps.code, code):
            stamps, code = stamps._replace(code=weight), report.code
        moment = (report.at_ns, report.sequence, int(not report.is_ack))
        if (report.pending or not report.is_ack) and (moment, report.pending or "") > (stamps.pending, pending or ""):
            stamps, pending = stamps._replace(pending=moment), report.pending
        return stamps, {"reason": reason, "code": code, "pending": pending}

    def _read_terms(self, report: OrderReport, stamps: Stamps, told: dict[str, Any]) -> Stamps:
        """Put what a venue report says the order is into ``told``; return the new stamps."""
        stamp = (report.at_ns, report.sequence)
        told["sequence"] = max(self.sequence, report.sequence)
        told["updated_ns"] = max(self.updated_ns, report.at_ns)
        if self.external and (made_ns := report.made_ns or report.at_ns):
            told["created_ns"] = min(self.created_ns, made_ns)
        if report.qty and (stamp, report.qty) > (stamps.qty, self.qty):
            stamps, told["qty"] = stamps._replace(qty=stamp), report.qty
        for name in _STATED:
            said, known = getattr(report, name), getattr(self, name)
            if said is None:
                continue
            before = getattr(stamps, name)
            if stamp > before or (stamp == before and (known is None or said > known)):
                stamps = stamps._replace(**{name: stamp})  # type: ignore[arg-type]  # all of these are pairs
                told[name] = None if name in _LIMITS and not said else said
        if report.position_side is not None and (stamp, report.position_side) > (stamps.leg, self.position_side):
            stamps, told["position_side"] = stamps._replace(leg=stamp), report.position_side
        if (stamp, _terms(report)) > (stamps.terms, _terms(self)):
            stamps = stamps._replace(terms=stamp)
            told["tif"] = report.tif
            told["take_profit"] = report.take_profit
            told["stop_loss"] = report.stop_loss
        return stamps

    def join(self, other: Order) -> Order:
        """Return what two accounts of one order say together: the newer word on each field, as if every report of either had
        been merged into this one. Who sent it, how and when is this one's to say.
        """
        status = max(self.status, other.status, key=RANK.__getitem__)
        stamps: dict[str, tuple[int, ...]] = {}
        told: dict[str, Any] = {}
        for name in Stamps._fields:
            ours, theirs = getattr(self.stamps, name), getattr(other.stamps, name)
            stamps[name] = max(ours, theirs)
            mine, its = (
                (_terms(one),) if name == "terms" else (getattr(one, _STAMPED.get(name, name)),) for one in (self, other)
            )
            tied = theirs == ours and theirs[0] >= 0 and its != (None,)
            newer = other if theirs > ours or (tied and (mine == (None,) or its > mine)) else self
            for field_name in ("tif", "take_profit", "stop_loss") if name == "terms" else (_STAMPED.get(name, name),):
                told[field_name] = getattr(newer, field_name)
        if status.is_terminal:
            told["pending"] = None
        return replace(
            self,
            venue_id=(other if other.waited_as else self).venue_id or other.venue_id,
            waited_as=self.waited_as or other.waited_as,
            status=status,
            filled=max(self.filled, other.filled),
            filled_value=max(self.filled_value, other.filled_value),
            sequence=max(self.sequence, other.sequence),
            updated_ns=max(self.updated_ns, other.updated_ns),
            stamps=Stamps(**stamps),  # type: ignore[arg-type]  # each as long as it was
            **told,
        )

    def to_status(self, status: OrderStatus, *, reason: str = "", code: str = "", at_ns: int = 0) -> Order:
        """Return the order moved by our own knowledge (sent, unknown, not sent); raises ValueError on an illegal move."""
        if status not in _LOCAL_MOVES[self.status]:
            raise ValueError(f"order {self.client_id}: {self.status} cannot become {status}")
        return replace(
            self,
            status=status,
            reason=reason or self.reason,
            code=code or self.code,
            updated_ns=max(at_ns, self.updated_ns),
        )


_STATED: Final = (
    "price",
    "trigger_price",
    "reduce_only",
    "close_on_trigger",
    "trigger_source",
    "take_profit_source",
    "stop_loss_source",
    "take_profit_limit",
    "stop_loss_limit",
    "trail",
    "activation_price",
)
"""What a report may leave unsaid: each is as old as the last report that stated it."""

_LIMITS: Final = frozenset({"take_profit_limit", "stop_loss_limit"})
"""Of these, zero is a statement: there is none."""


_STAMPED: Final = {"leg": "position_side"}
"""Fields that a stamp is about, where they have another name than it."""


def _terms(told: OrderReport | Order) -> tuple[str | Decimal, ...]:
    """Return what a report always states, as one value with an order: equal stamps need a winner that does not depend on luck."""
    return (told.tif, told.take_profit or ZERO, told.stop_loss or ZERO)


_LOCAL_MOVES: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.INTENT: frozenset({OrderStatus.SENT, OrderStatus.UNKNOWN, OrderStatus.REJECTED, OrderStatus.ABSENT}),
    OrderStatus.SENT: frozenset({OrderStatus.UNKNOWN, OrderStatus.REJECTED, OrderStatus.ABSENT, OrderStatus.ACKED}),
    OrderStatus.UNKNOWN: frozenset({OrderStatus.ABSENT, OrderStatus.REJECTED, OrderStatus.ACKED}),
    OrderStatus.ACKED: frozenset({OrderStatus.UNKNOWN, OrderStatus.ABSENT}),
    OrderStatus.ARMED: frozenset({OrderStatus.UNKNOWN, OrderStatus.CANCELED}),
    OrderStatus.LIVE: frozenset({OrderStatus.UNKNOWN, OrderStatus.CANCELED}),
    OrderStatus.PARTIAL: frozenset({OrderStatus.UNKNOWN, OrderStatus.CANCELED}),
    OrderStatus.FILLED: frozenset(),
    OrderStatus.CANCELED: frozenset(),
    OrderStatus.REJECTED: frozenset(),
    OrderStatus.EXPIRED: frozenset(),
    OrderStatus.ABSENT: frozenset(),
}
"""The moves that this side may make by itself; everything else takes a venue report."""


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution of ours. ``fee`` is a cost in ``fee_currency`` (negative = rebate)."""

    exec_id: ExecId
    instrument: InstrumentId
    client_id: ClientOrderId
    venue_id: VenueOrderId
    side: Side
    qty: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    liquidity: Liquidity
    at_ns: int
    position_side: PositionSide = PositionSide.MERGED
    realised: Decimal = ZERO
    """Profit realised by this execution in the settle currency, before fees."""
    kind: str = "trade"
    """``trade``, ``liquidation`` or ``adl``."""


def average_price(kind_inverse: bool, contract_size: Decimal, qty: Decimal, value: Decimal) -> Decimal | None:
    """Return the average price of ``qty`` executed for ``value``; None while nothing was executed.

    Linear ``value / (qty·c)``, inverse ``qty·c / value`` (Phemex contract reference).
    """
    if not qty or not value:
        return None
    if kind_inverse:
        return divide(qty * contract_size, value)
    return divide(value, qty * contract_size)
