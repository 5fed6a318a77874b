"""Draw the kept pictures of the trading screen again, and take its likenesses anew, after having looked at them:

python -m tests.ui.update_snapshots
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.ui.likeness.__main__ import everything
from tests.ui.likeness.kept import written
from tests.ui.likeness.take import FOLDER as LIKENESSES
from tests.ui.pictures_of_screens import CASES, FOLDER, draw, name_of


def main() -> None:
    """Write every picture and every likeness, and say which changed."""
    FOLDER.mkdir(exist_ok=True)
    for theme, size in CASES:
        file = FOLDER / name_of(theme, size)
        before = file.read_text() if file.exists() else ""
        with tempfile.TemporaryDirectory() as folder:
            svg = asyncio.run(draw(Path(folder), theme, size))
        if svg != before:
            file.write_text(svg)
            sys.stdout.write(f"changed: {file}\n")
    likenesses = written(asyncio.run(everything()))
    for file in set(LIKENESSES.glob("*/*.txt")) - likenesses.keys():
        file.unlink()
    for file, text in likenesses.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_text() != text:
            file.write_text(text)
            sys.stdout.write(f"changed: {file}\n")


if __name__ == "__main__":
    main()
