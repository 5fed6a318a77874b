"""Draw the kept pictures of the trading screen again, after having looked at them:

python -m tests.ui.update_snapshots
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.ui.pictures_of_screens import CASES, FOLDER, draw, name_of


def main() -> None:
    """Write every picture and say which changed."""
    FOLDER.mkdir(exist_ok=True)
    for theme, size in CASES:
        file = FOLDER / name_of(theme, size)
        before = file.read_text() if file.exists() else ""
        with tempfile.TemporaryDirectory() as folder:
            svg = asyncio.run(draw(Path(folder), theme, size))
        if svg != before:
            file.write_text(svg)
            sys.stdout.write(f"changed: {file}\n")


if __name__ == "__main__":
    main()
