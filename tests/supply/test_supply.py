"""Few dependencies, each with its reason; and an audit that is not silent about what it could not see."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.supply.closure import ROOT, closure, direct, named

MOST = 9
"""Direct run-time dependencies: everything here runs next to an API key."""


def reasons() -> str:
    text = (ROOT / "docs" / "dependencies.md").read_text()
    return text.partition("## Run time")[2].partition("\n## ")[0]


def test_there_are_few_and_each_has_its_line() -> None:
    names = {named(one.name) for one in direct()}
    assert len(names) <= MOST
    lines = [line.split("|")[1].strip().lower() for line in reasons().splitlines() if line.startswith("| ")][1:]
    assert sorted(name for name in names if not any(line.split(" ")[0] == name for line in lines)) == []
    assert sorted(line for line in lines if line.split(" ")[0] not in names) == [], "a line of what is not needed any more"


def test_each_says_from_which_version_on() -> None:
    assert [str(one) for one in direct() if not one.specifier] == []


def test_what_they_need_in_turn_is_known() -> None:
    needed = closure()
    assert {named(one.name) for one in direct() if one.marker is None} <= set(needed)
    assert {"yarl", "multidict", "cffi"} <= set(needed), "what aiohttp and cryptography are made of"
    assert not {"pytest", "ccxt", "mypy"} & set(needed)


@pytest.mark.parametrize(
    ("says", "exits", "code", "told"),
    [
        ("raise SystemExit('no route to the advisories')", 1, 1, "could not be audited: no route to the advisories"),
        ("print(json.dumps({'dependencies': []}))", 0, 1, "could not be audited: no answer about it"),
        ("print(json.dumps({'dependencies': [{'name': n, 'version': v, 'vulns': []} for n, v in seen]}))", 0, 0, " 0 to look at"),
        (
            "print(json.dumps({'dependencies': [{'name': n, 'version': v, 'vulns': [{'id': 'X-1'}] if n == 'yarl' else []}"
            " for n, v in seen]}))",
            1,
            1,
            "X-1",
        ),
    ],
    ids=["no network", "no entry", "fine", "a hole"],
)
def test_only_a_whole_audit_without_a_hole_passes(tmp_path: Path, says: str, exits: int, code: int, told: str) -> None:
    """pip-audit is stood in for by a program that says what it would say; the network is not asked."""
    (tmp_path / "pip_audit.py").write_text(
        "import json, sys\nlines = open(sys.argv[sys.argv.index('-r') + 1]).read().split()\n"
        f"seen = [line.split('==') for line in lines]\n{says}\nsys.exit({exits})\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.supply"],
        cwd=ROOT,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert told in done.stdout
