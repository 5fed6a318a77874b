"""``tui-trader config``: what it prints and how it ends."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from tui_trader.cli import config as command
from tui_trader.desk.settings import KEYS
from tui_trader.desk.settings_text import example, table


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def call(home: Path, *words: str, **environ: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    args = parser.parse_args(["config", *words])
    assert args.run is command.run
    return command.run(args, {"TUI_TRADER_HOME": str(home), **environ})


def test_check_is_content_without_a_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(home, "check") == 0
    assert capsys.readouterr().out == "no configuration file: defaults are in force\n"


def test_check_is_content_with_a_good_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "config.toml").write_text("[ui]\nfps = 5\n")
    assert call(home, "check") == 0
    assert capsys.readouterr().out == f"{home}/config.toml: fine\n"


def test_check_names_every_problem_and_ends_with_one(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = home / "mine.toml"
    file.write_text("[ui]\nfps = 0\nfsp = 1\n")
    assert call(home, "check", str(file)) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"{file}:2:7: [ui] fps: must be a whole number from 1 to 60, not 0",
        f'{file}:3:1: [ui] fsp: unknown key; did you mean "fps"?',
        "2 problems",
    ]


def test_check_in_json(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "config.toml").write_text("[ui]\nfps = 0\n")
    assert call(home, "check", "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is False
    assert len(document["problems"]) == 1
    (home / "config.toml").write_text("")
    assert call(home, "check", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "file": f"{home}/config.toml", "problems": []}


def test_check_looks_at_the_environment_too(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(home, "check", TUI_TRADER__UI__FPS="x") == 1
    assert "env TUI_TRADER__UI__FPS" in capsys.readouterr().out


def test_check_looks_for_the_theme_and_at_the_users_themes(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "config.toml").write_text("[ui]\ntheme = 'midnite'\n")
    (home / "themes").mkdir()
    (home / "themes" / "bad.toml").write_text("[theme]\n")
    assert call(home, "check") == 1
    first, second, count = capsys.readouterr().out.splitlines()
    assert first.startswith(f'{home}/config.toml:2: [ui] theme: there is no theme "midnite"; there are amber, ')
    assert second.startswith(f"{home}/themes/bad.toml: [colors]: without background, ")
    assert count == "2 problems"


def test_a_missing_file_ends_with_two(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("check", str(home / "no.toml")), ("show", str(home / "no.toml"))):
        assert call(home, *words) == 2
        said = capsys.readouterr()
        assert said.err == f"{home}/no.toml: no such file\n"
        assert said.out == ""


def test_show_prints_every_value_with_its_source(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "config.toml").write_text("[ui]\nfps = 5\n")
    assert call(home, "show", TUI_TRADER__UI__FPS_SSH="6") == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert list(rows) == list(KEYS)
    assert rows["ui.fps"].split() == ["ui.fps", "5", "config.toml:2"]
    assert rows["ui.fps_ssh"].endswith("env TUI_TRADER__UI__FPS_SSH")
    assert rows["ui.theme"].split() == ["ui.theme", '"midnight"', "default"]


def test_show_in_json_keeps_numbers_exact(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(home, "show", "--json", TUI_TRADER__SIM__BALANCE="0.1") == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document) == list(KEYS)
    assert document["sim.balance"] == {"value": "0.1", "source": "env TUI_TRADER__SIM__BALANCE"}
    assert document["general.env"]["value"] == "sim"
    assert document["ticket.presets"]["value"] == ["50", "100", "250", "500", "1000"]


def test_show_of_a_broken_file_ends_with_two(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "config.toml").write_text("[ui]\nfps = 0\n")
    assert call(home, "show") == 2
    assert "config.toml:2:7" in capsys.readouterr().err
    assert call(home, "show", "--json") == 2
    assert json.loads(capsys.readouterr().out)["ok"] is False


def test_path_prints_the_places_and_makes_none(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(home, "path", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "config": f"{home}/config.toml",
        "themes": f"{home}/themes",
        "journal": f"{home}/state/journal",
        "log": f"{home}/log",
    }
    assert call(home, "path") == 0
    assert f"config   {home}/config.toml\n" in capsys.readouterr().out
    assert list(home.iterdir()) == []
    assert call(Path("relative"), "path") == 2


def test_example_prints_the_generated_texts(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(home, "example") == 0
    assert capsys.readouterr().out == example()
    assert call(home, "example", "--markdown") == 0
    assert capsys.readouterr().out == table()


def test_a_command_is_needed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call(home)
    assert ended.value.code == 2
    assert "COMMAND" in capsys.readouterr().err
