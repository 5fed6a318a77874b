"""Planted bugs of what protects a position: brackets that do not hold."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack

from tests.dst.mutants.plot import mutant, swap
from tui_trader.core import bracket as brackets
from tui_trader.core.bracket import Bracket, Drop, Resize, Seen, Step
from tui_trader.core.instrument import Instrument
from tui_trader.desk import protect
from tui_trader.desk.protect import Protector


@mutant("forgets at a restart what was being covered", seed=72)
def _forgets(stack: ExitStack) -> None:
    def nothing(self: Protector, found: Iterable[Bracket]) -> None:
        pass

    swap(stack, Protector, "recover", nothing)


@mutant("covers the first part of an entry and not what fills later", seed=69)
def _first_part(stack: ExitStack) -> None:
    steps = brackets.next_steps

    def fewer(bracket: Bracket, seen: Seen, instrument: Instrument) -> list[Step]:
        return [one for one in steps(bracket, seen, instrument) if not (isinstance(one, Resize) and one.qty > one.order.qty)]

    swap(stack, protect, "next_steps", fewer)


@mutant("leaves its exits standing when the position is closed", seed=69)
def _orphans(stack: ExitStack) -> None:
    steps = brackets.next_steps

    def fewer(bracket: Bracket, seen: Seen, instrument: Instrument) -> list[Step]:
        return [one for one in steps(bracket, seen, instrument) if not isinstance(one, Drop | Resize)]

    swap(stack, protect, "next_steps", fewer)


@mutant("takes the stop of the entry for standing as soon as the entry is done", seed=72)
def _believes(stack: ExitStack) -> None:
    stop_step = brackets._stop_step

    def trusting(bracket: Bracket, seen: Seen, done: bool, held: object) -> Step | None:
        if done and bracket.attached:
            own = [order for order in seen.stops if order.status.is_working and order.pending is None]
            return Drop(own[0], "the venue has its own") if own else None
        return stop_step(bracket, seen, done, held)  # type: ignore[arg-type]

    swap(stack, brackets, "_stop_step", trusting)
