"""Planted bugs of several orders in one request: what an answer does not say, and what is written down too late."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from tests.dst.mutants.plot import mutant, swap
from tui_trader.core.order import OrderTicket
from tui_trader.desk import batch
from tui_trader.desk.batch import Batch
from tui_trader.venues.base import Outcome, Request, Verdict

Record = Callable[[str, Sequence[Mapping[str, Any]], bool], None]


@mutant("takes an order that the answer to several does not name for rejected", seed=9, venue="paradex")
def _unnamed_is_rejected(stack: ExitStack) -> None:
    told = batch.outcome_of

    def outcome_of(verdict: Verdict, client_id: str) -> Verdict:
        one = told(verdict, client_id)
        return replace(one, outcome=Outcome.REJECTED) if one.code == "untold" else one

    swap(stack, batch, "outcome_of", outcome_of)


@mutant("sends several orders again when the answer is lost", seed=10, venue="paradex")
def _several_again(stack: ExitStack) -> None:
    submit = Batch.submit

    async def again(self: Batch, tickets: Sequence[OrderTicket], *, reduces: bool) -> list[Verdict]:
        send = self._send

        async def twice(request: Request) -> Verdict:
            verdict = await send(request)
            return await send(request) if verdict.outcome is Outcome.UNKNOWN and verdict.each is None else verdict

        self._send = twice
        try:
            return await submit(self, tickets, reduces=reduces)
        finally:
            self._send = send

    swap(stack, Batch, "submit", again)


@mutant("journals the intents of several orders after the answer", seed=9, venue="paradex")
def _several_late(stack: ExitStack) -> None:
    submit = Batch.submit

    async def late(self: Batch, tickets: Sequence[OrderTicket], *, reduces: bool) -> list[Verdict]:
        record: Record = self._record
        held: list[tuple[str, Sequence[Mapping[str, Any]]]] = []

        def later(kind: str, bodies: Sequence[Mapping[str, Any]], required: bool) -> None:
            if kind == "intent":
                held.append((kind, bodies))
                return
            for one in held:
                record(*one, False)
            record(kind, bodies, required)

        self._record = later
        try:
            return await submit(self, tickets, reduces=reduces)
        finally:
            self._record = record

    swap(stack, Batch, "submit", late)
