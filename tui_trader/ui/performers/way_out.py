"""The ways out: panic, and leaving the program. They work on every screen and in every field."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from tui_trader.core.error import CommandError
from tui_trader.core.types import Severity
from tui_trader.desk.desk import Desk
from tui_trader.state.cover import cover_of
from tui_trader.ui.performers.bench import Bench, Performer
from tui_trader.ui.performers.panic_report import PanicReport
from tui_trader.ui.twice import READING_NS


class WayOut:
    """Ends entries, or the program."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def performers(self) -> dict[str, Performer]:
        """Return what each action does."""
        return {"panic": self._panic, "quit": partial(self._quit, "quit"), "leave": partial(self._quit, "leave")}

    def _panic(self) -> None:
        bench = self._bench
        flatten = bench.twice.press("panic")
        desks = bench.fellows.desks()
        where = f" at {len(desks)} accounts" if len(desks) > 1 else ""
        if flatten:
            bench.surface.say(f"^G^G: cancelling everything and closing every position{where}; trading is halted", Severity.ALARM)
        else:
            bench.surface.say(f"^G: entries end, all but stops is cancelled{where}; again within 2 s flattens", Severity.ALARM)
        owing = bench.fellows.owe_panic(flatten=flatten)
        ways = PanicReport(desks, bench.fellows, flatten=flatten, owing=owing)
        for desk in desks:  # a task for each: none waits for another, and none ends another
            name = "panic" if len(desks) == 1 else f"panic {desk.account.name}"
            bench.surface.run(name, self._panic_now(desk, ways, flatten=flatten))

    async def _panic_now(self, desk: Desk, ways: PanicReport, *, flatten: bool) -> None:
        result = "NOT VERIFIED: the program failed here (see the log)"
        try:
            result = await desk.panic(flatten=flatten)
        finally:
            ways.told(desk, result)

    def _quit(self, name: str) -> None:
        surface = self._bench.surface
        if name == "quit" and surface.close_view():
            return
        text, _ = farewell(*self._bench.fellows.desks())
        if self._bench.twice.press(name):
            surface.leave(text)
            return
        surface.say(f"{'q' if name == 'quit' else '^C'} again leaves; {text}", Severity.WARNING)

    def ask(self) -> None:
        """Raise CommandError once where a position would be left without a stop at the venue."""
        text, covered = farewell(*self._bench.fellows.desks())
        if not covered and not self._bench.twice.press("typed quit", READING_NS):
            raise CommandError(f"{text}: Enter again leaves", fix="p protects")

    def leave(self) -> None:
        """Leave, saying what stays."""
        self._bench.surface.leave(farewell(*self._bench.fellows.desks())[0])


def farewell(*desks: Desk) -> tuple[str, bool]:
    """Return what stays when the program ends, in one sentence, and whether no position is left without a stop."""
    ending = [desk for desk in desks if desk.account.ends_with_program]
    staying = [desk for desk in desks if not desk.account.ends_with_program]
    words, naked = [], _naked(staying, several=len(desks) > 1)
    if staying:
        stays = f"{_held(staying)} stay at the venue{'s' if len(staying) > 1 else ''}"
        if any(desk.store.open_positions() for desk in staying):
            stays += f"; NOT PROTECTED: {', '.join(naked)}" if naked else "; all protected"
        words.append(stays)
    if ending:
        words.append(f"{_held(ending)} end with the built-in exchange{'s' if len(ending) > 1 else ''}")
    return "; ".join(words), not naked


def _held(desks: Sequence[Desk]) -> str:
    legs = sum(len(desk.store.open_positions()) for desk in desks)
    working = sum(len(desk.store.blotter.working()) for desk in desks)
    return f"{legs} position{'' if legs == 1 else 's'} and {working} order{'' if working == 1 else 's'}"


def _naked(desks: Sequence[Desk], *, several: bool) -> list[str]:
    return [
        f"{leg.instrument.symbol} {'long' if leg.signed_qty > 0 else 'short'}{f' at {desk.account.name}' if several else ''}"
        for desk in desks
        for leg in desk.store.open_positions()
        if cover_of(leg, desk.store.blotter.working(leg.instrument)).is_naked
    ]
