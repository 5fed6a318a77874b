"""What runs only while this terminal is up: chases, scales that are being sent, orders with a time. Listed, and ended by number.

It must not know what any of them does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tui_trader.core.types import InstrumentId

NOTE = "runs only while this terminal is up"


@dataclass(slots=True)
class Run:
    """Something that runs."""

    number: int
    what: str
    """``chase``, ``scale`` or ``gtd``."""
    text: str
    """One line for a person."""
    instrument: InstrumentId
    orders: set[str] = field(default_factory=set)
    """Client ids of the orders that it is about."""
    ended: str = ""
    """Why it does nothing more; empty while it does."""

    def end(self, why: str) -> None:
        """Let it do nothing more; the first reason stays."""
        self.ended = self.ended or why


class Runs:
    """The runs of one desk."""

    def __init__(self, number: Callable[[], int], changed: Callable[[], None] = lambda: None) -> None:
        """``number`` gives out numbers: whatever can be ended by number draws its own from the same place."""
        self._number = number
        self._changed = changed
        self._runs: dict[int, Run] = {}

    def begin(self, what: str, text: str, instrument: InstrumentId, orders: Iterable[str] = ()) -> Run:
        """List something that begins to run."""
        run = Run(self._number(), what, text, instrument, set(orders))
        self._runs[run.number] = run
        self._changed()
        return run

    def over(self, run: Run, why: str = "it is over") -> None:
        """Take something off the list."""
        run.end(why)
        if self._runs.pop(run.number, None) is not None:
            self._changed()

    def rows(self) -> list[Run]:
        """Return what runs, oldest first."""
        return list(self._runs.values())

    def find(self, number: int) -> Run | None:
        """Return a run by its number."""
        return self._runs.get(number)

    def end_all(self, why: str) -> int:
        """End everything; return how many there were."""
        rows = self.rows()
        for run in rows:
            run.end(why)
        return len(rows)

    def give_up(self, instrument: InstrumentId, why: str) -> None:
        """End what runs in one instrument: everything of it is being cancelled."""
        for run in self.rows():
            if run.instrument == instrument:
                run.end(why)

    def cancelled(self, client_id: str) -> None:
        """End what is about an order that the trader cancels."""
        for run in self.rows():
            if client_id in run.orders:
                run.end("its order was cancelled")
