"""A canary that gets out is seen, wherever it sits: each way out is planted once."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from tests.canary.plugin import SITE, VARIABLE, canary
from tests.canary.scanner import CHUNK, Scanner

ROOT = Path(__file__).parents[2]
PLANTED = "kq7W-planted_only-here+/Zx91~=Tn4LrPz7HnJm4YsFa8EuToI"

INNER = """
import base64, logging, os, subprocess, sys
from pathlib import Path
from tests.canary.plugin import canary, examine

SLEEP = "import sys; sys.stdin.read()"

def test_nothing(tmp_path):
    (tmp_path / "journal.jsonl").write_text("all is well")
    assert len(canary()) > 40
"""
CHILD = """
import os, subprocess, sys
key = open(os.environ['CANARY_FILE']).read()
words = [sys.executable, '-c', 'import sys; print(1, flush=True); sys.stdin.read()']
subprocess.Popen(words, env={'KEY': key}).wait()
"""
WAYS = {
    "a file": (
        "def test_it(tmp_path):\n    (tmp_path / 'a.jsonl').write_bytes(b'x' * 99 + base64.b64encode(b'ab' + canary().encode()))",
        "a.jsonl: base64",
    ),
    "the name of a file": (
        "def test_it(tmp_path):\n    (tmp_path / canary().encode().hex()[:99]).touch()",
        "in the name of a file",
    ),
    "what is printed": ("def test_it():\n    print('key', canary())", "Captured stdout call of"),
    "what is logged": ("def test_it():\n    logging.getLogger('x').warning('key %s', canary().encode().hex())", ": hex"),
    "a failure": ("def test_it():\n    assert canary() == 'x'", "the failure of"),
    "an argument": (
        "def test_it():\n    subprocess.run([sys.executable, '-c', 'pass', canary()], check=True)",
        "arguments of a process in",
    ),
    "a variable": (
        "def test_it():\n    subprocess.run([sys.executable, '-c', 'pass'], env={**os.environ, 'KEY': canary()}, check=True)",
        "environment of a process in",
    ),
    "a grandchild": (
        f"CHILD = {CHILD!r}\n"
        "def test_it(request):\n"
        "    child = subprocess.Popen([sys.executable, '-c', CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "    request.session.config.add_cleanup(child.communicate)\n"
        "    assert child.stdout.readline() == b'1\\n'",
        "/proc/PID/environ",
    ),
    "a terminal": (
        "def test_it():\n    examine('the bytes of a terminal', b'\\x1b[1m' + canary().encode())",
        "the bytes of a terminal in",
    ),
}


def inner(folder: Path, text: str, *options: str) -> tuple[int, str]:
    """Run some tests with a canary of their own."""
    (folder / "test_inner.py").write_text(f"{INNER}\n{text}\n")
    (folder / "pytest.ini").write_text("[pytest]\n")
    environ = {name: value for name, value in os.environ.items() if name not in (VARIABLE, "PYTEST_ADDOPTS")}
    environ = {name: value for name, value in environ.items() if not name.startswith("PYTEST_XDIST")} | {"PYTHONPATH": str(ROOT)}
    words = ["-p", "tests.canary.plugin", "-p", "no:cacheprovider", "-v", "--basetemp", str(folder / "base"), *options]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "test_inner.py"],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_every_way_out_is_seen(tmp_path: Path) -> None:
    """All planted at once; of the failing one the rest of the run must still be told."""
    text = "\n".join(way.replace("test_it", f"test_way_{number}") for number, (way, _) in enumerate(WAYS.values()))
    code, told = inner(tmp_path, text)
    assert code == 1, told
    leaks = told.partition("the canary got out")[2]
    missing = [name for name, (_, said) in WAYS.items() if said not in leaks]
    assert not missing, (missing, told)


def test_a_leak_fails_a_run_of_two_processes_whose_tests_all_pass(tmp_path: Path) -> None:
    code, told = inner(tmp_path, WAYS["an argument"][0], "-n", "2")
    assert "2 passed" in told
    assert code == 1
    assert "the canary got out" in told


def test_a_run_without_a_leak_passes(tmp_path: Path) -> None:
    code, told = inner(tmp_path, "")
    assert code == 0, told
    assert "the canary was found nowhere" in told
    assert not list((tmp_path / "base").glob("**/canary/canary")), "the canary's own file is gone"


def forms() -> dict[str, bytes]:
    raw = PLANTED.encode()
    found = {"plain": raw, "json": json.dumps([PLANTED]).encode(), "hex": raw.hex().encode(), "HEX": raw.hex().upper().encode()}
    found |= {"quote": quote(PLANTED, safe="").encode(), "plus": quote_plus(PLANTED).encode()}
    for before in (b"", b"a", b"ab"):
        found[f"base64 {len(before)}"] = base64.b64encode(before + raw + b"zz")
        found[f"url-safe {len(before)}"] = base64.urlsafe_b64encode(before + raw)
    return found


@pytest.mark.parametrize("name", forms())
def test_every_encoding_is_seen_also_across_blocks_of_a_file(tmp_path: Path, name: str) -> None:
    form = forms()[name]
    scanner = Scanner(PLANTED)
    assert scanner.find(b"before" + form + b"after")
    assert scanner.find(form[:60]), "cut"
    assert not scanner.find(b"k".join(form[at : at + 9] for at in range(0, len(form), 9)))
    (tmp_path / "file").write_bytes(b"\0" * (CHUNK - len(form) // 2) + form)
    assert list(scanner.walk(tmp_path))
    assert "planted" not in repr(scanner)


def test_a_secret_behind_a_hole_that_nobody_could_read_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.write(b"nothing")
        file.seek(1 << 42)
        file.write(PLANTED.encode())
    assert list(Scanner(PLANTED).walk(tmp_path)) == [f"{path}: plain"]
    path.unlink()


def test_the_canary_signs_here() -> None:
    """The exchanges of this process and of the programs that tests start hand out keys that hold it."""
    program = (
        "from tui_trader.sim.launch import build_server\nfrom tui_trader.core.clock import SystemClock\nimport sys\n"
        "a, b = build_server(seed=1, clock=SystemClock()), build_server(seed=2, clock=SystemClock())\n"
        "sys.stdout.write(a.secret + ' ' + b.secret)"
    )
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{SITE}"}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True, timeout=60)
    one, other = done.stdout.split()
    assert one != other
    assert one.startswith(canary())
    assert other.startswith(canary())
    from tui_trader.core.clock import SystemClock
    from tui_trader.sim.launch import build_server

    assert build_server(seed=1, clock=SystemClock()).secret.startswith(canary())
