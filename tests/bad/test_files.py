"""No configuration that is wrong is half believed: it is refused whole, by every command, with each problem at its place."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.bad.cockpit import matches
from tests.bad.files import ROWS, File
from tests.bad.row import Row
from tui_trader.cli.main import main
from tui_trader.core.error import ConfigError
from tui_trader.core.risk import Limits
from tui_trader.desk.config import load


@pytest.mark.parametrize("row", [row for row in ROWS if row.cases], ids=lambda row: row.name)
def test_a_configuration(tmp_path: Path, row: Row, capsys: pytest.CaptureFixture[str]) -> None:
    refused: Path | None = None
    for case in row.cases:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        path = _arranged(case, folder)
        if not case.says:
            assert load(path, case.environ).settings.risk.limits() == Limits()
            continue
        with pytest.raises(ConfigError) as caught:
            load(path, case.environ)
        problems = caught.value.problems
        assert any(matches(case.says, problem) for problem in problems), f"{case}: {problems}"
        for problem in problems:
            assert problem.isprintable()
            assert "CANARY" not in problem
            assert (
                "env " in problem or "TUI_TRADER_HOME" in problem or path is None or str(path) in problem or path.name in problem
            )
        refused = path if path is not None and not case.environ else refused
    if refused is not None:
        _is_refused_by_the_program(refused, capsys)


def _arranged(case: File, folder: Path) -> Path | None:
    if case.arrange is not None:
        path = case.arrange(folder)
        return path if path != Path() else None
    path = folder / "config.toml"
    path.write_bytes(case.content)
    return path


def _is_refused_by_the_program(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A command that would send ends before it connects."""
    capsys.readouterr()
    assert main(["do", "buy 0.01 BTCUSDT", "--config", str(path), "--sim-url", "http://127.0.0.1:9"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("tui-trader: ")


@pytest.mark.parametrize(
    "words",
    [
        ["do", "buy ten", "--sim-url", "http://127.0.0.1:9"],
        ["do", "", "--sim-url", "http://127.0.0.1:9"],
        ["do", "buy 1 @ bid\n\n\r2", "--sim-url", "http://127.0.0.1:9"],
        ["do", "buy １ BTCUSDT", "--sim-url", "http://127.0.0.1:9"],
        ["do", "x" * 100_000, "--sim-url", "http://127.0.0.1:9"],
        ["orders", "--sim-url", "http://example.com"],
        ["orders", "--sim-url", "ftp://127.0.0.1"],
        ["orders", "--sim-url", "http://user:CANARY@127.0.0.1:9"],
        ["orders", "--sim-url", "http://[::1"],
        ["orders", "--sim-url", "http://127.0.0.1:99999"],
        ["orders", "--sim-url", "127.0.0.1"],
        ["orders", "--seed", "-1"],
        ["orders", "--account", "../../etc"],
        ["orders", "--venue", "nowhere"],
        ["orders", "--account", "\x1b]52;c;x\x07"],
    ],
    ids=lambda words: " ".join(words)[:40],
)
def test_words_of_the_command_line(
    words: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUI_TRADER_HOME", str(tmp_path))
    assert main(words) == 2
    told = capsys.readouterr()
    assert told.err.startswith("tui-trader: ")
    assert told.err.rstrip("\n").replace("\n", " ").isprintable()
    assert "CANARY" not in told.err
