"""What is installed is whole: the wheel carries themes and the example, and needs no source tree."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path

import tui_trader
from tests.e2e.conftest import ROOT, Installation, Shell


def test_the_code_that_runs_is_the_installed_one(installed: Installation, tmp_path: Path) -> None:
    where = "import tui_trader, tui_trader.cli.main; print(tui_trader.__file__)"
    done = subprocess.run(
        [str(installed.python), "-I", "-c", where], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=30
    )
    found = Path(done.stdout.strip())
    assert installed.python.parent.parent in found.parents
    assert ROOT not in found.parents


def test_the_version_is_the_packages(shell: Shell) -> None:
    done = shell.run("--version")
    assert done.returncode == 0
    assert done.stdout == f"tui-trader {tui_trader.__version__}\n"


def test_the_example_is_in_the_wheel_and_is_what_the_command_prints(shell: Shell, installed: Installation) -> None:
    (shipped,) = installed.python.parent.parent.glob("lib/python*/site-packages/tui_trader/_data/config.example.toml")
    assert shipped.read_text() == (ROOT / "config.example.toml").read_text()
    done = shell.run("config", "example")
    assert done.returncode == 0, done.stderr
    assert done.stdout == shipped.read_text()
    tomllib.loads(done.stdout)


def test_every_theme_of_the_source_tree_is_in_the_wheel(shell: Shell) -> None:
    names = sorted(path.stem for path in (ROOT / "themes").glob("*.toml"))
    assert len(names) >= 2
    shell.home.mkdir(mode=0o700)
    config = shell.home / "config.toml"
    for name in names:
        config.write_text(f'[ui]\ntheme = "{name}"\n')
        done = shell.run("config", "check")
        assert done.returncode == 0, (name, done.stdout, done.stderr)
    config.write_text('[ui]\ntheme = "no-such-theme"\n')
    done = shell.run("config", "check")
    assert done.returncode == 1
    assert all(name in done.stdout for name in names)


def test_it_starts_in_every_theme_from_an_unrelated_directory(shell: Shell) -> None:
    name = sorted(path.stem for path in (ROOT / "themes").glob("*.toml"))[0]
    screen = shell.terminal("--theme", name)
    screen.wait(r"eq 10,000\.00")
    assert not screen.shows("no theme called")
    screen.type("q")
    screen.wait("again leaves")
    screen.type("q")
    assert screen.wait_exit() == 0
    screen.assert_given_back()


def test_without_a_terminal_it_says_so_in_one_line(shell: Shell) -> None:
    done = shell.run()
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "needs a terminal" in done.stderr
    assert not shell.home.exists()


def test_nothing_is_written_into_the_current_directory(shell: Shell) -> None:
    before = set(os.listdir(shell.folder))
    screen = shell.terminal()
    screen.wait(r"eq 10,000\.00")
    screen.type("\x03")
    screen.wait("again leaves")
    screen.type("\x03")
    screen.wait_exit()
    assert set(os.listdir(shell.folder)) - before == {shell.home.name}
