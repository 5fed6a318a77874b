"""Entry point of ``tui-trader`` and of ``python -m tui_trader``."""

from __future__ import annotations

import sys

from tui_trader.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
