"""Named fields of one JSON object, read strictly: what is not what its name says raises, and costs the row that it is in.

It must not know any venue. Each has a ``Row`` of its own that adds what is particular to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from tui_trader.core.decimals import ZERO, from_wire
from tui_trader.core.error import WireError
from tui_trader.core.sanitise import is_symbol, sanitise

MAX_ID: Final = 64

_MOST = 1 << 64


class Fields:
    """Reads fields by name; the first name that is there wins. Absent, null and empty text are the same."""

    __slots__ = ("_fields",)

    def __init__(self, raw: object) -> None:
        """Raise WireError for anything but an object."""
        if type(raw) is not dict and not isinstance(raw, Mapping):
            raise WireError(f"not an object: {raw!r:.40}")
        self._fields: Mapping[str, Any] = raw

    def raw(self, *names: str) -> Any:
        """Return the first field that is there, as it is; None where there is none."""
        for name in names:
            value = self._fields.get(name)
            if value is not None and value != "":
                return value
        return None

    def text(self, *names: str) -> str:
        """Return a string; empty where there is none."""
        value = self.raw(*names)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise WireError(f"{names[0]} is not text: {value!r:.40}")
        return value

    def identity(self, *names: str) -> str:
        """Return an id, safe to show and to send back; empty where there is none."""
        value = self.text(*names)
        if len(value) > MAX_ID or value != sanitise(value, MAX_ID + 1):
            raise WireError(f"{names[0]} is not an id")
        return value

    def symbol(self, name: str = "symbol") -> str:
        """Return the symbol in the venue's letter case."""
        value = self.text(name)
        if not is_symbol(value):
            raise WireError(f"not a {name}: {sanitise(value)!r}")
        return value

    def number(self, *names: str) -> Decimal | None:
        """Return an exact number, None where there is none."""
        value = self.raw(*names)
        return None if value is None else from_wire(value)

    def amount(self, *names: str) -> Decimal:
        """Return an exact number; zero where there is none."""
        value = self.number(*names)
        return ZERO if value is None else value

    def price(self, *names: str) -> Decimal | None:
        """Return a price; None where none is set, which is written as zero, empty or not at all."""
        value = self.number(*names)
        if value is not None and value < 0:
            raise WireError(f"{names[0]} is negative")
        return value or None

    def whole(self, *names: str) -> int:
        """Return a whole number (times, sequences, codes), which may come as text; zero where there is none."""
        value = self.raw(*names)
        if value is None:
            return 0
        if isinstance(value, str) and len(value) <= 20 and value.isascii() and value.isdigit():
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= _MOST:
            raise WireError(f"{names[0]} is not a whole number: {value!r:.40}")
        return value
