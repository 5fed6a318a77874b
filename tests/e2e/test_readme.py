"""The first two commands of the README are one line each: install and run; install and test."""

from __future__ import annotations

import re

import pytest

from tests.e2e.conftest import ROOT


@pytest.fixture(scope="module")
def commands() -> list[str]:
    """The lines of the README's shell blocks, in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def test_the_first_command_installs_and_runs(commands: list[str]) -> None:
    assert commands[0].startswith("python3 -m venv ")
    assert commands[0].endswith("tui-trader")
    assert "[test]" not in commands[0]


def test_the_second_command_installs_and_tests(commands: list[str]) -> None:
    assert commands[1].startswith("python3 -m venv ")
    assert "[test]" in commands[1]
    assert "pytest" in commands[1]


def test_the_continuous_check_runs_the_second_command(commands: list[str]) -> None:
    check = (ROOT / ".ci" / "run").read_text()
    pattern = re.search(r"sed -n 's/\^\\\((.*)\\\)\$/\\1/p' README\.md", check)
    assert pattern is not None, "the check no longer reads its command from the README"
    wanted = re.compile(f"^{pattern[1]}$")
    chosen = [line for line in (ROOT / "README.md").read_text().splitlines() if wanted.match(line)]
    assert chosen[0] == commands[1]


def test_the_commands_name_no_directory_but_the_clone(commands: list[str]) -> None:
    for command in commands[:2]:
        assert "/home/" not in command
        assert "sudo" not in command
        assert command.count("&&") >= 1
