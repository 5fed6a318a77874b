"""The fault matrix, one row a case: what goes wrong, what is done, what must be seen, and where that is proven."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """One row. Words are told apart by `` | ``; ``proxy.py`` says what a fault word is, ``words.py`` what the others are."""

    row: int
    """Number in the matrix."""
    name: str
    inject: str = ""
    """What goes wrong, in force once the desk is ready."""
    do: str = ""
    see: str = ""
    """What must be so in the end, beside the general reckoning: the desk shows what the exchange has, and never lied on the way."""
    slow: bool = False
    """Whether the row waits for the expiry fence, 12 s and more of real time."""
    cold: bool = False
    """Whether the faults are there before the desk starts."""
    hedged: bool = False
    open_end: bool = False
    """Whether the row ends while something is still broken, so that nothing can be reckoned."""
    where: tuple[str, ...] = ()
    """Tests elsewhere that prove the row; empty for a row that is played here."""
    why: str = ""
    """Why a row is not covered."""

    @property
    def id(self) -> str:
        """Name of the row's test."""
        return f"{self.row:02d} {self.name}"

    @property
    def is_played(self) -> bool:
        """Whether the row is played here."""
        return bool(self.do)


CREATE = "POST /g-orders"

CASES = (
    Case(1, "create lost before the server", f"{CREATE}: lost", "submit a", "a unknown first | a absent | S a 0", slow=True),
    Case(2, "create executed, answer lost", f"{CREATE}: run, lost", "submit a", "a unknown first | a live | S a 1"),
    Case(3, "create executed, closed before the answer", f"{CREATE}: run, cut", "submit a", "a unknown first | a live | S a 1"),
    Case(3, "create executed, reset before the answer", f"{CREATE}: run, reset", "submit a", "a live | S a 1"),
    Case(3, "create closed before it arrived", f"{CREATE}: cut", "submit a", "a unknown first | a absent | S a 0", slow=True),
    Case(4, "create executed, 500", f"{CREATE}: run, 500", "submit a", "a unknown first | a live | S a 1 | made a 1"),
    Case(4, "create executed, 502", f"{CREATE}: run, 502", "submit a", "a unknown first | a live | S a 1 | made a 1"),
    Case(4, "create executed, 503", f"{CREATE}: run, 503", "submit a", "a unknown first | a live | S a 1 | made a 1"),
    Case(4, "create executed, 504", f"{CREATE}: run, 504", "submit a", "a unknown first | a live | S a 1 | made a 1"),
    Case(5, "create not executed, 503", f"{CREATE}: 503", "submit a", "a unknown first | a absent | S a 0", slow=True),
    Case(6, "503 now, executed 8 s later", f"{CREATE}: 503, run in 8", "submit a", "a unknown first | a live | S a 1", slow=True),
    Case(7, "create arrives after its expiry", f"{CREATE}: hold 12", "submit a", "a unknown first | a absent | S a 1 | made a 0", slow=True),
)
