"""The rows of the local history: what an order, a fill, a funding payment or a transfer leaves behind.

``join`` is commutative, associative and idempotent, so that any order and any repetition of the same facts ends in the same row.
Money is decimal text, times are UTC nanoseconds. It must not know files.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields, replace
from decimal import Decimal
from typing import Any, ClassVar, Self

from tui_trader.core.clock import NS
from tui_trader.core.decimals import plain
from tui_trader.core.event import FundingPaid
from tui_trader.core.funds import Transfer, TransferState
from tui_trader.core.order import Fill, Order
from tui_trader.core.types import (
    ClientOrderId,
    ExecId,
    InstrumentId,
    Liquidity,
    OrderStatus,
    PositionSide,
    Side,
    VenueOrderId,
)
from tui_trader.secrets.redactor import REDACTOR

_WEIGHT: dict[str, int] = {
    status.value: weight
    for weight, status in enumerate(
        (
            OrderStatus.INTENT,
            OrderStatus.SENT,
            OrderStatus.UNKNOWN,
            OrderStatus.ACKED,
            OrderStatus.ABSENT,
            OrderStatus.ARMED,
            OrderStatus.LIVE,
            OrderStatus.PARTIAL,
            OrderStatus.REJECTED,
            OrderStatus.EXPIRED,
            OrderStatus.CANCELED,
            OrderStatus.FILLED,
        )
    )
}
"""How much a status claims. Absence is our own conclusion: every word of the venue stands above it, also one of a later run."""


_MOVED = tuple(
    state.value
    for state in (
        TransferState.ASKED,
        TransferState.UNKNOWN,
        TransferState.ABSENT,
        TransferState.UNDER_WAY,
        TransferState.FAILED,
        TransferState.DONE,
    )
)
"""States of a transfer by how much each claims; absence is our own conclusion here too."""


def _lateness(venue_id: str) -> tuple[bool, str]:
    """Return what an order's ids are ranked by: that of an order that waits has a word before its number, and comes first."""
    return venue_id[:1].isdigit(), venue_id


@dataclass(frozen=True, slots=True)
class Row:
    """What every row has in common: whose it is, and what identifies it."""

    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]] = ("venue", "account", "id")
    time: ClassVar[str] = "at_ns"
    """The column that says when it happened."""

    venue: str
    account: str
    id: str

    def join(self, other: Self) -> Self:
        """Return what both rows, of one key, say together: the fuller one, and of two as full the greater."""
        return max(self, other, key=lambda row: (sum(map(bool, astuple(row))), astuple(row)))

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return the names of the columns, in order."""
        return tuple(one.name for one in fields(cls))


@dataclass(frozen=True, slots=True)
class OrderRow(Row):
    """An order, open or over. Absent facts are empty text."""

    table: ClassVar[str] = "orders"
    time: ClassVar[str] = "created_ns"

    client_id: str
    venue_id: str
    symbol: str
    side: str
    type: str
    status: str
    filled: str
    filled_value: str
    """In the settle currency; 0 while only executions told of it."""
    tif: str
    position_side: str
    qty: str
    price: str
    trigger_price: str
    trigger_source: str
    take_profit: str
    stop_loss: str
    trail: str
    activation_price: str
    reduce_only: int
    close_on_trigger: int
    reason: str
    code: str
    external: int
    """1 when this terminal did not send it."""
    arrival_price: str
    created_ns: int
    updated_ns: int
    told_ns: int
    """The newest time, with the sequence that follows, at which the venue described the order; -1 when it never did."""
    told_sequence: int

    @classmethod
    def of(cls, account: str, order: Order) -> OrderRow:
        """Return the row of an order as it is known now."""
        stamps = order.stamps
        told_ns, told_sequence = max(stamps.qty, stamps.price, stamps.trigger_price, stamps.leg, stamps.terms)
        return cls(
            venue=order.instrument.venue,
            account=account,
            id=order.venue_id or order.client_id,
            client_id=order.client_id,
            venue_id=order.venue_id,
            symbol=order.instrument.symbol,
            side=order.side.value,
            type=order.type.value,
            status=order.status.value,
            filled=plain(order.filled),
            filled_value=plain(order.filled_value),
            tif=order.tif.value,
            position_side=order.position_side.value,
            qty=plain(order.qty),
            price=_money(order.price),
            trigger_price=_money(order.trigger_price),
            trigger_source=order.trigger_source.value if order.trigger_price is not None else "",
            take_profit=_money(order.take_profit),
            stop_loss=_money(order.stop_loss),
            trail=_money(order.trail),
            activation_price=_money(order.activation_price),
            reduce_only=int(order.reduce_only),
            close_on_trigger=int(order.close_on_trigger),
            reason=REDACTOR.exact(order.reason),  # what a venue says may repeat what it was told
            code=order.code,
            external=int(order.external),
            arrival_price=_money(order.arrival_price),
            created_ns=order.created_ns,
            updated_ns=order.updated_ns,
            told_ns=told_ns,
            told_sequence=told_sequence,
        )

    def join(self, other: Self) -> Self:
        """Return what both say: the terms of the newer word, the status that claims more, the most that was executed."""
        terms = max(self, other, key=lambda row: (row.told_ns, row.told_sequence, row._terms()))
        state = max(self, other, key=lambda row: (_WEIGHT[row.status], row.reason, row.code))
        executed = max(self, other, key=lambda row: (Decimal(row.filled), Decimal(row.filled_value), row.filled_value))
        return replace(
            terms,
            id=max(self.venue_id, other.venue_id, key=_lateness) or max(self.id, other.id),
            client_id=max(self.client_id, other.client_id),
            venue_id=max(self.venue_id, other.venue_id, key=_lateness),
            status=state.status,
            reason=state.reason,
            code=state.code,
            filled=executed.filled,
            filled_value=executed.filled_value,
            external=min(self.external, other.external),
            arrival_price=max(self.arrival_price, other.arrival_price),
            created_ns=min(self.created_ns or other.created_ns, other.created_ns or self.created_ns),
            updated_ns=max(self.updated_ns, other.updated_ns),
        )

    def _terms(self) -> tuple[Any, ...]:
        return (
            self.symbol,
            self.side,
            self.type,
            self.tif,
            self.position_side,
            self.qty,
            self.price,
            self.trigger_price,
            self.trigger_source,
            self.take_profit,
            self.stop_loss,
            self.trail,
            self.activation_price,
            self.reduce_only,
            self.close_on_trigger,
        )

    def as_own(self) -> OrderRow:
        """Return the row of an order that this program sent, from wherever."""
        return replace(self, external=0)


@dataclass(frozen=True, slots=True)
class FillRow(Row):
    """One execution. ``fee`` is a cost (negative = rebate); ``realised`` is before fees."""

    table: ClassVar[str] = "fills"
    key: ClassVar[tuple[str, ...]] = ("venue", "account", "symbol", "id")

    symbol: str
    client_id: str
    venue_id: str
    side: str
    position_side: str
    qty: str
    price: str
    fee: str
    fee_currency: str
    liquidity: str
    realised: str
    kind: str
    at_ns: int

    @classmethod
    def of(cls, account: str, fill: Fill) -> FillRow:
        """Return the row of an execution."""
        return cls(
            venue=fill.instrument.venue,
            account=account,
            id=fill.exec_id,
            symbol=fill.instrument.symbol,
            client_id=fill.client_id,
            venue_id=fill.venue_id,
            side=fill.side.value,
            position_side=fill.position_side.value,
            qty=plain(fill.qty),
            price=plain(fill.price),
            fee=plain(fill.fee),
            fee_currency=fill.fee_currency,
            liquidity=fill.liquidity.value,
            realised=plain(fill.realised),
            kind=fill.kind,
            at_ns=fill.at_ns,
        )

    def fill(self) -> Fill:
        """Return the execution that the row is of."""
        return Fill(
            exec_id=ExecId(self.id),
            instrument=InstrumentId(self.venue, self.symbol),
            client_id=ClientOrderId(self.client_id),
            venue_id=VenueOrderId(self.venue_id),
            side=Side(self.side),
            qty=Decimal(self.qty),
            price=Decimal(self.price),
            fee=Decimal(self.fee),
            fee_currency=self.fee_currency,
            liquidity=Liquidity(self.liquidity),
            at_ns=self.at_ns,
            position_side=PositionSide(self.position_side),
            realised=Decimal(self.realised),
            kind=self.kind,
        )

    def join(self, other: Self) -> Self:
        """Return what both say; a profit that one of them tells stands, for not every source tells it."""
        bare = Row.join(replace(self, realised=""), replace(other, realised=""))
        return replace(bare, realised=max(self.realised, other.realised, key=lambda text: (Decimal(text) != 0, text)))


@dataclass(frozen=True, slots=True)
class FundingRow(Row):
    """A funding settlement; ``amount`` is a cost (negative = received)."""

    table: ClassVar[str] = "funding"
    key: ClassVar[tuple[str, ...]] = ("venue", "account", "symbol", "id")

    symbol: str
    amount: str
    currency: str
    rate: str
    at_ns: int

    @classmethod
    def of(cls, account: str, paid: FundingPaid) -> FundingRow:
        """Return the row of a payment; one that the venue gives no id is known by its second and its amount."""
        amount = plain(paid.amount)
        return cls(
            venue=paid.instrument.venue,
            account=account,
            id=paid.exec_id or f"{paid.at_ns // NS}:{amount}",
            symbol=paid.instrument.symbol,
            amount=amount,
            currency=paid.currency,
            rate=plain(paid.rate),
            at_ns=paid.at_ns,
        )

    def paid(self) -> FundingPaid:
        """Return the payment that the row is of."""
        made_up = f"{self.at_ns // NS}:{self.amount}"
        return FundingPaid(
            instrument=InstrumentId(self.venue, self.symbol),
            amount=Decimal(self.amount),
            currency=self.currency,
            rate=Decimal(self.rate),
            at_ns=self.at_ns,
            exec_id="" if self.id == made_up else self.id,
        )


@dataclass(frozen=True, slots=True)
class TransferRow(Row):
    """Money moved between the wallet and the trading account."""

    table: ClassVar[str] = "transfers"

    currency: str
    amount: str
    source: str
    target: str
    status: str
    reason: str
    at_ns: int

    @classmethod
    def of(cls, venue: str, account: str, transfer: Transfer) -> TransferRow:
        """Return the row of a movement as it is known now."""
        way = ("wallet", "trading")
        source, target = way if transfer.to_trading else way[::-1]
        return cls(
            venue=venue,
            account=account,
            id=transfer.key,
            currency=transfer.currency,
            amount=plain(transfer.amount),
            source=source,
            target=target,
            status=transfer.state.value,
            reason=transfer.reason,
            at_ns=transfer.at_ns,
        )

    def join(self, other: Self) -> Self:
        """Return what both say: the state that claims more, and of the same the later word."""
        return max(self, other, key=lambda row: (_MOVED.index(row.status), row.at_ns, astuple(row)))


ROWS: tuple[type[Row], ...] = (OrderRow, FillRow, FundingRow, TransferRow)
"""Every kind of row, in the order of the tables."""

KINDS: dict[str, type[Row]] = {kind.table: kind for kind in ROWS}
"""Rows by the name of their table."""


def _money(value: Decimal | None) -> str:
    return "" if value is None else plain(value)
