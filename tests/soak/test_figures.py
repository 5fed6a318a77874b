"""A leak is seen, and what only comes and goes is not taken for one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from tests.soak.figures import Lateness, Report, Sample, leaks, sparkline


def samples(count: int = 60, **grow: float) -> list[Sample]:
    """Return an hour of readings; ``grow`` says by how much of a figure each minute."""
    rows = []
    for minute in range(count):
        figures = {"rss_mb": 60.0, "fds": 11, "threads": 2, "tasks": 50 + minute % 7 * 3}
        figures |= {name: figures[name] + by * minute for name, by in grow.items()}
        rows.append(Sample(at_s=minute * 60.0, p99_ms=5, max_ms=50, cpu_s=1.0, **figures))  # type: ignore[arg-type]
    return rows


def test_what_comes_and_goes_is_no_leak() -> None:
    assert leaks(samples()) == []


def test_every_leak_is_named() -> None:
    assert [text.split()[0] for text in leaks(samples(rss_mb=0.4, fds=0.1, threads=0.1, tasks=0.2))] == [
        "rss_mb",
        "fds",
        "threads",
        "tasks",
    ]


def test_lateness_counts_beats() -> None:
    late = Lateness(Counter({0: 980, 3: 15, 400: 5}))
    assert (late.percentile(0.5), late.percentile(0.99), late.percentile(0.999), late.most) == (0, 3, 400, 400)


def test_a_report_is_read_as_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "gauge"
    report = Report(path)
    assert report.news().beats == 0
    line = {"at": 1.0, "late_ms": {"0": 99, "7": 1}, "tasks": 5, "keys": [[1.0, "q"]], "failures": ["loop: bad"]}
    path.write_text(json.dumps(line) + "\n" + json.dumps(line)[:20])
    assert report.news().most == 7
    assert (report.tasks, report.keys, report.failures) == (5, [(1.0, "q")], ["loop: bad"])
    assert report.news().beats == 0


def test_a_sparkline_shows_the_shape() -> None:
    assert sparkline([0, 1, 2, 7]) == "▁▂▃█"
    assert len(sparkline([float(value) for value in range(500)])) <= 60
