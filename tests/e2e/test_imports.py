"""What may know of what, checked by machine: the import contracts, what a headless desk loads, who may start a task."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT

PACKAGE = ROOT / "tui_trader"
TASKS = PACKAGE / "net" / "tasks.py"


def loaded_by(program: str) -> set[str]:
    """Return the top-level packages in memory after a program, run in a process of its own."""
    report = f"import sys\n{program}\nprint('loaded:', *sorted({{name.partition('.')[0] for name in sys.modules}}))"
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", report], env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    assert last.startswith("loaded: ")
    return set(last.split()[1:])


def test_nothing_but_the_screen_loads_textual() -> None:
    """A desk, a whole exchange and the shell commands, and still no screen."""
    for names in ("desk.desk", "desk.desk sim.server venues.phemex net.session cli.do cli.show cli.launch"):
        loaded = loaded_by("\n".join(f"import tui_trader.{name}" for name in names.split()))
        assert "tui_trader" in loaded
        assert not loaded & {"textual", "rich"}, names


def test_help_loads_nothing_heavy() -> None:
    program = (
        "from tui_trader.cli.main import main\ntry:\n    main(['--help'])\nexcept SystemExit as end:\n    assert not end.code"
    )
    loaded = loaded_by(program)
    assert "tui_trader" in loaded
    assert not loaded & {"asyncio", "msgspec", "orjson", "aiohttp", "textual", "rich", "keyring"}


def test_the_import_contracts_are_kept(tmp_path: Path) -> None:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--config", str(ROOT / "pyproject.toml"), "--no-cache"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def sources() -> Iterator[tuple[Path, ast.Module]]:
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 100
    for path in files:
        yield path.relative_to(ROOT), ast.parse(path.read_text(), str(path))


def bare_tasks(tree: ast.Module) -> Iterator[int]:
    """Yield the lines that start a task through asyncio's own functions, or start one on a loop and drop it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "asyncio":
            if any(alias.name in ("create_task", "ensure_future") for alias in node.names):
                yield node.lineno
        elif isinstance(node, ast.Attribute) and node.attr in ("create_task", "ensure_future"):
            if isinstance(node.value, ast.Name) and node.value.id == "asyncio":
                yield node.lineno
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
            call = node.value.func
            if call.attr == "create_task" and "loop" in ast.unparse(call.value):
                yield node.lineno


def test_tasks_are_started_in_one_place() -> None:
    found = [f"{path}:{line}" for path, tree in sources() if ROOT / path != TASKS for line in bare_tasks(tree)]
    assert not found, f"use tui_trader.net.tasks: a task must be named, referenced and its failure seen: {found}"


@pytest.mark.parametrize(
    "text",
    [
        "asyncio.create_task(work())",
        "task = asyncio.ensure_future(work())",
        "from asyncio import create_task",
        "loop.create_task(work())",
        "asyncio.get_running_loop().create_task(work())",
    ],
)
def test_a_bare_task_would_be_found(text: str) -> None:
    assert list(bare_tasks(ast.parse(text)))


def test_a_task_of_a_group_is_not_bare() -> None:
    assert not list(bare_tasks(ast.parse("group.create_task(work())\nkept = loop.create_task(work())")))
