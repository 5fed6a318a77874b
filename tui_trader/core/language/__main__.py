"""``python -m tui_trader.core.language [FILE]``: write the manual of the language, by default to ``docs/language.md``."""

from __future__ import annotations

import sys
from pathlib import Path

from tui_trader.core.language.guide import manual

if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "docs/language.md").write_text(manual(), "utf-8")
