"""Plays the hour and renders it: one picture a row, and the page that shows them.

python -m tests.hour [--out docs]
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tests.e2e.conftest import ROOT
from tests.hour.hour import Hour, Seen, at_home
from tests.hour.rows import NOT_PLAYED, ROWS, before

CONFIG = '[general]\nsymbols = ["BTCUSDT"]\n\n[risk]\ndaily_loss_limit = 100\n'

COLOURS = TerminalTheme(
    (11, 16, 22),
    (203, 213, 223),
    [
        (0, 0, 0),
        (245, 128, 138),
        (69, 201, 143),
        (232, 184, 92),
        (105, 177, 245),
        (255, 122, 195),
        (90, 200, 200),
        (203, 213, 223),
    ],
)


def picture(seen: Seen) -> str:
    """Return a screen as SVG."""
    console = Console(
        record=True, width=seen.size[0], file=io.StringIO(), force_terminal=True, color_system="truecolor", legacy_windows=False
    )
    for line in seen.screen.split("\n")[: seen.size[1]]:
        text = Text.from_ansi(line)
        text.truncate(seen.size[0])
        console.print(text, soft_wrap=True)
    return console.export_svg(title=f"{seen.at}  {seen.title}", theme=COLOURS, unique_id="hour")


def page(rows: list[Seen]) -> str:
    """Return the manual's page."""
    out = [
        "# A trader's hour",
        "",
        "Played by `python -m tests.hour --out docs`, which makes this page and its pictures: the program in tmux, the built-in",
        "exchange in a process of its own, whose market and faults the script moves. The times are those of the hour that it",
        "compresses into two minutes; every screen is asserted on the way.",
        "",
    ]
    for seen in rows:
        out += [f"## {seen.at} {seen.title}", ""]
        if seen.keys:
            out += ["Keys: " + " ".join(f"`{key}`" for key in seen.keys), ""]
        if seen.screen:
            out += [f"![{seen.title}](img/hour/{name(seen)})", ""]
    out += ["## Not in it", ""] + [f"- {at} {why}" for at, why in NOT_PLAYED.items()] + [""]
    return "\n".join(out)


def name(seen: Seen) -> str:
    """Return the file name of a picture."""
    words = "".join(char if char.isalnum() else "-" for char in seen.title.lower())
    return f"{seen.at.replace(':', '')}-{'-'.join(filter(None, words.split('-')))}.svg"


def main() -> int:
    """Play, tell how it went, and write."""
    parser = argparse.ArgumentParser(prog="python -m tests.hour", description=__doc__)
    parser.add_argument("--out", type=Path, default=None, metavar="FOLDER", help="write page and pictures below this (docs)")
    args = parser.parse_args()
    here = Path(sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        hour = Hour(at_home(Path(folder), here.parent / "tui-trader", here), CONFIG)
        try:
            before(hour)
            for row in ROWS:
                hour.begin(row.at, row.title)
                row.play(hour)
                hour.finish()
                print(f"{row.at}  {row.title:<36} {' '.join(hour.seen[-1].keys)}", flush=True)
        finally:
            hour.end()
    if args.out is not None:
        pictures = args.out / "img" / "hour"
        pictures.mkdir(parents=True, exist_ok=True)
        for old in pictures.glob("*.svg"):
            old.unlink()
        for seen in hour.seen:
            if seen.screen:
                (pictures / name(seen)).write_text(picture(seen))
        (args.out / "hour.md").write_text(page(hour.seen))
        print(args.out / "hour.md")
    return 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
