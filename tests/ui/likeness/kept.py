"""The likenesses that somebody looked at and kept: read, and written anew."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.ui.likeness.form import Grid, differences, read, spell
from tests.ui.likeness.take import FOLDER, Taken


def written(taken: Iterable[Taken]) -> dict[Path, str]:
    """Return the files that hold all of these, in the order of sizes and themes in which they were taken."""
    about: dict[str, str] = {}
    sizes: dict[str, dict[str, dict[str, Grid]]] = {}
    for one in taken:
        about[one.file] = one.about
        sizes.setdefault(one.file, {}).setdefault(one.size, {})[one.theme] = one.grid
    return {FOLDER / file: spell(about[file], grids) for file, grids in sizes.items()}


class Kept:
    """The files as they are; each is read once."""

    def __init__(self) -> None:
        self._read: dict[str, dict[str, dict[str, Grid]]] = {}

    def differences(self, taken: Taken) -> list[str]:
        """Return how what was drawn differs from what was kept."""
        if taken.file not in self._read:
            file = FOLDER / taken.file
            self._read[taken.file] = read(file.read_text()) if file.exists() else {}
        kept = self._read[taken.file].get(taken.size, {}).get(taken.theme)
        return ["nothing was kept of it"] if kept is None else differences(kept, taken.grid)
