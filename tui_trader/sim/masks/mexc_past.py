"""Positions of MEXC that have ended, put together from the executions that opened and closed them.

A position begins with the first execution from flat and ends with the one that leaves nothing; what goes through zero ends one
and begins another. It must not know requests. Source: the venue's documents, "Get the user's history position information".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from tui_trader.core.decimals import ZERO, divide
from tui_trader.core.types import ContractKind, PositionSide
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.types import Report


@dataclass(slots=True)
class Ended:
    """One position, from its first execution to its last."""

    symbol: str
    leg: PositionSide
    kind: int
    """1 long, 2 short."""
    created_ns: int
    updated_ns: int = 0
    held: Decimal = ZERO
    opened: Decimal = ZERO
    opened_weight: Decimal = ZERO
    closed: Decimal = ZERO
    closed_weight: Decimal = ZERO
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    """What was paid; negative when it was received."""

    def average(self, qty: Decimal, weight: Decimal, kind: ContractKind) -> Decimal:
        """Return the mean price of what was opened or closed: of inverse contracts the harmonic one."""
        if not qty or not weight:
            return ZERO
        return divide(weight, qty) if kind is ContractKind.LINEAR else divide(qty, weight)


def ended(exchange: Exchange, account: str) -> list[Ended]:
    """Return the positions of an account that are over, the one that ended last first."""
    done: list[Ended] = []
    held: dict[tuple[str, PositionSide], Ended] = {}
    for report in exchange.fills(account):
        order = report.order
        leg = order.symbol, order.position_side
        left, fee = report.exec_qty, report.exec_fee
        now = held.get(leg)
        if now is not None and (order.side.sign > 0) is not (now.kind == 1):
            part = min(now.held, left)
            share = fee if part == left else divide(fee * part, left)
            _add(now, report, part, share, exchange.instruments[order.symbol].kind, closes=True)
            left, fee = left - part, fee - share
            if not now.held:
                done.append(held.pop(leg))
        if not left:
            continue
        now = held.setdefault(leg, Ended(*leg, 1 if order.side.sign > 0 else 2, report.at_ns))
        _add(now, report, left, fee, exchange.instruments[order.symbol].kind, closes=False)
    _charge(exchange, account, done)
    done.reverse()
    return sorted(done, key=lambda one: one.updated_ns, reverse=True)


def _add(position: Ended, report: Report, qty: Decimal, fee: Decimal, kind: ContractKind, *, closes: bool) -> None:
    """Count an execution, or the part of one that belongs to this position."""
    price = report.exec_price
    weight = qty * price if kind is ContractKind.LINEAR else divide(qty, price)
    position.updated_ns = report.at_ns
    position.fees += fee
    if closes:
        position.held -= qty
        position.closed += qty
        position.closed_weight += weight
        position.realised += report.exec_realised
    else:
        position.held += qty
        position.opened += qty
        position.opened_weight += weight


def _charge(exchange: Exchange, account: str, positions: Iterable[Ended]) -> None:
    for position in positions:
        for charge in exchange.funding(account, position.symbol):
            if charge.position_side is position.leg and position.created_ns <= charge.at_ns <= position.updated_ns:
                position.funding += charge.amount
