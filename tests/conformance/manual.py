"""The capability table of a venue's manual, made of what the venue says that it can do and of the numbered cases that play it.

``python -m tests.conformance --manual`` prints it; a test holds ``docs/venues/phemex.md`` against it.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.families import families, offers
from tests.conformance.table import Spec, specs
from tui_trader.core.types import OrderType, TimeInForce, TriggerSource

_SETTINGS = {
    "amend": "change an order in place",
    "amend_waiting": "change in place what an order waits for",
    "resize_waiting": "change in place the size of an order that waits",
    "whole_exits": "a stop or a target over a whole position, however large by then",
    "hedge": "a long and a short leg (hedged mode)",
    "attached_exits": "target and stop attached to an entry",
    "attached_to_more": "target and stop attached to an entry that adds to a position",
    "attached_limits": "attached exits at a limit price",
    "isolated": "positions backed by margin of their own (isolated)",
    "assign_margin": "margin of an isolated position",
    "risk_limit": "risk limit of a position",
    "transfers": "transfers between wallet and trading account",
    "together": "several new orders in one request",
    "cancel_on_disconnect": "cancel orders when the connection is lost",
}

_GENERAL = (
    ("connect and reconcile", range(1, 10)),
    ("cancel one, several, all of both kinds, panic", range(24, 30)),
    ("partial fills and refusals", range(40, 45)),
    ("reduce-only", range(45, 50)),
    ("leverage", (80, 82)),
    ("lost answers, duplicates, too many requests", range(90, 100)),
    ("orders and trades from elsewhere", range(100, 102)),
    ("funding and liquidation", (102, 103, 105)),
    ("history in pages", range(110, 120)),
)
"""What every family does: a title, and the numbers of its cases."""


def capability_table(venue: str = "phemex") -> str:
    """Return the table of a venue as Markdown."""
    columns = [one for one in families() if one.ground.id.venue == venue]
    lines = [
        "| capability | " + " | ".join(one.name.removeprefix(f"{venue} ") for one in columns) + " | cases |",
        "|---" * (len(columns) + 2) + "|",
    ]
    for title, need in _needs():
        offered = ["yes" if offers(one.capabilities, need) else "no" for one in columns]
        lines.append(f"| {title} | {' | '.join(offered)} | {_numbers(spec for spec in specs() if need in spec.capabilities)} |")
    for title, which in _GENERAL:
        numbers = _numbers(spec for spec in specs() if int(spec.number[3:]) in which)
        lines.append(f"| {title} | {' | '.join('yes' for _ in columns)} | {numbers} |")
    return "\n".join(lines) + "\n"


def _needs() -> Iterator[tuple[str, str]]:
    for kind in OrderType:
        yield f"{kind.value.replace('_', ' ')} orders", f"type {kind.value}"
    for tif in TimeInForce:
        if tif is not TimeInForce.GTC:
            yield (
                f"{tif.value.replace('_', '-').upper() if len(tif.value) == 3 else tif.value.replace('_', '-')}",
                f"tif {tif.value}",
            )
    yield "orders that wait for a better price may open", "opens touched"
    for source in TriggerSource:
        yield f"triggered by the {source.value} price", f"trigger {source.value}"
    for need, title in _SETTINGS.items():
        yield title, need


def _numbers(chosen: Iterator[Spec]) -> str:
    numbers = [spec.number.removeprefix("TC-") for spec in chosen]
    return ", ".join(numbers) if numbers else "–"
