"""Every pane and every screen looks as it did when somebody last looked, at three sizes in three themes.

``python -m tests.ui.update_snapshots`` keeps new ones, ``python -m tests.pictures --everything FOLDER`` draws them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.likeness.form import Grid, differences, read, spell
from tests.ui.likeness.kept import Kept
from tests.ui.likeness.scenes import ACTS, SIZES, THEMES, called
from tests.ui.likeness.take import FOLDER, Sitting, sittings, take
from tui_trader.ui.panes.registry import PANES

KEPT = Kept()

NOT_ALONE = {"beside"}
"""Panes that one account alone never has: tests/ui/test_accounts.py shows them."""


def _id(sitting: Sitting) -> str:
    return f"{called(sitting.act)}-{sitting.size[0]}x{sitting.size[1]}-{sitting.theme}"


@pytest.mark.parametrize("sitting", sittings(everything=False), ids=_id)
async def test_it_looks_as_it_did(tmp_path: Path, sitting: Sitting) -> None:
    taken = await take(sitting, tmp_path)
    wrong = {f"{one.file} {one.size} {one.theme}": lines for one in taken if (lines := KEPT.differences(one))}
    assert not wrong, "\n".join(f"{name}:\n" + "\n".join(lines) for name, lines in wrong.items())


def test_every_pane_and_every_screen_is_kept_at_every_size_in_every_theme() -> None:
    panes = {f"panes/{row.slot}.txt" for row in PANES if row.slot not in NOT_ALONE}
    screens = {f"screens/{scene.name}.txt": len(act.sizes) for act in ACTS for scene in act.scenes}
    files = {str(file.relative_to(FOLDER)): read(file.read_text()) for file in FOLDER.glob("*/*.txt")}
    assert files.keys() == panes | screens.keys()
    for name, sizes in files.items():
        # The second ladder has a place on wide screens alone.
        assert len(sizes) == (1 if name == "panes/second.txt" else screens.get(name, len(SIZES))), name
        assert all(list(grids) == list(THEMES) for grids in sizes.values()), name


def test_what_is_written_is_read_again_and_a_cell_is_enough_to_differ() -> None:
    one: Grid = [[("a", "bold #ffffff"), ("b", "plain"), (" ", "plain")], [("c", "plain")] * 3]
    two: Grid = [[(char, style + " on #000000") for char, style in row] for row in one]
    text = spell("two themes", {"3x2": {"dark": one, "light": two}})
    again = read(text)["3x2"]
    assert again == {"dark": one, "light": two}
    other: Grid = [one[0], [("c", "plain"), ("d", "plain"), ("c", "plain")]]
    assert differences(one, other) == ["-ccc\n+cdc"]
    coloured: Grid = [one[0], [("c", "plain"), ("c", "red"), ("c", "plain")]]
    assert differences(one, coloured) == ["row 1 'c': plain was kept, red is drawn"]
    assert differences(one, one) == []
    with pytest.raises(AssertionError, match="other words"):
        spell("themes that say different things", {"3x2": {"dark": one, "light": other}})
