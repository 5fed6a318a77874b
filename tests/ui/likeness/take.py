"""Takes likenesses of the running program: each pane where it stands, or in full where it has no place, and each screen whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

from tests.ui.desks import Program
from tests.ui.likeness.form import Grid, cells, cut
from tests.ui.likeness.scenes import ACTS, THEMES, Act, Scene, name_of
from tui_trader.ui.mask import MASK
from tui_trader.ui.panes.registry import FOCUS_ORDER, PANES
from tui_trader.ui.slot import Slot

FOLDER = Path(__file__).parents[1] / "snapshots"


class Taken(NamedTuple):
    """One screen or one pane, at one size in one theme."""

    file: str
    about: str
    size: str
    theme: str
    grid: Grid


class Sitting(NamedTuple):
    """One run of the program."""

    act: Act
    size: tuple[int, int]
    theme: str
    scenes: tuple[Scene, ...]


def sittings(everything: bool) -> Iterator[Sitting]:
    """Return what is run: screens at every size in every theme, or each size in one theme; panes in all of them anyway."""
    for act in ACTS:
        for (at, size), (number, theme) in product(enumerate(act.sizes), enumerate(THEMES)):
            if everything or at == number:
                yield Sitting(act, size, theme, act.scenes)
            elif act.panes:
                yield Sitting(act, size, theme, act.scenes[:1])


async def take(sitting: Sitting, folder: Path) -> list[Taken]:
    """Return the likenesses of one run; ``folder`` takes its journal."""
    taken: list[Taken] = []
    size, theme = name_of(sitting.size), sitting.theme
    async for scene, shown in played(sitting, folder):
        taken.append(Taken(f"screens/{scene.name}.txt", scene.about, size, theme, drawn(shown)))
        if sitting.act.panes and scene is sitting.scenes[0]:
            async for slot, words, about, grid in _panes(shown):
                taken.append(Taken(f"panes/{slot}.txt", words, f"{size}: {about}", theme, grid))
    return taken


async def played(sitting: Sitting, folder: Path) -> AsyncIterator[tuple[Scene, Program]]:
    """Play the scenes; each begins where the program stood at first."""
    async with sitting.act.stage(sitting.act.moment, folder, sitting.size, sitting.theme) as shown:
        for scene in sitting.scenes:
            if scene.line:
                await shown.type(scene.line)
            elif scene.keys:
                await shown.press(*scene.keys)
            elif shown.app.trade_screen is not None:
                await shown.settle()
            else:
                await shown.pilot.pause()
            yield scene, shown
            if scene is not sitting.scenes[-1]:
                await _rest(shown)


def drawn(shown: Program) -> Grid:
    """Return the cells of the screen."""
    return cells(shown.app.screen._compositor.render_strips())


async def _rest(shown: Program) -> None:
    """Put everything back where it was."""
    await shown.leave_fields()
    screen = shown.screen
    screen.trading.disarm("the next scene")
    screen.keymap.pending = ""
    if screen.pane_focus.zoomed is not None:
        screen.pane_focus.close()
    screen.workspaces.by_name("all")
    screen.orders.clear_marks()
    for slot in FOCUS_ORDER:
        if (let_go := getattr(screen.views[slot], "cursor_off", None)) is not None:
            let_go()
    screen.pane_focus.go(Slot.BOOK)
    screen.message.clear()
    MASK.on = False
    screen.desk.stage.preset = 3
    for view in screen.views.values():
        view.moved()


async def _panes(shown: Program) -> AsyncIterator[tuple[Slot, str, str, Grid]]:
    """Take every pane in its place; one without a place in full, as it is shown when it is asked for."""
    screen, whole = shown.screen, drawn(shown)
    placed = dict(screen.plan.slots)
    for row in PANES:
        words = row.words or str(row.slot)
        if (rect := placed.get(row.slot)) is not None:
            yield row.slot, words, f"{rect.width}x{rect.height} in its place", cut(whole, *rect)
        elif row.slot in FOCUS_ORDER:
            screen.pane_focus.go(row.slot)
            await shown.settle()
            rect = screen.plan.slots[row.slot]
            yield row.slot, words, f"{rect.width}x{rect.height} in full", cut(drawn(shown), *rect)
    screen.pane_focus.go(Slot.BOOK)
    await shown.settle()
