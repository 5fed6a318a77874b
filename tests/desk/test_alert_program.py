"""The program of an alert: real processes, bounded in time and in what they say, and nothing secret for them to see."""

from __future__ import annotations

import os
import sys
from decimal import Decimal as D
from pathlib import Path

from tests.desk.watching import Post
from tui_trader.core.alert_text import read_whole
from tui_trader.core.types import Severity
from tui_trader.desk.alert_program import AlertProgram, filled
from tui_trader.desk.alerts import Alert, Firing
from tui_trader.desk.attention import AttentionTerms


def firing(*run: str, symbol: str = "BTCUSDT", price: str = "68000.5") -> Firing:
    alert = Alert(3, read_whole("BTCUSDT last > 68000"), run=run)
    return Firing(alert, "alert 3: BTCUSDT last > 68000 (68000.5)", symbol, price, 0)


def program(
    environ: dict[str, str] | None = None, *, allowed: bool = True, limit_s: float = 10.0
) -> tuple[AlertProgram, list[str]]:
    said: list[str] = []

    def tell(text: str, severity: Severity) -> None:
        said.append(text)

    return AlertProgram(allowed=allowed, tell=tell, environ=dict(os.environ) | (environ or {}), limit_s=limit_s), said


def python(code: str, *more: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code, *more)


async def test_the_words_stay_words(tmp_path: Path) -> None:
    target = tmp_path / "out"
    code = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(repr(sys.argv[2:]))"
    one, said = program()
    await one.start(firing(*python(code, str(target), "{symbol}", "at {price}", "$(id); {text}", "*"), symbol="BTC; rm -rf /"))
    assert said == []
    assert target.read_text() == repr(["BTC; rm -rf /", "at 68000.5", "$(id); alert 3: BTCUSDT last > 68000 (68000.5)", "*"])


def test_what_is_put_in_is_safe_to_print() -> None:
    assert filled(("{text}", "{symbol}"), firing("x", symbol="\x1b[2J"))[1] == "\N{REPLACEMENT CHARACTER}[2J"


async def test_no_secret_is_in_its_environment(tmp_path: Path) -> None:
    target = tmp_path / "out"
    code = "import sys, os, pathlib; pathlib.Path(sys.argv[1]).write_text(repr(sorted(os.environ)))"
    one, _ = program({"PHEMEX_API_SECRET": "x", "TUI_TRADER_PASSPHRASE": "y", "HARMLESS": "z"})
    await one.start(firing(*python(code, str(target))))
    assert "HARMLESS" in target.read_text()
    assert "SECRET" not in target.read_text()
    assert "PASSPHRASE" not in target.read_text()


async def test_it_is_ended_when_it_takes_too_long_or_says_too_much() -> None:
    one, said = program(limit_s=0.3)
    await one.start(firing(*python("import time; time.sleep(60)")))
    assert "did not end within 0.3 s" in said[-1]
    two, said = program()
    await two.start(firing(*python("while True: print('x' * 10000)")))
    assert "printed more than 65,536 bytes" in said[-1]
    await two.start(firing(*python("raise SystemExit(3)")))
    assert said[-1].endswith("ended with code 3")
    await two.start(firing("/no/such/program"))
    assert "could not be started" in said[-1]


async def test_only_the_configuration_lets_it_start(tmp_path: Path) -> None:
    target = tmp_path / "out"
    one, said = program(allowed=False)
    await one.start(firing(*python(f"open({str(target)!r}, 'w')")))
    assert not target.exists()
    assert "alerts.run_programs = true in the configuration allows it" in said[-1]


async def test_a_firing_starts_it(tmp_path: Path) -> None:
    target = tmp_path / "out"
    post = Post(terms=AttentionTerms(run_programs=True))
    post.tick(last="67000")
    post.alert("btcusdt > 68000", run=python(f"open({str(target)!r}, 'w').write('now')"), repeat=D(1))
    post.tick(last="68001")
    await post.done()
    assert target.read_text() == "now"
