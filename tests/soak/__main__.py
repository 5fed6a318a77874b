"""``python -m tests.soak --hours 1``, ``--minutes 5``, ``--stall 10m`` or ``--endings``: long runs of the installed program.

Prints progress on stderr, a table with sparklines and a verdict at the end, and writes every reading to a JSON file.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.e2e.conftest import Installation, Shell
from tests.e2e.endings import ENDINGS, STATES, try_all
from tests.soak.figures import LATE_P99_MS, Sample, as_rows, growth, sparkline
from tests.soak.run import CONTROL, Outcome, Run
from tests.soak.stall import stall
from tui_trader.sim.launch import VENUES


def main() -> int:
    """Run for as long as was asked and judge; 1 when anything grew, failed or disagreed."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--hours", type=float, metavar="N")
    length.add_argument("--minutes", type=float, metavar="N", help="default 5")
    length.add_argument("--stall", type=_duration, metavar="TIME", help="do not read a terminal for 60s, 10m or 2h")
    length.add_argument("--endings", action="store_true", help="end the program in every way in every state of the screen")
    parser.add_argument("--venue", choices=VENUES, default="phemex", help="at whose mask (default: phemex); not for --stall")
    parser.add_argument("--every", type=float, default=20.0, metavar="SECONDS", help="between two faults (default 20; 0: none)")
    parser.add_argument("--sample", type=float, metavar="SECONDS", help="between two readings (default 60, less in short runs)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--out", type=Path, default=Path("soak.json"), metavar="FILE", help="where the readings go (default soak.json)"
    )
    args = parser.parse_args()
    seconds = args.hours * 3600 if args.hours else (args.minutes or 5) * 60
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        say(f"seed {args.seed}; installing …")
        installed = Installation.build(folder)
        if args.endings:
            return _end_all(installed, folder)
        if args.stall:
            return _stall(installed, folder, args.stall)
        return soak(installed, folder, seconds, args)


def _duration(text: str) -> float:
    number, unit = (text[:-1], text[-1]) if text[-1:].isalpha() else (text, "s")
    return float(number) * {"s": 1, "m": 60, "h": 3600}[unit]


def _stall(installed: Installation, folder: Path, seconds: float) -> int:
    say(f"a terminal that nobody reads, {seconds:g} s …")
    figures = stall(installed, folder, seconds)
    print("\n".join(figures.lines()))
    return 1 if figures.problems else 0


def _end_all(installed: Installation, folder: Path) -> int:
    pairs = [(state, how) for state in STATES for how in ENDINGS]
    failures = try_all(installed, folder, pairs, say)
    print("\n".join(failures))
    print(f"{len(pairs)} endings, {len(failures)} not as they must be")
    return 1 if failures else 0


def soak(installed: Installation, folder: Path, seconds: float, args: argparse.Namespace) -> int:
    """Trade at an exchange that misbehaves, and watch what grows."""
    shell = Shell(installed, folder)
    every = args.sample or min(60.0, seconds / 20)
    due = every
    with ExitStack() as stack:
        run = Run(shell, folder, stack, every_s=args.every, seed=args.seed, venue=args.venue)
        while run.passed_s < seconds and run.alive:
            run.turn()
            if run.passed_s >= due:
                due += every
                say(_line(run.passed_s, seconds, run.sample(), run.outcome))
            time.sleep(0.2)
        outcome = run.end()
    args.out.write_text(json.dumps({"venue": args.venue, **document(outcome, args.seed, seconds)}, indent=1) + "\n")
    print(table(outcome))
    print(f"every reading: {args.out}")
    return 1 if outcome.problems else 0


def _line(passed_s: float, seconds: float, found: dict[str, Sample], outcome: Outcome) -> str:
    parts = [
        f"{name} {one.rss_mb:.1f} MB {one.fds} fds {one.threads} thr {one.tasks} tasks p99 {one.p99_ms} max {one.max_ms} ms"
        for name, one in found.items()
    ]
    wrong = f"{outcome.faults.total()} faults, {outcome.counts.get('commands', 0)} commands, {len(outcome.problems)} problems"
    return f"{passed_s / 60:6.1f} of {seconds / 60:g} min  {'  |  '.join(parts)}  |  {wrong}"


def document(outcome: Outcome, seed: int, seconds: float) -> dict[str, object]:
    """Return a run as one JSON object."""
    return {
        "seed": seed,
        "seconds": seconds,
        "problems": outcome.problems,
        "faults": dict(outcome.faults),
        "counts": outcome.counts,
        "typed": outcome.typed,
        "orders_at_the_exchange": outcome.exchange_orders,
        "samples": {name: as_rows(samples) for name, samples in outcome.samples.items()},
    }


def table(outcome: Outcome) -> str:
    """Return the figures of a run for a person."""
    lines = [f"{'':10} {'':8} {'floor, early':>12} {'late':>8} {'by':>8}"]
    for name, samples in outcome.samples.items():
        for field, unit in (("rss_mb", "MB"), ("fds", ""), ("threads", ""), ("tasks", "")) if name != CONTROL else ():
            values = [getattr(sample, field) for sample in samples]
            grown = growth(values)
            lines.append(
                f"{name:10} {field:8} {grown.before:>12g} {grown.after:>8g} {grown.by:>+8.4g} {unit:3} {sparkline(values)}"
            )
        for field in ("p99_ms", "max_ms"):
            values = [getattr(sample, field) for sample in samples]
            lines.append(f"{name:10} {field:8} {min(values):>12g} {max(values):>8g} {'':8} ms  {sparkline(values)}")
        late = sum(sample.p99_ms >= LATE_P99_MS for sample in samples)
        busy = samples[-1].cpu_s / max(1.0, samples[-1].at_s)
        lines.append(f"{name:10} processor {busy:.1%}; loop lag p99 >= {LATE_P99_MS} ms in {late} of {len(samples)} readings")
    lines.append("faults     " + ", ".join(f"{name} {count}" for name, count in sorted(outcome.faults.items())))
    lines.append("desk       " + ", ".join(f"{name} {count}" for name, count in sorted(outcome.counts.items())))
    lines.append(f"orders     {outcome.exchange_orders} at the exchange; {outcome.typed} times typed at the terminal")
    lines += [f"PROBLEM    {text}" for text in outcome.problems]
    lines.append("verdict    " + (f"{len(outcome.problems)} problems" if outcome.problems else "nothing grew, nothing failed"))
    return "\n".join(lines)


def say(text: str) -> None:
    """Report progress."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
