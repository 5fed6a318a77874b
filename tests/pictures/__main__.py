"""Makes the pictures of the README: the running program against its own exchange, exported as SVG.

python -m tests.pictures [--out docs/img]
python -m tests.pictures --everything FOLDER [--only staged] [--themes midnight,ansi16]

The second draws every screen of ``tests/ui/likeness``, at three sizes in every theme, to be looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import Callable
from itertools import product
from pathlib import Path

from tests.ui.likeness.scenes import ACTS
from tests.ui.likeness.take import Sitting, played
from tui_trader.cli import launch
from tui_trader.desk.config import load
from tui_trader.desk.desk import Desk
from tui_trader.desk.locations import shipped
from tui_trader.ui.app import TraderApp
from tui_trader.ui.theme import load_themes

SHOTS = (
    ("midnight-120x40.svg", "midnight", (120, 40)),
    ("daylight-120x40.svg", "daylight", (120, 40)),
    ("midnight-80x24.svg", "midnight", (80, 24)),
    ("midnight-200x60.svg", "midnight", (200, 60)),
    ("colorblind-120x40.svg", "colorblind", (120, 40)),
    ("mono-120x40.svg", "mono", (120, 40)),
)


async def wait(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait until something is so; raises AssertionError when it never is."""
    if not await launch.wait_until(condition, seconds):
        raise AssertionError("the program did not get there in time")


async def picture(path: Path, theme: str, size: tuple[int, int]) -> None:
    """Trade a little and export the screen."""
    config = load(None, os.environ, {"ui.theme": theme, "sim.seed": "7"})
    args = launch.arguments()
    themes, problems = load_themes(shipped("themes"), None)

    async def opener(stack):  # type: ignore[no-untyped-def]
        desk = await launch.open_desk(config, args, stack)
        await desk.start(["BTCUSDT", "ETHUSDT", "SOLUSDT"])
        return desk, [desk.symbol(s) for s in ("BTCUSDT", "ETHUSDT", "SOLUSDT")]

    app = TraderApp(opener, themes=themes, theme=theme, problems=problems, driver_class=None)
    async with app.run_test(size=size) as pilot:
        await wait(lambda: app.desk is not None and app.trade_screen is not None and app.desk.reconciled)
        desk = app.desk
        assert desk is not None
        await wait(lambda: desk.focus is not None and not desk.blocked(desk.focus) and desk.store.mark_is_fresh(desk.focus))
        await type_line(pilot, "sell $2k ETHUSDT")
        await wait(lambda: len(desk.store.open_positions()) == 1)
        await enter(pilot, "symbol BTCUSDT")
        await wait(lambda: desk.focus is not None and desk.focus.symbol == "BTCUSDT")
        await pilot.press("5", "B", "enter")
        await wait(lambda: len(desk.store.open_positions()) == 2)
        await type_line(pilot, "buy $400 @ bid-31t po")
        await type_line(pilot, "sell $300 @ ask+36t po")
        await wait(lambda: len(working(desk)) == 2)
        await pilot.press("+", "+", "space")
        await asyncio.sleep(25)
        await pilot.press("space", "4", "b", "j", "j", "t")
        await asyncio.sleep(0.6)
        app.save_screenshot(str(path))
        await pilot.press("escape", "q")
        await asyncio.sleep(0.2)  # a second press sooner than a finger's is that of a key that is held
        await pilot.press("q")
        await wait(lambda: app.return_code is not None)


async def everything(folder: Path, only: str, themes: list[str]) -> None:
    """Draw every scene at every size in these themes."""
    for act, size, theme in [(one, *shot) for one in ACTS for shot in product(one.sizes, themes)]:
        scenes = tuple(scene for scene in act.scenes if only in scene.name)
        if not scenes:
            continue
        with tempfile.TemporaryDirectory() as journal:
            async for scene, shown in played(Sitting(act, size, theme, scenes), Path(journal)):
                file = folder / theme / f"{scene.name}-{size[0]}x{size[1]}.svg"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(shown.app.export_screenshot(title=f"{scene.about}, {theme}"))
                print(file)


async def type_line(pilot, text: str) -> None:  # type: ignore[no-untyped-def]
    """Type an order, stage it with Enter and send it with a second Enter."""
    stage = pilot.app.desk.stage
    await enter(pilot, text)
    await wait(lambda: stage.draft is not None)
    await pilot.press("enter")
    await wait(lambda: stage.draft is None)


async def enter(pilot, text: str) -> None:  # type: ignore[no-untyped-def]
    """Type a line into the prompt."""
    await pilot.press(":")
    for character in text:
        await pilot.press("space" if character == " " else character)
    await pilot.press("enter")


def working(desk: Desk) -> list[str]:
    """Return the ids of live orders."""
    return [o.client_id for o in desk.store.blotter.working() if o.status.value == "live"]


def main() -> None:
    """Make every picture."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/img"))
    parser.add_argument("--only", default="")
    parser.add_argument("--everything", type=Path, default=None, metavar="FOLDER")
    parser.add_argument("--themes", default="")
    args = parser.parse_args()
    if args.everything is not None:
        themes, _ = load_themes(shipped("themes"), None)
        asyncio.run(everything(args.everything, args.only, [name for name in args.themes.split(",") if name] or sorted(themes)))
        return
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUI_TRADER_HOME"] = home
        for name, theme, size in SHOTS:
            if args.only in name:
                asyncio.run(picture(args.out / name, theme, size))
                print(args.out / name)


if __name__ == "__main__":
    main()
