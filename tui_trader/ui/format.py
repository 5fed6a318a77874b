"""Numbers to text: the same value always takes the same form, and a column never jumps.

Money comes in as ``Decimal`` and is never a float. Nothing here cuts a number in the middle: what does not fit loses
precision in the open (``1.2M``) or becomes an ellipsis. It must not know widgets, colours or the Store.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

from tui_trader.core.clock import NS
from tui_trader.core.decimals import CONTEXT, ZERO
from tui_trader.ui.mask import MASK

ELLIPSIS = "…"
STALE_MARK = "?"
NOTHING = "--"
"""What stands where there is no value: a number that is not known is never shown as zero."""

_LONGEST_PLAIN = 40
"""Digits before the point past which a number is shown with an exponent: nothing traded is that large."""

_MS = 1_000_000
_CASH = frozenset({"USD", "USDT", "USDC", "EUR", "GBP"})
_UNITS = (("", 0), ("k", 3), ("M", 6), ("B", 9), ("T", 12))


@lru_cache(maxsize=64)
def _step(places: int) -> Decimal:
    return Decimal(1).scaleb(-places)


def number(value: Decimal, places: int, *, signed: bool = False) -> str:
    """Return ``value`` with thousands separators and exactly ``places`` decimals, rounded half up.

    ``signed`` puts a plus before a gain; what rounds to zero carries no sign at all.
    """
    if not value.is_finite() or value.adjusted() > _LONGEST_PLAIN:
        return f"{value:.3E}"
    return _number(value, places, signed)


@lru_cache(maxsize=8192)
def _number(value: Decimal, places: int, signed: bool) -> str:
    shown = value.quantize(_step(places), context=CONTEXT)
    if not shown:
        shown = abs(shown)
    text = f"{shown:,f}"
    return f"+{text}" if signed and shown > 0 else text


def percent(value: Decimal | None, places: int = 2, *, signed: bool = True) -> str:
    """Return a percentage with its sign, ``+1.32%``; ``--`` when it is not known."""
    return NOTHING if value is None else f"{number(value, places, signed=signed)}%"


def optional(value: Decimal | None, places: int) -> str:
    """Return a number, or ``--`` when it is not known."""
    return NOTHING if value is None else number(value, places)


def bare(value: Decimal, places: int) -> str:
    """Return a size without a leading zero or trailing zeros, ``.2`` or ``1.25``: for the tightest columns."""
    text = number(value, places)
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text.startswith("0."):
        return text[1:]
    return "-" + text[2:] if text.startswith("-0.") else text


def compact(value: Decimal, width: int = 6, *, signed: bool = False) -> str:
    """Return a magnitude for reading at a glance, ``21.8k``: the most digits that fit in ``width`` cells.

    What is not zero is never shown as zero: then, as when nothing fits, an ellipsis is returned.
    """
    return _compact(value, width, signed)


@lru_cache(maxsize=2048)
def _compact(value: Decimal, width: int, signed: bool) -> str:
    size = value.copy_abs()
    rung = sum(size >= Decimal(1).scaleb(exponent) for _, exponent in _UNITS[1:])
    # Rounding may carry into one digit more (999.99k), which the next unit holds.
    for unit, exponent in _UNITS[rung : rung + 2]:
        for places in (3, 2, 1, 0) if unit else (2, 1, 0):
            text = number(value.scaleb(-exponent), places, signed=signed) + unit
            if len(text) <= width and (not value or any(char in "123456789" for char in text)):
                return text
    return ELLIPSIS


def worth(value: Decimal, width: int = 6, *, signed: bool = False) -> str:
    """Return what the account holds for reading at a glance, unless it is hidden."""
    return MASK.over(compact(value, width, signed=signed))


def fitted(value: Decimal, places: int, width: int) -> str:
    """Return ``value`` in at most ``width`` cells: exact when it fits, then with a unit (``1.25M``), else an ellipsis."""
    text = number(value, places)
    if len(text) <= width:
        return text
    short = compact(value, width)
    return short if len(short) <= width else ELLIPSIS[:width]


def whole_or(text: str, width: int) -> str:
    """Return ``text`` right-aligned in ``width`` cells, or an ellipsis: a number is never cut in the middle."""
    return text.rjust(width) if len(text) <= width else ELLIPSIS[:width].rjust(width)


def on_point(texts: Sequence[str]) -> list[str]:
    """Return ``texts`` padded on the right so that their decimal points lie in one column when right-aligned."""
    tails = [_tail(text) for text in texts]
    longest = max((tail for tail in tails if tail >= 0), default=0)
    return [text if tail < 0 else text + " " * (longest - tail) for text, tail in zip(texts, tails, strict=True)]


def on_one_point(texts: Sequence[str], spare: int = 3) -> list[str]:
    """Return ``texts`` as ``on_point`` does, or as they are where that would cost more than ``spare`` cells.

    Prices of different contracts may differ by seven decimals: a column that lines those up takes the room of three others.
    """
    aligned = on_point(texts)
    cost = max(map(len, aligned), default=0) - max(map(len, texts), default=0)
    return aligned if cost <= spare else list(texts)


def _tail(text: str) -> int:
    """Cells from the decimal point to the end; 0 for a whole number, -1 for something that is not a number."""
    if not any(char.isdigit() for char in text):
        return -1
    _, point, tail = text.partition(".")
    return len(tail) + 1 if point else 0


def stale(text: str, is_stale: bool) -> str:
    """Return ``text`` with ``?`` when it can no longer be trusted and a blank otherwise, so that the width is the same."""
    return text + (STALE_MARK if is_stale else " ")


def money_places(currency: str) -> int:
    """Return the decimals that amounts of a settle currency are shown with: cents, or enough for a coin."""
    if currency in _CASH:
        return 2
    return 6 if currency in ("BTC", "XBT") else 4


def money(value: Decimal | None, currency: str, *, signed: bool = False) -> str:
    """Return an amount of the account, unless it is hidden; coins carry their name (``-0.4100SOL``), cash does not."""
    if value is None:
        return NOTHING
    return MASK.over(cost(value, currency, signed=signed))


def cost(value: Decimal, currency: str, *, signed: bool = False) -> str:
    """Return an amount that is an order's, not the account's: it is never hidden."""
    text = number(value, money_places(currency), signed=signed)
    return text if currency in _CASH else f"{text}{currency}"


def age(ns: int) -> str:
    """Return an age in one unit, at most three characters up to 99 days: ``8s``, ``12m``, ``2h``, ``3d``."""
    seconds = max(0, ns) // NS
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3_600:
        return f"{seconds // 60}m"
    if seconds < 172_800:
        return f"{seconds // 3_600}h"
    return f"{seconds // 86_400}d"


def latency(ns: int | None) -> str:
    """Return a short duration: ``41ms``, ``2.1s``, ``12m``; ``--`` when it was never measured."""
    if ns is None:
        return NOTHING
    if ns < NS:
        return f"{max(0, ns) // _MS}ms"
    if ns < 60 * NS:
        return f"{ns // NS}.{ns % NS // (NS // 10)}s"
    return age(ns)


def brief_latency(ns: int) -> str:
    """Return a duration in at most four characters: ``41ms``, ``0.1s``, ``2.1s``, ``12s``, ``3m``."""
    if ns < NS // 10:
        return f"{max(0, ns) // _MS}ms"
    return latency(ns) if NS <= ns < 10 * NS else f"0.{ns // (NS // 10)}s" if ns < NS else age(ns)


def data_age(ns: int | None) -> str:
    """Return how old a stream is in tenths, ``<0.1s``, ``0.4s``: finer digits would only cost bytes."""
    if ns is None:
        return "never"
    if ns < NS // 10:
        return "<0.1s"
    return f"0.{ns // (NS // 10)}s" if ns < NS else latency(ns)


def countdown(ns: int, *, seconds: bool = True) -> str:
    """Return the time left as ``2:14:09``, or ``2:14`` in hours and minutes; never negative."""
    left = max(0, ns) // NS
    hours, minutes = left // 3_600, left // 60 % 60
    return f"{hours}:{minutes:02d}:{left % 60:02d}" if seconds else f"{hours}:{minutes:02d}"


def byte_rate(per_second: int) -> str:
    """Return bytes per second, ``840B/s``, ``9KB/s`` or ``1.2MB/s`` (powers of ten)."""
    if per_second < 1_000:
        return f"{max(0, per_second)}B/s"
    if per_second < 1_000_000:
        return f"{per_second // 1_000}KB/s"
    return f"{per_second // 1_000_000}.{per_second % 1_000_000 // 100_000}MB/s"


def contracts(value: Decimal, places: int, unit: str) -> str:
    """Return a size as positions show it: ``0.500``, or ``900c`` where it counts contracts."""
    text = number(value, places)
    return f"{text}c" if unit == "c" else text


def imbalance(bid: Decimal, ask: Decimal) -> str:
    """Return how much of the resting size is bid rather than offered, from ``-100%`` to ``+100%``."""
    total = bid + ask
    if total <= ZERO:
        return NOTHING
    return percent(CONTEXT.divide((bid - ask) * 100, total), 0)
