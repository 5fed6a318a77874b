"""One class of bad input: what it is called, where it goes in, what must come of it, and generated samples of it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SEED = 20_261_121
"""Samples are drawn with it: every run has the same ones."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    put_in: str
    """The entry points, in words."""
    expected: str
    """What must come of it, in words."""
    cases: Sequence[Any] = ()
    also: tuple[str, ...] = ()
    """Tests elsewhere that hold it, as ``path::name``."""


def rng(name: str) -> random.Random:
    """Return the dice of one class."""
    return random.Random(f"{SEED} {name}")
