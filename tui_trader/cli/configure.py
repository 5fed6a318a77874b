"""The configuration that a command runs under: file, environment and the command's own flags."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from tui_trader.cli.options import flags_of
from tui_trader.core.error import ConfigError
from tui_trader.desk.config import Config, load
from tui_trader.venues.registry import FIRST_PARTY, names


def configuration(args: argparse.Namespace) -> Config:
    """Load the configuration with the flags of a command laid over it; raises ConfigError with every problem."""
    path = getattr(args, "config", None)
    file = Path(path) if path else None
    try:
        return load(file, os.environ, flags_of(args), venues=FIRST_PARTY)
    except ConfigError:
        # Perhaps the venue is one that another package brings: looking for those takes longer than everything else here.
        return load(file, os.environ, flags_of(args), venues=names())
