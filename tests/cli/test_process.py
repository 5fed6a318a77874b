"""A process that failed says where and what, and no values; it leaves no memory behind."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Shell

SECRET = "Zq8-Wn3xT_5vLrPz7HnJm4YsFa8EuToI1RkQxVhZ"
SIGNATURE = "9c2f0d6e8a1b4c5d7e9f0a1b2c3d4e5f6071829304a5b6c7d8e9f0a1b2c3d4e5"

START = f"""
import asyncio, logging, os, sys, threading, warnings
from tui_trader.cli import process
from tui_trader.secrets.redactor import REDACTOR
secret = "".join(["Zq8-Wn3xT_5v", "LrPz7HnJm4YsFa8EuToI1RkQxVhZ"])
assert secret == {SECRET!r}
REDACTOR.learn(secret)
process.harden()
process.install_hooks()

class Held:
    def __repr__(self):
        return f"Held({{secret}})"
    def __del__(self):
        if self.dies:
            raise ValueError(f"cannot let go of {{secret}}")
    dies = False

def fail(key):
    raise LookupError(f"refused {{key}} {SIGNATURE}")
"""

WAYS = {
    "the main thread": "fail(secret)",
    "a cause": "try:\n    fail(secret)\nexcept LookupError as error:\n    raise ValueError(secret) from error",
    "a group": "raise ExceptionGroup('refused', [ValueError(secret)])",
    "a note": "error = LookupError('refused')\nerror.add_note(f'with {secret}')\nraise error",
    "another thread": "thread = threading.Thread(target=fail, args=[secret])\nthread.start()\nthread.join()",
    "a finaliser": "held = Held()\nheld.dies = True\ndel held",
    "a task nobody waits for": (
        "async def main():\n"
        "    task = asyncio.get_running_loop().create_task(asyncio.to_thread(fail, secret), name=secret)\n"
        "    await asyncio.sleep(0.05)\n"
        "    del task\n"
        "asyncio.run(main())"
    ),
    "a callback": (
        "async def main():\n"
        "    asyncio.get_running_loop().call_soon(fail, secret)\n"
        "    await asyncio.sleep(0)\n"
        "asyncio.run(main())"
    ),
    "a line of the log": "logging.getLogger('any').error('refused %s %r', secret, Held())",
    "a logged failure": "try:\n    fail(secret)\nexcept LookupError:\n    logging.getLogger('any').exception('refused')",
    "a line that cannot be formatted": "logging.getLogger('any').error('refused %d', secret)",
    "a logged stack": "logging.getLogger('any').error('refused', stack_info=True)",
    "a warning": "warnings.simplefilter('always')\nwarnings.warn(f'refused {secret}')",
    "a syntax error": "compile(f'key = {secret!r} refused', 'refused', 'exec')",
}


@pytest.mark.parametrize("way", WAYS)
def test_no_way_of_failing_prints_a_secret(way: str, tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(f"{START}\n{WAYS[way]}\n")
    done = subprocess.run(
        [sys.executable, str(file)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = done.stdout + done.stderr
    assert "refused" in said or "cannot let go" in said or "cannot be formatted" in said, said
    assert "[redacted]" in said or way in ("a line that cannot be formatted", "a logged stack"), said
    assert SECRET not in said
    assert SECRET[:24] not in said
    assert SIGNATURE not in said


def test_the_planted_failures_would_be_seen(tmp_path: Path) -> None:
    """The same program without the hooks prints what it should not: the tests above can fail."""
    file = tmp_path / "program.py"
    file.write_text(f"{START}\nsys.excepthook = sys.__excepthook__\n{WAYS['the main thread']}\n")
    done = subprocess.run(
        [sys.executable, str(file)], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert SECRET in done.stderr


LOOK = """
import os, resource, sys
from tui_trader.cli import main, config, do
def look(args):
    import ctypes
    print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), oct(os.umask(0)))
    print(sys.excepthook.__module__)
    return 0
config.run = do.run = look
sys.exit(main.main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
@pytest.mark.parametrize(("words", "dumpable"), [(["do", "buy 1 BTCUSDT"], 0), (["config", "path"], 1)])
def test_a_command_closes_its_process_before_it_begins(words: list[str], dumpable: int, tmp_path: Path) -> None:
    def open_wide() -> None:
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        os.umask(0)

    done = subprocess.run(
        [sys.executable, "-c", LOOK, *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        preexec_fn=open_wide,
        timeout=60,
        check=False,
    )
    assert done.stdout.splitlines() == [f"(0, 0) {dumpable} 0o77", "tui_trader.cli.process"], done.stderr
    assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 1, "only a process that is the program's own is closed"


def test_what_a_running_command_writes_is_private(shell: Shell) -> None:
    """Every file and directory below the home, after a command that keeps a journal: nobody else may even look."""
    assert shell("do", "buy 0.01 BTCUSDT @ bid-20t", "--json").code == 0
    found = list(shell.home.rglob("*"))
    assert any(path.suffix == ".jsonl" for path in found)
    loose = {str(path): oct(path.stat().st_mode & 0o777) for path in found if path.stat().st_mode & 0o077}
    assert not loose
