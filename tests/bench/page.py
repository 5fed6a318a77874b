"""``python -m tests.bench.page [FILE]``: write docs/performance.md and its plots from what was measured.

FILE is what ``python -m tests.bench --json FILE`` wrote; it is kept as docs/performance.json, and without FILE that one is
read again. The words around the figures are those of ``page.md`` beside this file, and of ``limits.toml`` for goals that are
missed. What ``python -m tests.bench.long`` wrote is taken from docs/performance-long.json, if it is there.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .feeder import ROOT
from .limits import Limit, limits
from .measure import Ratio
from .plot import Bar, Curve, bars, curves
from .table import Row, render

DOCS = ROOT / "docs"
TEMPLATE = Path(__file__).with_name("page.md")
PAGE, FIGURES, PLOT = DOCS / "performance.md", DOCS / "performance.json", DOCS / "img" / "performance.svg"
LONG_FIGURES, LONG_PLOT = DOCS / "performance-long.json", DOCS / "img" / "performance-long.svg"


def rows_of(found: Mapping[str, Any]) -> list[Row]:
    """Return the rows that a JSON file of the benchmark holds; raises ValueError for one that is none."""
    rows = []
    for row in found.get("rows", ()):
        ratio = row["ratio"]
        fields = {key: row.get(key, "") for key in ("goal", "title", "ours", "other", "remark", "unmet")}
        rows.append(Row(**fields, limit=row["limit"], ratio=None if ratio is None else Ratio(tuple(ratio["rounds"]))))
    if not rows:
        raise ValueError("no figures in it")
    return rows


def write(found: Mapping[str, Any], long: Mapping[str, Any] | None, known: Mapping[str, Limit], template: str) -> str:
    """Return the page."""
    rows = rows_of(found)
    figures = "\n".join([*found["machine"], "", render(rows), "", str(found.get("ended", ""))]).rstrip()
    parts = {
        "command": f"`{found.get('command', 'python -m tests.bench')}`",
        "figures": f"```\n{figures}\n```",
        "verdicts": verdicts(rows),
        "misses": misses(rows, known),
        "long": long_part(long),
    }
    for name, text in parts.items():
        marker = f"<!-- {name} -->"
        if marker not in template:
            raise ValueError(f"page.md has no {marker}")
        template = template.replace(marker, text)
    return template


def verdicts(rows: Iterable[Row]) -> str:
    """Return how many goals are met and missed, in one sentence. A goal of several lines is met when all of them are."""
    judged: dict[str, list[str]] = {}
    for row in rows:
        if row.verdict != "-":
            judged.setdefault(row.goal, []).append(row.verdict)
    missed = {goal: [text for text in verdicts if text != "PASS"] for goal, verdicts in judged.items()}
    told = [f"{goal} ({'; '.join(map(_amount, found))})" for goal, found in missed.items() if found]
    text = f"{len(judged) - len(told)} of {len(judged)} goals are met"
    return f"{text}; missed: {', '.join(told)}." if told else f"{text}."


def _amount(verdict: str) -> str:
    return verdict.removeprefix("MISS ").removeprefix("MISS: ")


def misses(rows: Iterable[Row], known: Mapping[str, Limit]) -> str:
    """Return, for every goal that is missed, where the time goes, what was tried and what the limit is."""
    out = []
    seen: set[str] = set()
    for row in rows:
        if not row.verdict.startswith("MISS"):
            continue
        out.append(f"### {row.goal}: {row.title}\n\n{row.verdict}: {row.ours} against {row.other}.")
        if row.goal in seen:
            continue  # what is known of a goal is told once, under the first of its lines that misses
        seen.add(row.goal)
        limit = known.get(row.goal, Limit())
        told = [("Where it goes", limit.profile), ("What was tried", limit.tried), ("The limit", limit.limit)]
        lines = [f"- **{title}.** {text}" for title, text in told if text]
        out.append("\n".join(lines) if lines else "Nothing is written down about it yet.")
    return "\n\n".join(out) if out else "None."


def long_part(long: Mapping[str, Any] | None) -> str:
    """Return the figures of the long run."""
    if long is None:
        return "It has not been run since it was written."
    text = "\n".join([*long["machine"], "", *long["lines"]])
    return f"![Over time](img/{LONG_PLOT.name})\n\n```\n{text}\n```"


def plot(found: Mapping[str, Any]) -> str:
    """Return the plot of all goals."""
    shown = []
    for row in rows_of(found):
        if row.ratio is None or row.limit is None:
            continue
        shares = [value / row.limit for value in (row.ratio.median, row.ratio.low, row.ratio.high)]
        name = f"{row.goal}  {row.title}"
        shown.append(Bar(name if len(name) <= 44 else name[:43] + "…", *shares))
    return bars("measured, as a multiple of what each goal allows", shown)


def long_plot(long: Mapping[str, Any]) -> str:
    """Return the plot of the long run."""
    panels = [
        Curve(each["name"], each["unit"], [tuple(p) for p in each["points"]], tuple(each["slope"]), each["remark"])
        for each in long["curves"]
    ]
    return curves(long["title"], panels)


def main() -> int:
    """Write what can be written and say which files."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.page", description="Write docs/performance.md from figures.")
    parser.add_argument("file", type=Path, nargs="?", default=FIGURES, help="what python -m tests.bench --json wrote")
    parser.add_argument("--long", type=Path, default=LONG_FIGURES, help="what python -m tests.bench.long --json wrote")
    args = parser.parse_args()
    try:
        found = json.loads(args.file.read_text())
        page = write(found, long := _read(args.long), limits(), TEMPLATE.read_text())
    except (OSError, ValueError, KeyError) as error:
        parser.error(f"{args.file}: {error}")
    written = {PAGE: page, FIGURES: _text(found), PLOT: plot(found)}
    if long is not None:
        written |= {LONG_FIGURES: _text(long), LONG_PLOT: long_plot(long)}
    for path, text in written.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        print(path.relative_to(ROOT))
    return 0


def _read(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text()) if path.exists() else None


def _text(found: Mapping[str, Any]) -> str:
    return json.dumps(found, indent=1) + "\n"


if __name__ == "__main__":
    sys.exit(main())
