"""``python -m tests.supply``: are there known holes in what the program needs at run time? Asks where pip-audit asks.

Exit code 0 only when every distribution was audited and none has a known hole. One that could not be audited, for want of
pip-audit, of the network or of an entry, counts as a failure.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError
from pathlib import Path

from tests.supply.closure import closure, named

LIMIT_S = 300


def audit() -> int:
    """Say what was found; return the exit code."""
    try:
        needed = closure()
    except PackageNotFoundError as error:
        print(f"could not be audited: {error}")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requirements.txt"
        file.write_text("".join(f"{name}=={version}\n" for name, version in needed.items()))
        words = ["-r", str(file), "--no-deps", "--disable-pip", "--strict", "--progress-spinner", "off", "--format", "json"]
        try:
            command = [sys.executable, "-m", "pip_audit", *words]
            done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
            told = {named(one["name"]): one for one in json.loads(done.stdout)["dependencies"]}
        except subprocess.TimeoutExpired:
            print(f"could not be audited: no answer in {LIMIT_S} s")
            return 1
        except (ValueError, KeyError):
            last = (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]
            print(f"could not be audited: {last}\nneeds the network and pip-audit: .venv/bin/pip install -e '.[audit]'")
            return 1
    bad = 0
    for name, version in needed.items():
        one = told.get(name, {"skip_reason": "no answer about it"})
        holes = ", ".join(hole["id"] for hole in one.get("vulns", ()))
        skipped = one.get("skip_reason")
        state = f"could not be audited: {skipped}" if skipped else holes or "no known hole"
        bad += state != "no known hole"
        print(f"{name:<24} {version:<12} {state}")
    print(f"{len(needed)} distributions, {bad} to look at")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(audit())
