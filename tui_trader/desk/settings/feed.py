"""When a number is too old to act on, and how market data is read."""

from __future__ import annotations

from dataclasses import dataclass

from tui_trader.desk.key import Seconds, Whole
from tui_trader.desk.settings.field import key


def _stale(default: float, doc: str) -> float:
    return key(Seconds(default=default, doc=doc, unit="seconds", low=0.1, high=120))


@dataclass(frozen=True, slots=True)
class Feed:
    """When a number is too old to act on, and how market data is read."""

    book_stale_s: float = _stale(1.0, "A book not updated for this long is stale: entries against it are refused.")
    mark_stale_s: float = _stale(3.0, "The same for the mark price.")
    private_stale_s: float = _stale(15.0, "Silence on the account's own connection after which it counts as dead.")
    gate_ms: int = key(
        Whole(
            default=10,
            doc="Pause between reads of public market data, which lets messages gather and saves CPU; 0 reads at once."
            " Own orders and fills are never held back.",
            unit="milliseconds",
            low=0,
            high=100,
        )
    )
