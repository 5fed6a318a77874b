"""Which distributions are installed because the program needs them at run time: the direct ones, and what those need."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


def direct() -> list[Requirement]:
    """Return the run-time requirements that ``pyproject.toml`` names."""
    return [Requirement(line) for line in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]]


def named(name: str) -> str:
    """Return a distribution's name as all write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def closure() -> dict[str, str]:
    """Return everything that is needed at run time here, by name, with the installed version.

    Raises PackageNotFoundError when something of it is not installed.
    """
    found: dict[str, str] = {}
    waiting = [(one, frozenset(one.extras)) for one in direct() if one.marker is None or one.marker.evaluate()]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted, extras = waiting.pop()
        if (named(wanted.name), extras) in seen:
            continue
        seen.add((named(wanted.name), extras))
        try:
            one = distribution(wanted.name)
        except PackageNotFoundError:
            raise PackageNotFoundError(f"{wanted.name} is needed and not installed") from None
        found[named(wanted.name)] = one.version
        for text in one.requires or ():
            needed = Requirement(text)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                waiting.append((needed, frozenset(needed.extras)))
    return dict(sorted(found.items()))
