"""The program's own log file: crashes and broken panes, never frames, headers or bodies."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

MAX_BYTES = 1_000_000
KEPT = 3


def start_log(directory: Path) -> Path:
    """Write the ``tui_trader`` loggers to a rotating file in ``directory``, private to the user; return its path."""
    path = directory / "tui-trader.log"
    sink = RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8", delay=True)
    sink.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("tui_trader")
    logger.addHandler(sink)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return path
