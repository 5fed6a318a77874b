"""Planted errors in what this package is about: each changes one line of the source, and the named tests must notice."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]

_ORDER = ("tests/core/test_order.py", "tests/state")
_BOOK = ("tests/core/test_book.py", "tests/bad/test_stream.py")
_RISK = ("tests/core/test_risk.py", "tests/core/test_venue_rules.py", "tests/bad/test_semantics.py")
_NUMBERS = ("tests/core/test_decimals.py", "tests/bad/test_numbers.py")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One line, as it is and as it must not be."""

    what: str
    path: str
    line: str
    instead: str
    tests: tuple[str, ...]


MUTANTS = (
    Mutant(
        "an order goes back to an earlier status",
        "tui_trader/core/order.py",
        "if RANK[report.status] > RANK[self.status]",
        "if report.status is not self.status",
        _ORDER,
    ),
    Mutant(
        "executed size is what the last report says",
        "tui_trader/core/order.py",
        "filled=max(self.filled, report.filled)",
        "filled=report.filled",
        _ORDER,
    ),
    Mutant(
        "an acknowledgement describes the order",
        "tui_trader/core/order.py",
        "if not report.is_ack:\n            stamps",
        "if True:\n            stamps",
        _ORDER,
    ),
    Mutant("a fill told twice is two fills", "tui_trader/state/blotter.py", "if fill_key in self._fills:", "if False:", _ORDER),
    Mutant(
        "executions end an order whose size is being changed",
        "tui_trader/state/blotter.py",
        " and told.pending is not PendingAction.AMEND",
        "",
        _ORDER,
    ),
    Mutant(
        "an order of ours is dropped as lost and never missed",
        "tui_trader/state/blotter.py",
        "self._overturn(key, told)\n        else",
        "pass\n        else",
        _ORDER,
    ),
    Mutant(
        "a delta of the past is applied",
        "tui_trader/core/book.py",
        "if sequence < self.sequence:\n            if self._joined:",
        "if False:\n            if self._joined:",
        _BOOK,
    ),
    Mutant("a crossed book stays live", "tui_trader/core/book.py", 'self.doubt("crossed")', "pass", _BOOK),
    Mutant("levels below the depth are kept", "tui_trader/core/book.py", "self._truncate(depth)", "pass", _BOOK),
    Mutant(
        "a reduce-only order may be on the wrong side",
        "tui_trader/core/venue_rules.py",
        "elif leg.side is ticket.side:",
        "elif False:",
        _RISK,
    ),
    Mutant(
        "the largest order may be exceeded",
        "tui_trader/core/risk.py",
        "if value > limits.order_notional:",
        "if value > limits.order_notional * 2:",
        _RISK,
    ),
    Mutant(
        "the same order may be sent again at once",
        "tui_trader/core/risk.py",
        "if facts.now_ns - at_ns >= limits.duplicate_s * NS:",
        "if facts.now_ns - at_ns >= 0:",
        _RISK,
    ),
    Mutant(
        "a decimal comma is read as a thousand",
        "tui_trader/core/decimals.py",
        r'r"-?\d{1,3}(,\d{3})+(\.\d*)?\Z"',
        r'r"-?\d+(,\d+)+(\.\d*)?\Z"',
        _NUMBERS,
    ),
    Mutant(
        "a number of any script is a number",
        "tui_trader/core/decimals.py",
        r'_PLAIN = re.compile(r"-?(\d+(\.\d*)?|\.\d+)\Z", re.ASCII)',
        r'_PLAIN = re.compile(r"-?(\d+(\.\d*)?|\.\d+)\Z")',
        _NUMBERS,
    ),
    Mutant("a long number breaks the grid", "tui_trader/core/decimals.py", "prec=2_500", "prec=28", _NUMBERS),
    Mutant(
        "a right-to-left override is shown",
        "tui_trader/core/sanitise.py",
        '{"Cc", "Cf", ',
        '{"Cc", ',
        ("tests/bad/test_strings.py", "tests/core/test_sanitise.py"),
    ),
)


@contextmanager
def checkout() -> Iterator[Path]:
    """Give a copy of the tree in which a line may be wrong."""
    with TemporaryDirectory(prefix="mutants-") as name:
        folder = Path(name) / "tree"
        unneeded = ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info", "dist")
        copytree(ROOT, folder, ignore=unneeded)
        yield folder


def is_noticed(mutant: Mutant, folder: Path) -> bool:
    """Whether the tests of a mutant fail in ``folder`` while it is there; raises ValueError when its line is not found once."""
    path = folder / mutant.path
    source = path.read_text()
    if source.count(mutant.line) != 1:
        raise ValueError(f"{mutant.what}: {mutant.path} has its line {source.count(mutant.line)} times")
    path.write_text(source.replace(mutant.line, mutant.instead))
    try:
        # That it fails is enough: making the failing example small would take minutes.
        options = ["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-profile=unshrunk"]
        words = [sys.executable, "-m", "pytest", *options, *mutant.tests]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    finally:
        path.write_text(source)
    return done.returncode == 1
