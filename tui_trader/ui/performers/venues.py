"""The account on the screen: a list of those there are, to choose another from."""

from __future__ import annotations

from tui_trader.ui.performers.bench import Bench, Performer


class Venues:
    """Chooses the account."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def performers(self) -> dict[str, Performer]:
        """Return what each action does."""
        return {"venues": lambda: self._bench.fellows.choose()}
