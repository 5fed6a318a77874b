"""What the exchange has said: one sequence, seeded ids, everything since the last collection, and every user's fills.

It decides nothing; it stamps and keeps.
"""

from __future__ import annotations

import hashlib
import random
import uuid
from dataclasses import replace
from decimal import Decimal

from tui_trader.core.decimals import plain
from tui_trader.core.types import Liquidity, PositionSide
from tui_trader.sim.types import (
    AccountTouched,
    Emission,
    Event,
    FundingCharge,
    Move,
    PositionTouched,
    PublicTrade,
    Report,
    SimOrder,
)


class Outbox:
    """Stamps events and holds them until they are collected."""

    def __init__(self, seed: int, now_ns: int) -> None:
        self.now_ns = now_ns
        """The exchange's time."""
        self.seq = 0
        """Sequence of the last event."""
        self.fills: dict[str, list[Report]] = {}
        """Executions by account, oldest first."""
        self.charges: dict[str, list[FundingCharge]] = {}
        """Funding by account, oldest first."""
        self.moves: dict[str, list[Move]] = {}
        """Transfers and what insurance paid, by account, oldest first."""
        self._random = random.Random(f"{seed}:ids")
        self._emitted: list[Emission] = []
        self._accounts: dict[AccountTouched, None] = {}
        self._positions: dict[PositionTouched, None] = {}
        self._digest = hashlib.sha256()

    def next_seq(self) -> int:
        """Return the next sequence number."""
        self.seq += 1
        return self.seq

    def new_id(self) -> str:
        """Return an id in the form of a random UUID, drawn from the seed."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def report(self, event: Event, order: SimOrder) -> Report:
        """Emit something that happened to an order, other than a fill."""
        self._stamp(order)
        return self._keep(Report(event, replace(order), order.seq, self.now_ns))

    def fill(
        self,
        order: SimOrder,
        qty: Decimal,
        price: Decimal,
        fee: Decimal,
        fee_rate: Decimal,
        realised: Decimal,
        liquidity: Liquidity,
        kind: str,
    ) -> Report:
        """Emit one execution of an order that already counts it, and add it to the fill log."""
        self._stamp(order)
        report = Report(
            Event.FILL,
            replace(order),
            order.seq,
            self.now_ns,
            exec_id=self.new_id(),
            exec_qty=qty,
            exec_price=price,
            exec_fee=fee,
            fee_rate=fee_rate,
            exec_realised=realised,
            liquidity=liquidity,
            kind=kind,
        )
        self.fills.setdefault(order.account, []).append(report)
        numbers = " ".join(plain(number) for number in (qty, price, fee, realised))
        line = f"{self.now_ns} {order.account} {order.order_id} {report.exec_id} {order.side} {numbers} {liquidity} {kind}\n"
        self._digest.update(line.encode())
        return self._keep(report)

    def funding(
        self,
        account: str,
        symbol: str,
        leg: PositionSide,
        qty: Decimal,
        rate: Decimal,
        amount: Decimal,
        mark: Decimal,
        at_ns: int,
    ) -> None:
        """Emit a funding settlement."""
        charge = FundingCharge(account, symbol, leg, qty, rate, amount, self.new_id(), self.next_seq(), at_ns, mark)
        self.charges.setdefault(account, []).append(charge)
        self._emitted.append(charge)

    def move(
        self,
        account: str,
        currency: str,
        amount: Decimal,
        kind: str,
        link: str = "",
        wallet_currency: str = "",
        wallet_amount: Decimal = Decimal(0),
    ) -> Move:
        """Note money that came or went other than by trading; the ledger has booked it."""
        link = link or self.new_id()
        move = Move(
            account, currency, amount, kind, link, self.now_ns, self.next_seq(), wallet_currency or currency, wallet_amount
        )
        self.moves.setdefault(account, []).append(move)
        self.touch_account(account, currency)
        return move

    def emit_trade(self, trade: PublicTrade) -> None:
        """Emit a print."""
        self._emitted.append(trade)

    def touch_account(self, account: str, currency: str) -> None:
        """Remember that a wallet changed."""
        self._accounts[AccountTouched(account, currency)] = None

    def touch_position(self, account: str, symbol: str, leg: PositionSide) -> None:
        """Remember that a leg changed."""
        self._positions[PositionTouched(account, symbol, leg)] = None

    def collect(self) -> list[Emission]:
        """Return everything since the last call in order; the touched wallets and legs come last, each once."""
        emitted = self._emitted
        emitted.extend(self._accounts)
        emitted.extend(self._positions)
        self._emitted = []
        self._accounts = {}
        self._positions = {}
        return emitted

    def fill_log_hash(self) -> str:
        """Return the SHA-256 of every user fill so far, in order."""
        return self._digest.hexdigest()

    def _stamp(self, order: SimOrder) -> None:
        order.seq = self.next_seq()
        order.updated_ns = self.now_ns

    def _keep(self, report: Report) -> Report:
        self._emitted.append(report)
        return report
