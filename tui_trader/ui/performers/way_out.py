"""The ways out: panic, and leaving the program. They work on every screen and in every field."""

from __future__ import annotations

from functools import partial

from tui_trader.core.error import CommandError
from tui_trader.core.facts import TradingState
from tui_trader.core.types import Severity
from tui_trader.desk.desk import Desk
from tui_trader.state.cover import cover_of
from tui_trader.ui.performers.bench import Bench, Performer
from tui_trader.ui.twice import READING_NS


class WayOut:
    """Ends entries, or the program."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def performers(self) -> dict[str, Performer]:
        """Return what each action does."""
        return {"panic": self._panic, "quit": partial(self._quit, "quit"), "leave": partial(self._quit, "leave")}

    def _panic(self) -> None:
        surface = self._bench.surface
        flatten = self._bench.twice.press("panic")
        if flatten:
            surface.say("^G^G: cancelling everything and closing every position; trading is halted", Severity.ALARM)
        else:
            surface.say("^G: entries end, all but stops is cancelled; again within 2 s flattens", Severity.ALARM)
        surface.run("panic", self._panic_now(flatten))

    async def _panic_now(self, flatten: bool) -> None:
        desk = self._bench.desk
        result = await desk.panic(flatten=flatten)
        severity = Severity.WARNING if result.startswith("verified: 0") else Severity.ALARM
        back = desk.controls.name
        way_back = f":resume {back}" if desk.controls.state is TradingState.HALTED else ":resume"
        self._bench.surface.say(
            f"{'flatten' if flatten else 'cancel all'}: {result}; {way_back} lets entries out again", severity
        )

    def _quit(self, name: str) -> None:
        surface = self._bench.surface
        if name == "quit" and surface.close_view():
            return
        text, _ = farewell(self._bench.desk)
        if self._bench.twice.press(name):
            surface.leave(text)
            return
        surface.say(f"{'q' if name == 'quit' else '^C'} again leaves; {text}", Severity.WARNING)

    def ask(self) -> None:
        """Raise CommandError once where a position would be left without a stop at the venue."""
        text, covered = farewell(self._bench.desk)
        if not covered and not self._bench.twice.press("typed quit", READING_NS):
            raise CommandError(f"{text}: Enter again leaves", fix="p protects")

    def leave(self) -> None:
        """Leave, saying what stays."""
        self._bench.surface.leave(farewell(self._bench.desk)[0])


def farewell(desk: Desk) -> tuple[str, bool]:
    """Return what stays when the program ends, in one sentence, and whether no position is left without a stop."""
    legs, working = desk.store.open_positions(), desk.store.blotter.working()
    held = f"{len(legs)} position{'' if len(legs) == 1 else 's'} and {len(working)} order{'' if len(working) == 1 else 's'}"
    if desk.account.ends_with_program:
        return f"{held} end with the built-in exchange", True
    naked = [leg for leg in legs if cover_of(leg, desk.store.blotter.working(leg.instrument)).is_naked]
    if not legs:
        return f"{held} stay at the venue", True
    if not naked:
        return f"{held} stay at the venue; all protected", True
    names = ", ".join(f"{leg.instrument.symbol} {'long' if leg.signed_qty > 0 else 'short'}" for leg in naked)
    return f"{held} stay at the venue; NOT PROTECTED: {names}", False
