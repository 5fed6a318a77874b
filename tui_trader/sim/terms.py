"""What became of a position from one time that it was flat to the next, made from executions and funding alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from tui_trader.core.decimals import ZERO, divide
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import PositionSide, Side
from tui_trader.sim.margin import to_money, trade_value
from tui_trader.sim.types import FundingCharge, Report


@dataclass(slots=True)
class Term:
    """One episode of one leg; sizes and values are positive, fees and funding are costs."""

    symbol: str
    leg: PositionSide
    side: Side
    number: int
    opened_ns: int
    updated_ns: int = 0
    size: Decimal = ZERO
    opened: Decimal = ZERO
    opened_value: Decimal = ZERO
    closed: Decimal = ZERO
    closed_value: Decimal = ZERO
    pnl: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO

    @property
    def finished(self) -> bool:
        """Whether the leg is flat again."""
        return not self.size

    @property
    def realised(self) -> Decimal:
        """Closed profit minus fees minus funding."""
        return self.pnl - self.fees - self.funding


def terms(instrument: Instrument, fills: Iterable[Report], charges: Iterable[FundingCharge]) -> list[Term]:
    """Return the terms of every leg of one contract, in order of opening; the last of a leg may be open."""
    done: list[Term] = []
    held: dict[PositionSide, Term] = {}
    numbers: dict[PositionSide, int] = {}
    events: list[Report | FundingCharge] = [*fills, *charges]
    for event in sorted(events, key=lambda one: one.seq):
        if isinstance(event, FundingCharge):
            term = held.get(event.position_side)
            if term is not None:
                term.funding += event.amount
                term.updated_ns = event.at_ns
            continue
        order, left = event.order, event.exec_qty
        fee, value_left = event.exec_fee, trade_value(instrument, event.exec_qty, event.exec_price)
        while left:
            leg = order.position_side
            term = held.get(leg)
            if term is None:
                numbers[leg] = numbers.get(leg, 0) + 1
                term = held[leg] = Term(order.symbol, leg, order.side, numbers[leg], event.at_ns)
                done.append(term)
            opens = term.side is order.side
            part = left if opens else min(left, term.size)
            # Of an execution that closes and opens, the ledger rounds the part that closes.
            value = value_left if part == left else to_money(instrument, divide(value_left * part, left))
            value_left -= value
            if opens:
                term.size += part
                term.opened += part
                term.opened_value += value
            else:
                term.size -= part
                term.closed += part
                term.closed_value += value
                term.pnl += event.exec_realised
            term.fees += fee
            fee = ZERO
            term.updated_ns = event.at_ns
            left -= part
            if not term.size:
                del held[leg]
    return done
