"""How the trader wants the screen to behave: what the program is told of its configuration."""

from __future__ import annotations

from dataclasses import dataclass

from tui_trader.desk.settings import Confirm


@dataclass(frozen=True, slots=True)
class Habits:
    """Chosen by the trader, the same for the whole run."""

    confirm: Confirm = Confirm.LARGE
    """Which entries ask once more after Enter, and after the key of an armed one."""
    confirm_reverse: bool = True
    """Whether R shows both legs and waits for Enter, even armed."""
    arm_s: int = 300
    """Seconds for which A lets single keys send."""
