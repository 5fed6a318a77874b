"""The venues there are: those of this package, and those that other packages bring.

A venue is an entry point of the group ``tui_trader.venues`` that names a Venue value. It is loaded when it is asked for, so
that one that does not import breaks nobody else. It must not know any venue beyond where its value lives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

from tui_trader.core.error import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from tui_trader.venues.base import Venue

GROUP: Final = "tui_trader.venues"

FIRST_PARTY: Final = {
    "mexc": "tui_trader.venues.mexc:MEXC",
    "paradex": "tui_trader.venues.paradex:PARADEX",
    "phemex": "tui_trader.venues.phemex:PHEMEX",
}
"""Found even where the package runs from a checkout, without installed metadata; they win over others of the same name."""


def names(found: Callable[[], Iterable[EntryPoint]] | None = None) -> list[str]:
    """Return the names of all venues, sorted. ``found`` stands in for the installed entry points in tests."""
    return sorted({*FIRST_PARTY, *(point.name for point in (found or _installed)())})


def load(name: str, found: Callable[[], Iterable[EntryPoint]] | None = None) -> Venue:
    """Return a venue by name; raises UsageError, with the names there are, when there is none or it does not load."""
    from tui_trader.venues.base import Venue  # late: the names alone are needed long before any venue is

    if name in FIRST_PARTY:
        module, _, attribute = FIRST_PARTY[name].partition(":")
        value: object = getattr(import_module(module), attribute)
    else:
        point = next((point for point in (found or _installed)() if point.name == name), None)
        if point is None:
            raise UsageError(f"no venue is called {name!r}; there are: {', '.join(names(found))}")
        try:
            value = point.load()
        except (ImportError, AttributeError) as error:
            raise UsageError(f"venue {name!r} ({point.value}) does not load: {error}") from error
    if not isinstance(value, Venue):
        raise UsageError(f"venue {name!r} is not a Venue but {type(value).__name__}")
    return value


def load_chosen(name: str, choices: Mapping[str, object]) -> Venue:
    """Return a venue built with what a trader chose, by name; one that leaves no choice is what it is. Raises as ``load``."""
    venue = load(name)
    return venue if venue.choose is None else venue.choose(**choices)


def _installed() -> Iterable[EntryPoint]:
    from importlib.metadata import entry_points  # late: with what reads archives and mail it costs a twentieth of the start

    return entry_points(group=GROUP)
