"""Holds every screen and pane at every size in every theme against what was kept; the test run takes fewer.

python -m tests.ui.likeness
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.ui.likeness.kept import Kept
from tests.ui.likeness.take import Taken, sittings, take


async def everything(whole: bool = True) -> list[Taken]:
    """Take all likenesses."""
    found: list[Taken] = []
    for sitting in sittings(whole):
        with tempfile.TemporaryDirectory() as folder:
            found += await take(sitting, Path(folder))
    return found


def main() -> int:
    """Say what differs; return 1 where something does."""
    kept, wrong = Kept(), 0
    taken = asyncio.run(everything())
    for one in taken:
        if lines := kept.differences(one):
            wrong += 1
            print(f"{one.file} {one.size} {one.theme}:", *lines, sep="\n")
    print(f"{len(taken)} likenesses, {wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
