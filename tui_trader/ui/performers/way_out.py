"""The ways out: panic, and leaving the program. They work on every screen and in every field."""

from __future__ import annotations

from functools import partial

from tui_trader.core.facts import TradingState
from tui_trader.core.types import Severity
from tui_trader.ui.performers.bench import Bench, Performer


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
        if self._bench.twice.press(name):
            self._bench.surface.leave()
            return
        desk = self._bench.desk
        legs = len(desk.store.open_positions())
        orders = len(desk.store.blotter.working())
        key = "q" if name == "quit" else "^C"
        held = f"{legs} position{'' if legs == 1 else 's'} and {orders} order{'' if orders == 1 else 's'}"
        fate = "end with the built-in exchange" if desk.account.ends_with_program else "stay at the venue"
        self._bench.surface.say(f"{key} again leaves; {held} {fate}", Severity.WARNING)
