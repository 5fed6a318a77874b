"""Kinds of configuration values: how each is read from TOML or from text, bounded, and written back.

A key knows nothing of its name, section or file; a value that cannot be used raises ValueError with words that follow "must be".
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from tui_trader.core.decimals import plain
from tui_trader.core.sanitise import sanitise

T = TypeVar("T")

_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?\Z", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,18}\Z", re.ASCII)
_MOST_DIGITS = 18
"""Digits allowed before and after the decimal point."""

_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}))*|\[::1\])\Z", re.ASCII)
_PATH = re.compile(r"(?:/[A-Za-z0-9_-]+)*/?\Z", re.ASCII)

LOOPBACK = frozenset({"127.0.0.1", "::1"})
"""Hosts of this machine; ``localhost`` is not among them because a resolver decides what it means."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Key(ABC, Generic[T]):
    """One configuration value: what it means, what it may be, and what it is when nobody says."""

    doc: str
    """What it does, in one or two sentences."""
    default: T
    unit: str = ""
    """Unit of the value, as a trader reads it; empty when it has none."""

    @abstractmethod
    def read(self, raw: object) -> T:
        """Return the value of what TOML held. Raises ValueError, worded to follow "must be"."""

    def read_text(self, text: str) -> T:
        """Return the value of a word from a flag or the environment. Raises ValueError likewise."""
        return self.read(text)

    @abstractmethod
    def write(self, value: T) -> str:
        """Return the value as TOML."""

    @property
    @abstractmethod
    def domain(self) -> str:
        """What it may be, in words that follow "must be"."""

    def _no(self, raw: object) -> ValueError:
        return ValueError(f"{self.domain}, not {shown(raw)}")


class ElementError(ValueError):
    """One value of a list cannot be used; ``index`` says which, counted from zero."""

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.index = index


def shown(raw: object) -> str:
    """Return a value from a file as it may be printed: short, one line, nothing that a terminal would obey."""
    if isinstance(raw, bool):
        return str(raw).lower()
    if isinstance(raw, str):
        return f'"{sanitise(raw, 40)}"'
    if isinstance(raw, dict):
        return "a section"
    if isinstance(raw, list):
        return "a list"
    return sanitise(str(raw), 40)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Flag(Key[bool]):
    """True or false."""

    @property
    def domain(self) -> str:
        return "true or false"

    def read(self, raw: object) -> bool:
        if not isinstance(raw, bool):
            hint = " (without quotes)" if isinstance(raw, str) and raw.lower() in ("true", "false") else ""
            raise ValueError(f"{self._no(raw)}{hint}")
        return raw

    def read_text(self, text: str) -> bool:
        return self.read({"true": True, "false": False}.get(text.strip().lower(), text))

    def write(self, value: bool) -> str:
        return str(value).lower()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Whole(Key[int]):
    """A whole number within bounds, both included."""

    low: int
    high: int

    @property
    def domain(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def read(self, raw: object) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int) or not self.low <= raw <= self.high:
            raise self._no(raw)
        return raw

    def read_text(self, text: str) -> int:
        word = text.strip()
        return self.read(int(word) if _WHOLE.match(word) else text)

    def write(self, value: int) -> str:
        return str(value)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Amount(Key[Decimal]):
    """An exact number within bounds; as TOML an integer, a fraction, or either in quotes."""

    low: Decimal
    high: Decimal
    open_low: bool = False
    """Whether the lower bound itself is excluded."""

    @property
    def domain(self) -> str:
        high = plain(self.high)
        return (
            f"a number above {plain(self.low)}, at most {high}" if self.open_low else f"a number from {plain(self.low)} to {high}"
        )

    def read(self, raw: object) -> Decimal:
        value = exact(raw)
        if value is None or not self.low <= value <= self.high or (self.open_low and value == self.low):
            raise self._no(raw)
        return value

    def write(self, value: Decimal) -> str:
        return f'"{plain(value)}"'


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Seconds(Key[float]):
    """A duration: the only kind of number that may be a float."""

    low: float
    high: float

    @property
    def domain(self) -> str:
        return f"a number from {self.low:g} to {self.high:g}"

    def read(self, raw: object) -> float:
        value = exact(raw)
        if value is None or isinstance(raw, str) or not self.low <= value <= self.high:
            raise self._no(raw)
        return float(value)

    def read_text(self, text: str) -> float:
        value = exact(text.strip())
        return self.read(text if value is None else value)

    def write(self, value: float) -> str:
        return repr(value)


C = TypeVar("C", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Choice(Key[C]):
    """One of a few words."""

    words: type[C]

    @property
    def domain(self) -> str:
        return "one of " + ", ".join(f'"{word}"' for word in self.words)

    def read(self, raw: object) -> C:
        if not isinstance(raw, str) or raw not in tuple(self.words):
            raise self._no(raw)
        return self.words(raw)

    def write(self, value: C) -> str:
        return f'"{value}"'


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Name(Key[str]):
    """A short word out of a restricted alphabet."""

    pattern: str
    meaning: str
    """The pattern in words that follow "must be"."""

    @property
    def domain(self) -> str:
        return self.meaning

    def read(self, raw: object) -> str:
        if not isinstance(raw, str) or not re.fullmatch(self.pattern, raw, re.ASCII):
            raise self._no(raw)
        return raw

    def write(self, value: str) -> str:
        return f'"{value}"'


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Many(Key[tuple[T, ...]]):
    """A list of between ``least`` and ``most`` values of one kind; as text, separated by commas."""

    element: Key[T]
    least: int
    most: int
    distinct: bool = False
    """Whether a value may stand only once."""

    @property
    def domain(self) -> str:
        count = str(self.least) if self.least == self.most else f"{self.least} to {self.most}"
        return f"a list of {count} values, each {self.element.domain}"

    def read(self, raw: object) -> tuple[T, ...]:
        return self._all(raw, self.element.read)

    def read_text(self, text: str) -> tuple[T, ...]:
        return self._all([word.strip() for word in text.split(",")], self.element.read_text)

    def _all(self, raw: object, read: Callable[[Any], T]) -> tuple[T, ...]:
        if not isinstance(raw, list | tuple):
            raise self._no(raw)
        if not self.least <= len(raw) <= self.most:
            raise ValueError(f"{self.domain}; it has {len(raw)}")
        values: list[T] = []
        for index, one in enumerate(raw):
            try:
                value = read(one)
            except ValueError as error:
                raise ElementError(str(error), index) from None
            if self.distinct and value in values:
                raise ElementError(f"{self.domain}, none of them twice", index)
            values.append(value)
        return tuple(values)

    def write(self, value: tuple[T, ...]) -> str:
        return "[" + ", ".join(self.element.write(one) for one in value) + "]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Address(Key[str]):
    """Where a venue is reached, or nothing; encrypted unless it is this machine."""

    secure: str
    """Scheme with TLS, e.g. ``https``."""
    bare: str
    """Its sibling without, allowed for this machine only."""
    paths: bool = False
    """Whether a path may follow the host."""

    @property
    def domain(self) -> str:
        return f'"" or an address like {self.secure}://host.example'

    def read(self, raw: object) -> str:
        if raw == "":
            return ""
        if not isinstance(raw, str):
            raise self._no(raw)
        fault = self._fault(raw)
        if fault:
            # The address itself is not repeated: it may carry a password.
            raise ValueError(f"{self.domain}; it {fault}")
        return raw

    def _fault(self, raw: str) -> str:
        try:
            parts = urlsplit(raw)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return "is not an address"
        if "@" in raw:
            return "carries a user name or a password"
        if not raw.isascii() or any(char <= " " or char in '\\%?#"<>' for char in raw):
            return "holds a character that has no place in it"
        if parts.scheme not in (self.secure, self.bare):
            return f"begins with neither {self.secure}:// nor {self.bare}://"
        bracketed = f"[{host}]" if ":" in host else host
        if not _HOST.match(bracketed) or parts.netloc.lower() not in (bracketed, f"{bracketed}:{port}") or port == 0:
            return "has no usable host and port"
        if not _PATH.match(parts.path) or (parts.path not in ("", "/") and not self.paths):
            return "has a path, and requests bring their own" if not self.paths else "has an unusual path"
        if parts.scheme == self.bare and host not in LOOPBACK:
            return f"is not encrypted: {self.bare}:// is for 127.0.0.1 and [::1] only"
        return ""

    def write(self, value: str) -> str:
        return f'"{value}"'


def is_loopback(address: str) -> bool:
    """Whether an address that an Address key accepted is this machine's own."""
    return urlsplit(address).hostname in LOOPBACK


def exact(raw: object) -> Decimal | None:
    """Return a finite number of reasonable length, or None; booleans are not numbers."""
    if isinstance(raw, str):
        return Decimal(raw) if _NUMBER.match(raw) else None
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        return None
    if isinstance(raw, int):
        return Decimal(raw) if abs(raw) < 10**_MOST_DIGITS else None
    if not raw.is_finite() or raw.adjusted() >= _MOST_DIGITS or int(raw.as_tuple().exponent) < -_MOST_DIGITS:
        return None
    return raw
