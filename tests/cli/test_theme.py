"""Themes from the shell: listed, and one of them shown in as many colours as there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Shell
from tui_trader.cli.main import main

NAMES = sorted(file.stem for file in (ROOT / "themes").glob("*.toml"))

SGR = re.compile(r"\x1b\[([0-9;]*)m")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUI_TRADER_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["theme", "preview", *words]) == 0
    return capsys.readouterr().out


def codes(text: str) -> set[str]:
    return {code for found in SGR.findall(text) for code in found.split(";")}


def test_every_theme_is_listed_with_its_own_beside(shell: Shell) -> None:
    mine = shell.home / "themes"
    mine.mkdir()
    (mine / "mine.toml").write_text((ROOT / "themes" / "amber.toml").read_text().replace('name = "amber"', 'name = "mine"'))
    (mine / "broken.toml").write_text("[theme\n")
    ran = shell("theme", "list", "--json")
    assert ran.code == 0
    assert "broken.toml:1" in ran.err
    rows = {row["name"]: row for row in ran.json["themes"]}
    assert sorted(rows) == sorted([*NAMES, "mine"])
    assert [name for name, row in rows.items() if row["configured"]] == ["midnight"]


def test_people_get_a_line_a_theme(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["theme", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(NAMES)
    assert sum(line.startswith("* midnight") for line in lines) == 1
    assert not any("…" in line for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_a_preview_shows_roles_ladder_orders_and_positions(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = SGR.sub("", shown(capsys, name))
    for word in ("BOOK", "ORDERS", "POSITIONS", "67,412.5", "LONG", "SHORT", "NAKED", "entry", "own_bid", "mode_live", name):
        assert word in text, word
    assert max(len(line) for line in text.splitlines()) <= 100


def test_as_many_colours_as_there_are(shell: Shell) -> None:
    """Each in a process of its own: Rich remembers how it wrote a style first."""

    def preview(colors: str) -> str:
        return shell("theme", "preview", "midnight", "--colors", colors).out

    assert "38;2;" in preview("truecolor")
    many = preview("256")
    assert "38;5;" in many
    assert "38;2;" not in many
    few = codes(preview("16"))
    assert few & {str(code) for code in (*range(30, 38), *range(90, 98))}
    assert not few & {"38", "48"}
    assert codes(preview("none")) <= {"", "0", "1", "2", "3", "4", "7", "9"}


def test_no_colour_is_heard(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert codes(shown(capsys)) <= {"", "0", "1", "2", "3", "4", "7", "9"}


def test_rising_may_be_red(capsys: pytest.CaptureFixture[str]) -> None:
    green = shown(capsys, "high-contrast", "--colors", "truecolor")
    red = shown(capsys, "high-contrast", "--colors", "truecolor", "--up", "red")
    up = re.compile(r"\x1b\[([0-9;]*)m up ")
    assert "38;2;51;255;136" in up.findall(green)[0]
    assert "38;2;255;179;179" in up.findall(red)[0]


def test_ascii_has_nothing_else(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(capsys, "mono", "--ascii").isascii()
    monkeypatch.setenv("LANG", "C")
    assert shown(capsys, "mono").isascii()
    monkeypatch.setenv("COLUMNS", "60")
    assert max(len(line) for line in SGR.sub("", shown(capsys, "mono")).splitlines()) <= 60


def test_a_name_that_is_none_gets_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["theme", "preview", "sunset"]) == 2
    assert f"no theme called 'sunset'; there are: {', '.join(NAMES)}" in capsys.readouterr().err
    assert main(["theme", "list", "amber"]) == 2
    assert "theme preview NAME" in capsys.readouterr().err
