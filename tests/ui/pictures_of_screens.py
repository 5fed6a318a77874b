"""Pictures of the trading screen at a time that stands still, and the comparison with those that were looked at and kept."""

from __future__ import annotations

import re
from pathlib import Path

from tests.ui.desks import program, quiet_desk

FOLDER = Path(__file__).parent / "snapshots"
SIZES = ((80, 24), (120, 40), (200, 60))
THEMES = ("midnight", "daylight", "high-contrast")

CASES = [(theme, size) for theme in THEMES for size in SIZES]

_RANDOM = re.compile(r"terminal-\d+")


def name_of(theme: str, size: tuple[int, int]) -> str:
    """Return the file name of one picture."""
    return f"{theme}-{size[0]}x{size[1]}.svg"


async def draw(folder: Path, theme: str, size: tuple[int, int]) -> str:
    """Return the screen with a bracket staged, as SVG without what differs from run to run; ``folder`` takes the journal."""
    desk = quiet_desk(folder)
    desk.world.fill(fee="0.6").notice("feed resumed after 0.4 s")
    async with program(desk, size, theme=theme) as shown:
        await shown.press("4", "b", "j", "t")
        return _RANDOM.sub("terminal", shown.app.export_screenshot(title="tui-trader"))


def words_of(svg: str) -> list[str]:
    """Return the text of a picture, line by line: what a person compares first."""
    return [re.sub(r"<[^>]*>", "", line).replace("&#160;", " ").strip() for line in svg.splitlines() if "<text" in line]
