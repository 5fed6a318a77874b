"""The table: one line per goal, both sides, the ratio and how it stands to the goal."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from .measure import Ratio

LIBRARIES = ("textual", "rich", "aiohttp", "msgspec", "orjson", "ccxt")


@dataclass(frozen=True, slots=True)
class Row:
    """One goal as measured. ``ratio`` is None for a line that only tells, and for one that was skipped."""

    goal: str
    title: str
    ours: str
    other: str
    ratio: Ratio | None = None
    limit: float | None = None
    """The goal: at most this ratio."""
    remark: str = ""
    unmet: str = ""
    """Why a goal that asks for more than its ratio (an absolute bound) was not met; empty when it was."""

    @property
    def verdict(self) -> str:
        """``PASS``, ``MISS by 12 %``, or a dash where there is no goal."""
        if self.ratio is None or self.limit is None:
            return "-"
        if self.ratio.median > self.limit:
            return f"MISS by {(self.ratio.median / self.limit - 1) * 100:.0f} %"
        return f"MISS: {self.unmet}" if self.unmet else "PASS"


def skipped(goal: str, title: str, why: str) -> Row:
    """Return the line of a goal that could not be measured."""
    return Row(goal, title, "", "", remark=f"skipped: {why}")


def render(rows: Iterable[Row]) -> str:
    """Return the table as text, remarks below it."""
    head = ("goal", "what", "ours", "other", "ratio", "spread", "at most", "verdict")
    lines = [head]
    notes = []
    for row in rows:
        ratio, spread = "-", ""
        if row.ratio is not None:
            ratio = _figure(row.ratio.median)
            if len(row.ratio.values) > 1:
                spread = f"{_figure(row.ratio.low)}-{_figure(row.ratio.high)}"
        limit = "" if row.limit is None else _figure(row.limit)
        lines.append((row.goal, row.title, row.ours, row.other, ratio, spread, limit, row.verdict))
        if row.remark:
            notes.append(f"{row.goal}: {row.remark}")
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    text.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*text, *(["", *notes] if notes else [])])


def machine() -> list[str]:
    """Return lines that say where this was measured."""
    versions = []
    for name in LIBRARIES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{name} not installed")
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return [
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, load {load}",
        f"{platform.python_implementation()} {platform.python_version()}; {', '.join(versions)}",
    ]


def as_json(row: Row) -> dict[str, object]:
    """Return a row as plain values."""
    ratio = row.ratio
    return {
        **asdict(row),
        "ratio": None if ratio is None else {"median": ratio.median, "rounds": list(ratio.values)},
        "verdict": row.verdict,
    }


def _figure(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.2f}"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as info:
            for line in info:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()
