"""The trading screen looks as it did when somebody last looked: ``python -m tests.ui.update_snapshots`` keeps new pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.pictures_of_screens import CASES, FOLDER, draw, name_of, words_of


@pytest.mark.parametrize(("theme", "size"), CASES, ids=lambda value: str(value))
async def test_the_screen_looks_as_it_did(tmp_path: Path, theme: str, size: tuple[int, int]) -> None:
    kept = (FOLDER / name_of(theme, size)).read_text()
    drawn = await draw(tmp_path, theme, size)
    assert words_of(drawn) == words_of(kept)
    now = tmp_path / name_of(theme, size)
    now.write_text(drawn)
    assert drawn == kept, f"the words are the same, the picture is not: compare {now} with the one kept"


def test_there_is_no_picture_that_nothing_draws() -> None:
    assert {file.name for file in FOLDER.glob("*.svg")} == {name_of(theme, size) for theme, size in CASES}
