"""A program of the user's own that prints a key: real programs, started as the user's would be."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from tui_trader.secrets.command import read_from_command
from tui_trader.secrets.entry import KeyName
from tui_trader.secrets.finding import Finding, State

NAME = KeyName("phemex", "testnet", "main")
PATIENCE_S = 60.0


def asked(*argv: str, limit_s: float = PATIENCE_S, **environ: str) -> Finding:
    return read_from_command(argv, NAME, os.environ | environ, limit_s=limit_s)


@pytest.mark.parametrize(
    "said",
    [
        "the-key\nthe-secret\n",
        "the-key\nthe-secret",
        "\n the-key \r\n\r\n the-secret \n\n",
        '{"key": "the-key", "secret": "the-secret"}',
    ],
)
def test_a_key_on_two_lines_or_as_json(said: str) -> None:
    found = asked("printf", "%s", said)
    assert found.state is State.OK
    assert found.key is not None
    assert (found.key.name, found.key.kid, found.key.secret.reveal()) == (NAME, "the-key", "the-secret")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "printed 0 lines"),
        ("hush-hush", "printed 1 line"),
        ("hush\nhush-b\nhush-c", "printed 3 lines"),
        ("{hush", "not that object"),
        ('{"key": "hush"}', "not that object"),
        ('{"key": 1, "secret": "hush"}', "not that object"),
        ("hush\nhush", "the same text"),
        ("hush\nhush with spaces", "not what a venue issues"),
        ("hush\nhush-é", "not what a venue issues"),
        ("hush\n" + "hush" * 1_100, "not what a venue issues"),
        ("{" * 3_000, "not that object"),
    ],
)
def test_anything_else_is_refused_and_not_repeated(said: str, why: str) -> None:
    found = asked("printf", "%s", said)
    assert (found.state, found.key) == (State.REFUSED, None)
    assert why in found.cause
    assert "hush" not in found.sentence


def test_bytes_that_are_no_text() -> None:
    assert asked("printf", "\\377\\376").state is State.REFUSED


def test_no_shell_reads_the_words(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    found = asked("printf", "%s\n%s", f"$(touch {mark})", "`id`;echo>x|y&z")
    assert found.state is State.REFUSED or found.key is not None
    assert not mark.exists()


def test_the_words_are_filled_with_whose_key_it_is() -> None:
    found = asked("printf", "%s\nthe-secret", "{venue}.{env}.{account}")
    assert found.key is not None
    assert found.key.kid == "phemex.testnet.main"


def test_a_program_that_waits_is_killed_with_what_it_started(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    found = asked("sh", "-c", f"sleep 600 & echo $! > {file}.new; mv {file}.new {file}; wait", limit_s=1.0)
    assert found.state is State.HUNG
    assert "did not end within 1 s" in found.cause
    if file.exists():  # on a very busy machine it was killed before it had started anything
        assert gone(int(file.read_text()))


def gone(pid: int) -> bool:
    """Whether a process is dead soon, buried or not."""
    for _ in range(1_000):
        try:
            if Path(f"/proc/{pid}/stat").read_text().split()[2] in "ZX":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False


def test_a_program_that_prints_for_ever() -> None:
    found = asked("yes")
    assert found.state is State.REFUSED
    assert "more than 16,384 bytes" in found.cause


def test_a_program_that_fails_is_told_by_its_code_and_not_by_what_it_printed() -> None:
    found = asked("sh", "-c", "echo hush; echo hush >&2; exit 3")
    assert (found.state, found.cause) == (State.EMPTY, "sh ended with code 3")
    assert asked("sh", "-c", "kill -9 $$").cause == "sh was ended by signal 9"


def test_what_it_says_on_stderr_goes_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    asked("sh", "-c", "echo hush >&2; echo a-key; echo a-secret")
    out, err = capfd.readouterr()
    assert "hush" not in out + err


@pytest.mark.parametrize("program", ["/nonexistent/pass", "no-such-program-here", ".", "pa\x00ss"])
def test_a_program_that_is_not_there(program: str) -> None:
    found = asked(program)
    assert found.state is State.NONE
    assert "could not be started" in found.cause


def test_it_is_given_no_secrets_of_the_environment() -> None:
    program = "import os; print(os.environ.get('PHEMEX_API_SECRET', 'nothing-here')); print('the-secret')"
    found = asked(sys.executable, "-S", "-c", program, PHEMEX_API_SECRET="hush-hush")
    assert found.key is not None
    assert found.key.kid == "nothing-here"


def test_nothing_can_be_typed_into_it() -> None:
    found = asked(sys.executable, "-S", "-c", "import sys; print(repr(sys.stdin.read())); print('the-secret')")
    assert found.key is not None
    assert found.key.kid == "''"
    assert json.dumps(found.cause) == '""'
