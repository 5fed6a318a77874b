"""G14 to G19: the whole cockpit under 1,000 messages/s, against a hand-written program that draws the same cells.

A run with ``inside --frames`` keeps the cells of every frame; ``cockpit_floor`` draws them again, at their times. CPU is that of
the terminal as it is, of the terminal that paints nothing (``inside --blind``), and of the floor: the goal is what the terminal
needs against one that does all the rest and draws by hand. What painting alone needs against drawing alone is told beside it.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from .cockpit import RATE, Cockpit
from .exchange import FLOOR_RATE, STILL
from .feeder import ROOT
from .measure import Ratio, percentile, take_turns
from .pty_probe import Probe, read_together
from .table import Row

SECONDS = 3.0
FRAMES_S = 5.0
TURNS = 6
"""Of each side of G14, whatever the rounds."""

SETTLE_S, TURN_S = 0.6, 1.2
FPS = 20.0
WATCHED_S = 12.0
SLOW_MS = 4.0
CALM_RATE = 100
"""Messages per second of the first claim: a hundred book updates."""

KEY_BYTES = 300.0
KEY_S = 0.17
"""How long a key's bytes are waited for: no multiple of a frame, so that keys come at any time of the clock."""

DOUBTED_S, STILL_S = 7.0, 5.0
"""Until prices that nobody confirms any more are shown as doubted, and how long bytes are counted after that."""

LAG_MS = 5.0
THIN = ((10, 10_000.0), (4, 6_000.0))
"""Frames per second, and bytes per second at most."""

TYPED = {
    "command line": (":", "buy 0.5 @ 97500 sl 96000 tp 99000"),
    "search": ("/", "solusd"),
    "ticket": ("\t\t", "0123456789"),
}
"""What opens a field, and what is typed into it."""


def measure(rounds: int, goals: frozenset[str]) -> list[Row]:
    """Return the rows that are asked for."""
    rows: list[Row] = []
    if goals & {"G14", "G15"}:
        rows += _against_floor()
    if "G16" in goals:
        rows.append(_typing())
    if "G17" in goals:
        rows += [_thin(fps, most) for fps, most in THIN]
        rows += [_still(), _colors()]
    if goals & {"G18", "G19"}:
        rows += _steps()
    return [row for row in rows if row.goal in goals or row.goal == "-"]


def _cpu(probe: Probe, seconds: float) -> tuple[float, int]:
    before = probe.cpu_s()
    taken = probe.read(seconds)
    return (probe.cpu_s() - before) / seconds * 1000, taken


def _against_floor() -> list[Row]:
    """Compare in turns; the two programs that draw by hand run all the time, and their CPU is taken in the same windows."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        count, sent = _record(folder / "frames.json")
        seen = stack.enter_context(_opened())
        blind = stack.enter_context(_opened(inside=["--blind"]))
        blind.begin()
        hand = [
            stack.enter_context(Probe(["-m", "tests.bench.cockpit_floor", str(folder / "frames.json"), word]))
            for word in ("moving", "still")
        ]
        cockpits = {"seen": seen, "blind": blind}
        probes = [seen.probe, blind.probe, *hand]
        for cockpit in cockpits.values():  # what both have not done yet costs more the first time
            cockpit.exchange.set_rate(RATE)
            read_together(probes, 1.5)
            cockpit.exchange.set_rate(FLOOR_RATE)
        nets: list[float] = []

        def side(name: str) -> float:
            cockpits[name].exchange.set_rate(RATE)
            read_together(probes, SETTLE_S)
            before = [probe.cpu_s() for probe in (cockpits[name].probe, *hand)]
            read_together(probes, TURN_S)
            used = [
                (probe.cpu_s() - was) / TURN_S * 1000 for probe, was in zip((cockpits[name].probe, *hand), before, strict=True)
            ]
            cockpits[name].exchange.set_rate(FLOOR_RATE)
            nets.append(used[1] - used[2])
            return used[0]

        sides = take_turns(TURNS, {name: (lambda name=name: side(name)) for name in cockpits})  # type: ignore[misc]
        words = [sys.executable, "-m", "tests.bench.cockpit_floor", str(folder / "frames.json"), "count"]
        least = int(subprocess.run(words, cwd=ROOT, capture_output=True, check=True).stdout)
    fps = count / FRAMES_S
    net = [median(nets)] * TURNS  # the floor draws the same all the time, and its windows are short for its little
    alone = Ratio.of([a - b for a, b in zip(sides["seen"], sides["blind"], strict=True)], net)
    whole = Ratio.of(sides["seen"], [a + b for a, b in zip(sides["blind"], net, strict=True)])
    told = (
        f"{fps:.0f} frames/s; the terminal that paints nothing needs {median(sides['blind']) / 10:.1f} % CPU, drawing by hand"
        f" {median(net) / 10:.2f} %; painting alone / drawing alone {alone.median:.1f} ({alone.low:.1f} to {alone.high:.1f})"
    )
    return [
        Row(
            "G14",
            "cockpit CPU / same feed, drawn by hand",
            f"{median(sides['seen']) / 10:.1f} %",
            f"{(median(sides['blind']) + median(net)) / 10:.1f} %",
            whole,
            1.5,
            told,
        ),
        Row(
            "G15",
            "cockpit bytes / same cells by hand",
            f"{sent / count:.0f} B",
            f"{least / count:.0f} B",
            Ratio((sent / least,)),
            1.25,
            f"{count} frames of {FRAMES_S:.0f} s, {sent / FRAMES_S / 1000:.1f} KB/s",
        ),
    ]


class _opened(ExitStack):
    """A cockpit that is ready, and its end."""

    def __init__(self, *arguments: str, **options: Any) -> None:
        super().__init__()
        self._words = arguments, options

    def __enter__(self) -> Cockpit:  # type: ignore[override]
        super().__enter__()
        arguments, options = self._words
        cockpit = Cockpit(self, *arguments, **options)
        cockpit.open()
        return cockpit


def _record(file: Path) -> tuple[int, int]:
    """Keep the cells of some seconds; return how many frames there were, but the first, and how many bytes came meanwhile."""
    with _opened(inside=["--light", "--frames"]) as cockpit:
        cockpit.exchange.set_rate(RATE)
        cockpit.probe.read(2.0)
        cockpit.begin()
        sent = cockpit.probe.read(FRAMES_S)
        found = cockpit.watched()
    frames = merged([(at, lines) for at, lines in found["frames"]])
    file.write_text(json.dumps({"frames": frames, "pens": found["pens"]}))
    return len(frames) - 1, sent


def merged(frames: list[tuple[float, list[Any]]], fps: float = FPS) -> list[tuple[float, list[Any]]]:
    """Return frames at their times from the first, as one program would draw them that paints ``fps`` times a second.

    The terminal may send what it painted in parts; who draws by hand would draw the sum of them at once.
    """
    first = frames[0][0]
    out: list[tuple[float, list[Any]]] = []
    for at, lines in frames:
        due = math.ceil((at - first) * fps) / fps
        if out and out[-1][0] == due:
            out[-1] = (due, list({line[0]: line for line in (*out[-1][1], *lines)}.values()))
        else:
            out.append((due, lines))
    return out


def _typing() -> Row:
    worst: dict[str, list[int]] = {}
    anyway = 0
    with _opened(inside=["--keys"]) as cockpit:
        probe = cockpit.probe
        cockpit.begin()
        probe.read(1.5)
        for name, (opens, text) in TYPED.items():
            if name == "ticket":
                probe.type("1b")
                probe.read(0.5)
            probe.type(opens)
            probe.read(0.4)
            found = worst.setdefault(name, [])
            for letter in text:
                anyway += probe.read(KEY_S)
                probe.type(letter)
                found.append(probe.read(KEY_S))
            probe.type("\x1b")
            probe.read(0.4)
            probe.type("\x1b")
            probe.read(0.4)
    idle = anyway / sum(map(len, worst.values()))  # a mean: own events come once a second, and not because of a key
    means = {name: sum(found) / len(found) - idle for name, found in worst.items()}
    most = max(means, key=lambda name: means[name])
    told = ", ".join(f"{name} {means[name]:.0f} (most {max(found)})" for name, found in worst.items())
    return Row(
        "G16",
        "bytes a key, the dearest field",
        f"{means[most]:.0f} B",
        f"{KEY_BYTES:.0f} B",
        Ratio((means[most] / KEY_BYTES,)),
        1.0,
        f"with what the key has to say about the line: {told}; {idle:.0f} B that come without a key are taken off",
    )


def _thin(fps: int, most: float) -> Row:
    with _opened("--fps", str(fps)) as cockpit:
        cockpit.exchange.set_rate(CALM_RATE)
        cockpit.probe.read(2.0)
        found = [cockpit.probe.read(2.0) / 2.0 for _ in range(3)]
    return Row(
        "G17",
        f"bytes/s at {fps} fps, {CALM_RATE} messages/s",
        f"{median(found) / 1000:.1f} KB/s",
        f"{most / 1000:.0f} KB/s",
        Ratio(tuple(value / most for value in found)),
        1.0,
    )


def _still() -> Row:
    with _opened() as cockpit:
        cockpit.exchange.set_rate(RATE)
        cockpit.probe.read(2.0)
        cockpit.exchange.set_rate(STILL)
        cockpit.probe.read(DOUBTED_S)
        taken = cockpit.probe.read(STILL_S) / STILL_S
    told = "standing still: what is written is the clock, ages that grow and the figures of the link"
    return Row("-", "cockpit bytes/s, market standing still", f"{taken:.0f} B/s", "", remark=told)


def _colors() -> Row:
    told = {}
    for colors in ("256", "16"):
        with _opened(colors=colors) as cockpit:
            cockpit.exchange.set_rate(RATE)
            cockpit.probe.read(1.5)
            cpu, taken = _cpu(cockpit.probe, SECONDS)
            told[colors] = f"{cpu / 10:.1f} %, {taken / SECONDS / 1000:.1f} KB/s"
    return Row("-", "cockpit in 256 and in 16 colours", told["256"], told["16"])


def _steps() -> list[Row]:
    with _opened(inside=[]) as cockpit:
        cockpit.exchange.set_rate(RATE)
        cockpit.probe.read(3.0)
        seen = cockpit.watch(WATCHED_S)
    own = sorted((cpu for _, cpu, _ in seen["slow"]), reverse=True)
    longest = own[0] if own else SLOW_MS
    late = percentile(seen["lags_ms"], 99)
    offenders = [f"{took:.1f} ms (CPU {cpu:.1f}): {stack[:160]}" for took, cpu, stack in seen["slow"] if cpu > SLOW_MS][:6]
    collected = max((took for _, took in seen["pauses"]), default=0.0)
    return [
        Row(
            "G18",
            f"loop late at {RATE}/s, p99",
            f"{late:.1f} ms",
            f"{LAG_MS:.0f} ms",
            Ratio((late / LAG_MS,)),
            1.0,
            f"{len(seen['lags_ms'])} beats; longest pause of the collector {collected:.1f} ms of CPU",
        ),
        Row(
            "G19",
            f"longest step of the loop at {RATE}/s, CPU",
            f"{longest:.1f} ms",
            f"{SLOW_MS:.0f} ms",
            Ratio((longest / SLOW_MS,)),
            1.0,
            f"{sum(cpu > SLOW_MS for _, cpu, _ in seen['slow'])} of {seen['steps']} steps used more than {SLOW_MS:.0f} ms of CPU,"
            f" {seen['slow_count']} took that long" + "".join(f"; {line}" for line in offenders),
        ),
    ]
