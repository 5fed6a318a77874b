"""The program's own log file: crashes and broken panes, never frames, headers or bodies.

Lines are clean before they come here (see ``process``). What other libraries warn of goes here too: on standard error it would
stand in the middle of the picture.
"""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from tui_trader.cli.process import enable_faults

MAX_BYTES = 1_000_000
KEPT = 3

FAULTS = "faults.log"


def start_log(directory: Path) -> Path:
    """Write the ``tui_trader`` loggers, and warnings of others, to a rotating file in ``directory``, private to the user.

    Returns its path. Where the program was when native code failed goes to ``faults.log`` beside it.
    """
    path = directory / "tui-trader.log"
    sink = RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8", delay=True)
    sink.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("tui_trader")
    logger.addHandler(sink)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    others = logging.getLogger()
    others.addHandler(sink)
    others.setLevel(logging.WARNING)
    enable_faults(directory / FAULTS)
    return path
