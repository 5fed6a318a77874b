"""The first milliseconds of the program, and how it says what went wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.conftest import ROOT, Shell
from tui_trader import __version__
from tui_trader.cli.main import COMMANDS, SUMMARIES, build_parser, error_json, main
from tui_trader.core.error import CommandError, OutcomeUnknown, VenueError

HEAVY = ("aiohttp", "textual", "rich", "msgspec", "orjson", "asyncio", "keyring", "ssl")


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["do", "--help"], ["book", "--help"], ["replay", "--help"]])
def test_help_imports_nothing_heavy(words: list[str], shell: Shell) -> None:
    script = (
        "import sys\nfrom tui_trader.cli.main import main\n"
        f"try:\n    main({words!r})\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        f"found = sorted(set(sys.modules) & set({HEAVY!r}))\nsys.exit(','.join(found) or 0)\n"
    )
    words_of_python = [sys.executable, "-c", script]
    done = subprocess.run(words_of_python, env=shell.environ, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert set(COMMANDS) == set(SUMMARIES)
    for name in COMMANDS:
        assert f"\n    {name}" in said


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"tui-trader {__version__}\n"


@pytest.mark.parametrize(
    "words",
    [["nonsense"], ["do"], ["book"], ["orders", "--env", "moon"], ["replay"], ["watch", "weather"], ["fills", "--sed", "x"]],
)
def test_wrong_usage_ends_with_2_and_a_line_on_stderr(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "error:" in captured.err


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_a_parser_and_something_to_run(name: str) -> None:
    parser = build_parser(name)
    words = {
        "do": ["x"],
        "book": ["X"],
        "candles": ["X"],
        "watch": ["orders"],
        "record": ["x.jsonl"],
        "keymap": ["list"],
        "replay": ["-"],
        "theme": ["list"],
        "config": ["check"],
        "audit": ["verify"],
        "keys": ["list"],
        "export": ["fills"],
    }
    assert callable(parser.parse_args([name, *words.get(name, [])]).run)


def test_an_error_is_one_document_and_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["do", "bye 1", "--json"]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("tui-trader: unknown command 'bye' (try: ")
    assert captured.out.startswith('{"error":{"kind":"CommandError","title":"Command"')
    assert main(["do", "bye 1"]) == 2
    assert capsys.readouterr().out == ""


def test_error_documents_carry_code_and_fix_only_where_there_are_any() -> None:
    refused = VenueError("no margin", code="11001")
    assert error_json(refused) == {
        "kind": "VenueError",
        "title": "Rejected by the venue",
        "message": "no margin",
        "code": "11001",
    }
    assert error_json(CommandError("what?", fix="this"))["fix"] == "this"
    assert "fix" not in error_json(CommandError("what?"))
    assert OutcomeUnknown("?").exit_code == 3


def test_a_reader_that_goes_away_is_no_error(shell: Shell) -> None:
    recording = ROOT / "tests" / "venues" / "phemex" / "payloads" / "ws_orderbook_trades_2021.jsonl"
    process = shell.start("replay", str(recording))
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=20) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
