"""How a key of the configuration is written as the field of a section, and what several sections share."""

from __future__ import annotations

from dataclasses import field
from decimal import Decimal
from typing import TypeVar

from tui_trader.core.decimals import ZERO
from tui_trader.desk.key import Amount, Key

T = TypeVar("T")

PLAIN_NAME = r"[a-z0-9][a-z0-9_-]{0,31}"
PLAIN_NAME_WORDS = "1 to 32 small letters, digits, - and _"
HOST = r"usual|[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,4}"
MOST_MONEY = Decimal(100_000_000)


def key(meant: Key[T]) -> T:
    """Return the field of a key."""
    return field(default=meant.default, metadata={"key": meant})


def money(default: int, doc: str) -> Decimal:
    """Return the field of an amount of money."""
    return key(Amount(default=Decimal(default), doc=doc, unit="USD or equivalent", low=ZERO, high=MOST_MONEY, open_low=True))


def percent(default: str, doc: str, low: str, high: str) -> Decimal:
    """Return the field of a percentage."""
    return key(Amount(default=Decimal(default), doc=doc, unit="percent", low=Decimal(low), high=Decimal(high)))
