"""Every configuration key: its meaning, unit, bounds and default. One file for each group of sections; a key is one field there.

The example file and the table in the manual are generated from here (``settings_text``). It must not know where values come from.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from tui_trader.desk.key import Key
from tui_trader.desk.settings.feed import Feed
from tui_trader.desk.settings.general import General, Sim
from tui_trader.desk.settings.keeping import Candles, History
from tui_trader.desk.settings.risk import Mode, Risk
from tui_trader.desk.settings.screen import Borders, Confirm, Hangup, Keys, OnHangup, Ui, UpColor
from tui_trader.desk.settings.ticket import Ticket
from tui_trader.desk.settings.venue import MexcBooks, MexcSettings, ParadexSettings, Profile, VenueSettings
from tui_trader.desk.settings.watching import Notify, Watching

__all__ = [
    "KEYS",
    "SECTIONS",
    "Borders",
    "Candles",
    "Confirm",
    "Feed",
    "General",
    "Hangup",
    "History",
    "Keys",
    "MexcBooks",
    "MexcSettings",
    "Mode",
    "Notify",
    "OnHangup",
    "ParadexSettings",
    "Profile",
    "Risk",
    "Settings",
    "Sim",
    "Ticket",
    "Ui",
    "UpColor",
    "VenueSettings",
    "Watching",
    "keys_of",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """All sections; immutable once loaded."""

    general: General = General()
    ui: Ui = Ui()
    ticket: Ticket = Ticket()
    risk: Risk = Risk()
    feed: Feed = Feed()
    hangup: Hangup = Hangup()
    history: History = History()
    candles: Candles = Candles()
    alerts: Watching = Watching()
    sim: Sim = Sim()
    phemex: VenueSettings = VenueSettings()
    """Section ``[venues.phemex]``."""
    mexc: MexcSettings = MexcSettings()
    """Section ``[venues.mexc]``."""
    paradex: ParadexSettings = ParadexSettings()
    """Section ``[venues.paradex]``."""

    def venue(self, name: str) -> VenueSettings:
        """Return the settings of a venue; the defaults for one without a section."""
        return {"phemex": self.phemex, "mexc": self.mexc, "paradex": self.paradex}.get(name, VenueSettings())


SECTIONS: dict[str, type[Any]] = {
    "general": General,
    "ui": Ui,
    "ticket": Ticket,
    "risk": Risk,
    "feed": Feed,
    "hangup": Hangup,
    "history": History,
    "candles": Candles,
    "alerts": Watching,
    "sim": Sim,
    "venues.phemex": VenueSettings,
    "venues.mexc": MexcSettings,
    "venues.paradex": ParadexSettings,
}
"""Section as written in the file -> its dataclass, in the order of the example."""


def keys_of(section: str) -> dict[str, Key[Any]]:
    """Return the keys of a section by name."""
    return {one.name: one.metadata["key"] for one in fields(SECTIONS[section])}


KEYS: dict[str, Key[Any]] = {f"{section}.{name}": key for section in SECTIONS for name, key in keys_of(section).items()}
"""Every key by its dotted name."""
