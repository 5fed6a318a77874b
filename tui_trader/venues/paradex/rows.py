"""One row of an order, fill, position or account, from JSON or from a binary frame, as our values.

Both have the same names (``sbe`` sees to that); numbers are text in JSON and exact numbers in frames, times milliseconds in one
and microseconds in the other. A row that cannot be read raises WireError and costs only itself. It must not know how the row
came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeVar

from tui_trader.core.account import Balance
from tui_trader.core.decimals import ZERO
from tui_trader.core.error import WireError
from tui_trader.core.event import BackingTold, Event, FundingPaid, OrderFilled, Unreadable
from tui_trader.core.funds import FundsEntry
from tui_trader.core.order import Fill, OrderReport
from tui_trader.core.position import Position
from tui_trader.core.sanitise import sanitise
from tui_trader.core.types import (
    ClientOrderId,
    ExecId,
    InstrumentId,
    Liquidity,
    MarginMode,
    OrderStatus,
    PendingAction,
    PositionMode,
    PositionSide,
    Side,
    TriggerSource,
    VenueOrderId,
)
from tui_trader.venues.exact import sample
from tui_trader.venues.fields import Fields
from tui_trader.venues.paradex import codes, words
from tui_trader.venues.paradex.words import SETTLE, VENUE

T = TypeVar("T")


class Row(Fields):
    """Fields of one of Paradex's rows, of which the binary ones bring exact numbers."""

    __slots__ = ()

    def market(self, name: str = "market") -> InstrumentId:
        """Return the market that the row is about."""
        return InstrumentId(VENUE, self.symbol(name))

    def size(self, name: str) -> Decimal:
        """Return a size that is not negative; zero where there is none."""
        value = self.amount(name)
        if value < 0:
            raise WireError(f"{name} is negative")
        return value

    def moment(self, *names: str) -> int:
        """Return the first time that is told, in UTC nanoseconds."""
        for name in names:
            if self.raw(f"{name}_us") is not None:
                return self.whole(f"{name}_us") * 1_000
            if self.raw(name) is not None:
                return self.whole(name) * 1_000_000
        return 0

    def word(self, table: Mapping[str, T], name: str) -> T:
        """Return our word for the venue's; raises WireError for one that is not known."""
        value = self.text(name)
        found = table.get(value)
        if found is None:
            raise WireError(f"{name} is not known: {sanitise(value, 40)!r}")
        return found

    def flags(self, name: str = "flags") -> frozenset[str]:
        """Return the flags that are set."""
        value = self.raw(name)
        return frozenset(flag for flag in value if isinstance(flag, str)) if isinstance(value, list) else frozenset()


def readable(raw: object, read: Callable[[Row], list[Event]], what: str) -> list[Event]:
    """Return what ``read`` makes of one row, or the one event that says it could not be read."""
    try:
        return read(Row(raw))
    except WireError as error:
        shown = raw if isinstance(raw, bytes) else repr(raw).encode()
        return [Unreadable(VENUE, sanitise(f"{what}: {error}", 120), sample(shown))]


def report_of(row: Row, *, ack: bool = False, streamed: bool = False) -> OrderReport:
    """Return what an order row says; ``streamed`` rows carry a sequence that compares with others of the stream alone."""
    kind = row.word(words.TYPE, "type")
    qty, remaining = row.size("size"), row.size("remaining_size")
    average = row.price("avg_fill_price")
    filled = max(ZERO, qty - remaining) if average is not None else ZERO
    ended = row.text("cancel_reason")
    status = _status(row.text("status"), qty, filled, ended)
    price = row.price("price") if kind.has_limit else None
    flags = row.flags()
    trigger = row.price("trigger_price") if kind.is_conditional else None
    asked = row.raw("request_info")
    changing = isinstance(asked, Mapping) and asked.get("request_type") == "MODIFY_ORDER" and asked.get("status") == "PENDING"
    return OrderReport(
        instrument=row.market(),
        client_id=ClientOrderId(row.identity("client_id")),
        venue_id=VenueOrderId(row.identity("id")),
        status=status,
        side=row.word(words.SIDE, "side"),
        type=kind,
        qty=qty,
        filled=filled,
        filled_value=filled * average if average is not None else ZERO,
        price=price,
        tif=row.word(words.TIF, "instruction"),
        position_side=PositionSide.MERGED,
        reduce_only=words.REDUCE_ONLY in flags,
        close_on_trigger=False,
        trigger_price=trigger,
        trigger_source=TriggerSource.MARK if kind.is_conditional else None,
        sequence=row.whole("seq_no") if streamed else 0,
        at_ns=row.moment("last_updated_at", "created_at"),
        is_ack=ack,
        pending=PendingAction.AMEND if changing else None,
        reason=codes.reason(ended) if status.is_terminal and ended else "",
        code=codes.code_of(ended),
    )


def _status(word: str, qty: Decimal, filled: Decimal, ended: str) -> OrderStatus:
    """Return where an order is; NEW has been received and is not live, and every end is CLOSED."""
    match word:
        case "NEW":
            return OrderStatus.ACKED
        case "UNTRIGGERED":
            return OrderStatus.ARMED
        case "OPEN":
            return OrderStatus.PARTIAL if filled else OrderStatus.LIVE
        case "CLOSED":
            if filled and filled >= qty:
                return OrderStatus.FILLED
            return OrderStatus.REJECTED if not filled and codes.refused(ended) else OrderStatus.CANCELED
    raise WireError(f"status is not known: {sanitise(word, 40)!r}")


def fill_of(row: Row) -> Fill:
    """Return the execution that a row describes."""
    qty, price, identity = row.size("size"), row.price("price"), row.identity("id")
    if not qty or price is None or not identity:
        raise WireError("execution without id, size or price")
    return Fill(
        exec_id=ExecId(identity),
        instrument=row.market(),
        client_id=ClientOrderId(row.identity("client_id")),
        venue_id=VenueOrderId(row.identity("order_id")),
        side=row.word(words.SIDE, "side"),
        qty=qty,
        price=price,
        fee=row.amount("fee"),
        fee_currency=sanitise(row.text("fee_currency") or SETTLE, 16),
        liquidity=row.word({"MAKER": Liquidity.MAKER, "TAKER": Liquidity.TAKER}, "liquidity"),
        at_ns=row.moment("created_at"),
        realised=row.amount("realized_pnl"),
        kind=words.FILL_KIND.get(row.text("fill_type"), "trade"),
    )


def filled(row: Row) -> list[Event]:
    """Return the execution of one row of the history."""
    return [OrderFilled(fill_of(row), replayed=True)]


def position_of(row: Row) -> Position:
    """Return a position; one that is closed is flat, whatever else its row still says."""
    size = row.amount("size")
    is_open = row.text("status") != "CLOSED" and bool(size)
    side = row.text("side")
    if is_open and side not in ("LONG", "SHORT"):
        raise WireError(f"side is not known: {sanitise(side, 40)!r}")
    return Position(
        instrument=row.market(),
        position_side=PositionSide.MERGED,
        mode=PositionMode.ONE_WAY,
        side=(Side.BUY if side == "LONG" else Side.SELL) if is_open else None,
        qty=abs(size) if is_open else ZERO,
        entry=row.size("average_entry_price") if is_open else ZERO,
        leverage=row.price("leverage") or Decimal(1),
        margin_mode=MarginMode.CROSS,
        liquidation=row.price("liquidation_price") if is_open else None,
        realised=row.amount("realized_positional_pnl") or row.amount("realized_pnl"),
        funding=-row.amount("unrealized_funding_pnl"),
        at_ns=row.moment("last_updated_at"),
    )


def balance_of(row: Row) -> Balance:
    """Return what the account holds: collateral without open profit, and what of it is not free."""
    total, free = row.number("total_collateral"), row.number("free_collateral")
    if total is None or free is None:
        raise WireError("account without its collateral")
    currency = sanitise(row.text("settlement_asset") or SETTLE, 16)
    return Balance(VENUE, currency, total, total - free, row.moment("updated_at"))


def funding_of(row: Row) -> FundingPaid:
    """Return a funding payment; the venue's is what the account received, ours what it cost."""
    payment = row.number("payment")
    if payment is None:
        raise WireError("a funding payment without an amount")
    return FundingPaid(row.market(), -payment, SETTLE, ZERO, row.moment("created_at"), row.identity("id"))


def entry_of(row: Row) -> FundsEntry:
    """Return a deposit or withdrawal as a line of the account's journal; the balance after it is not told."""
    kind, amount = row.text("kind"), row.amount("amount")
    signed = -amount if kind == "WITHDRAWAL" else amount
    return FundsEntry(VENUE, sanitise(row.text("token"), 16), sanitise(kind.lower(), 32), signed, ZERO, row.moment("created_at"))


def backing_of(row: Row) -> BackingTold:
    """Return what will back the next position of a market."""
    leverage = row.number("leverage")
    if leverage is None or leverage <= 0:
        raise WireError("leverage is not positive")
    mode = MarginMode.ISOLATED if row.text("margin_type") == "ISOLATED" else MarginMode.CROSS
    return BackingTold(row.market(), leverage, mode)
