"""Planted bugs: each makes the shipping order path wrong in one way, for as long as its context lasts. The histories must see it.

A suite that finds nothing proves nothing until it has found these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

Plant = Callable[[ExitStack], None]


class Mutant(NamedTuple):
    """One bug and where it was seen."""

    plant: Plant
    seed: int
    """A history that saw it when it was last looked for."""
    venue: str = ""
    """Where alone it can be seen; empty where that is anywhere."""


MUTANTS: dict[str, Mutant] = {}
"""By name: what is wrong."""


def mutant(name: str, seed: int = 0, venue: str = "") -> Callable[[Plant], Plant]:
    """List a planted bug under ``name``."""

    def listed(plant: Plant) -> Plant:
        MUTANTS[name] = Mutant(plant, seed, venue)
        return plant

    return listed


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Have one bug for a while."""
    with ExitStack() as stack:
        MUTANTS[name].plant(stack)
        yield


def swap(stack: ExitStack, owner: Any, name: str, value: Any) -> None:
    """Have an attribute replaced for as long as the bug is there."""
    stack.enter_context(patch.object(owner, name, value))
