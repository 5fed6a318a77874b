"""The key map of this run: the shipped one that the configuration names, with the trader's own keys over it."""

from __future__ import annotations

from pathlib import Path

from tui_trader.desk.toml_source import read_toml
from tui_trader.ui.action import Action
from tui_trader.ui.actions import ACTIONS
from tui_trader.ui.keyfile import rebound
from tui_trader.ui.scalper import SCALPER


def chosen(name: str, path: Path | None) -> tuple[Action, ...]:
    """Return the actions with their keys; raises ConfigError for a file that is there and does not read."""
    actions = (*ACTIONS, *SCALPER) if name == "scalper" else ACTIONS
    return rebound(actions, read_toml(path)) if path is not None and path.exists() else actions
