"""How sizes, prices and triggers are spelled."""

from __future__ import annotations

from tui_trader.core.decimals import plain
from tui_trader.core.language.selector import Selector, SelectorKind
from tui_trader.core.language.terms import Offset, Price, Size, SizeUnit, Target, Trail, Trigger


def spell_size(size: Size) -> str:
    """Return the spelling of a size, e.g. ``10%e``."""
    number = plain(size.value)
    match size.unit:
        case SizeUnit.BASE:
            return number
        case SizeUnit.QUOTE:
            return f"${number}"
        case SizeUnit.EQUITY:
            return f"{number}%e"
        case SizeUnit.AVAILABLE:
            return f"{number}%b"
        case SizeUnit.POSITION:
            return f"{number}%p"
        case SizeUnit.RISK_PERCENT:
            return f"r:{number}%"
        case SizeUnit.RISK_QUOTE:
            return f"r:{number}$"
        case SizeUnit.PRESET:
            return f"#{number}"
        case SizeUnit.SAME:
            return "$size"


def spell_price(price: Price) -> str:
    """Return the spelling of a price without ``@``, e.g. ``bid+3t``."""
    base = plain(price.number) if price.number is not None else (price.ref or "")
    return base + (spell_offset(price.offset) if price.offset else "")


def spell_offset(offset: Offset) -> str:
    """Return the spelling of a signed distance, e.g. ``-0.5%``."""
    sign = "-" if offset.value < 0 else "+"
    return f"{sign}{plain(offset.value.copy_abs())}{offset.unit}"


def spell_trigger(trigger: Trigger) -> str:
    """Return the spelling of a trigger, e.g. ``2R:mark``."""
    return _spell_level(trigger) + _spell_limit(trigger)


def spell_trail(trail: Trail) -> str:
    """Return the spelling of a trailing distance, e.g. ``trail 0.6% from 68000``."""
    start = f" from {spell_price(trail.start)}" if trail.start else ""
    return f"trail {plain(trail.distance.value)}{trail.distance.unit}{start}"


def _spell_level(trigger: Trigger) -> str:
    level = f"{plain(trigger.multiple)}R" if trigger.multiple is not None else spell_price(trigger.price or Price())
    return level + (f":{trigger.source}" if trigger.source else "")


def _spell_limit(trigger: Trigger) -> str:
    return f" lim {spell_price(trigger.limit)}" if trigger.limit else ""


def spell_target(target: Target) -> str:
    """Return the spelling of a target, e.g. ``+1%:50%``."""
    portion = "" if target.portion is None else f":{plain(target.portion)}%"
    return _spell_level(target.trigger) + portion + _spell_limit(target.trigger)


def spell_selector(selector: Selector | None) -> str:
    """Return the spelling of a selector; empty for none."""
    if selector is None:
        return ""
    return selector.name if selector.kind is SelectorKind.NAME else str(selector.kind)


def spell_time(seconds: int) -> str:
    """Return the spelling of a time in its largest whole unit, e.g. ``15m``."""
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def spell_at(price: Price | None) -> str:
    """Return the spelling of an order's price; empty for none."""
    return "" if price is None else f"@ {spell_price(price)}"


def quoted(text: str) -> str:
    """Return text in quotes, so that nothing in it ends the statement."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def join(*parts: str) -> str:
    """Put words together with single blanks; empty ones are left out."""
    return " ".join(part for part in parts if part)
