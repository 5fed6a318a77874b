"""The watchlist, the alerts and the tape."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tui_trader.core.decimals import ZERO
from tui_trader.desk.key import Amount, Choice, Flag, Many, Name, Whole
from tui_trader.desk.settings.field import MOST_MONEY, key, percent


class Notify(StrEnum):
    """How the terminal is asked to tell the desktop."""

    OFF = "off"
    OSC9 = "osc9"
    OSC777 = "osc777"


@dataclass(frozen=True, slots=True)
class Watching:
    """The watchlist and the alerts."""

    symbols: tuple[str, ...] = key(
        Many(
            default=(),
            doc="Instruments on the watchlist until :watch has changed it; none takes general.symbols.",
            element=Name(default="", doc="", pattern=r"[A-Za-z0-9._-]{1,32}", meaning="a symbol like BTCUSDT"),
            least=0,
            most=100,
            distinct=True,
        )
    )
    bell: bool = key(Flag(default=True, doc="Whether every alert rings the terminal's bell, also one that does not say bell."))
    notify: Notify = key(
        Choice(
            default=Notify.OSC9,
            doc="What shows an alert with say on the desktop: OSC 9 (iTerm2, kitty, WezTerm, Windows Terminal),"
            " OSC 777 (foot, urxvt, Ghostty), or none.",
            words=Notify,
        )
    )
    tmux_passthrough: bool = key(
        Flag(
            default=False,
            doc="Hand that through tmux to the terminal around it; tmux needs allow-passthrough on. Without it nothing is sent"
            " inside tmux.",
        )
    )
    run_programs: bool = key(
        Flag(
            default=False,
            doc="Whether an alert may start the program it names after run. Without a shell, for 10 seconds at most, without"
            " secrets in its environment. Only this file can say so.",
        )
    )
    margin_percent: Decimal = percent(
        "0.1", "How far past its bound a figure has to move back before a repeating alert may fire again.", "0", "50"
    )
    calm_s: int = key(
        Whole(
            default=60, doc="Least time between two firings of a repeating alert on figures.", unit="seconds", low=0, high=86_400
        )
    )
    tape_sizes: tuple[Decimal, ...] = key(
        Many(
            default=tuple(Decimal(value) for value in (1_000, 10_000, 100_000)),
            doc="Steps of the tape's size filter, as values; a trade below the chosen one is left out.",
            unit="quote currency",
            element=Amount(default=ZERO, doc="", low=ZERO, high=MOST_MONEY, open_low=True),
            least=1,
            most=8,
        )
    )
