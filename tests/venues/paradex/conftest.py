"""Recorded and documented payloads of Paradex, and the accounts that tests sign with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PAYLOADS = Path(__file__).parent / "payloads"


def payload(name: str) -> Any:
    """Return a JSON payload by file name, or the rows of a ``.jsonl`` one."""
    text = (PAYLOADS / name).read_text()
    return [json.loads(line) for line in text.splitlines()] if name.endswith(".jsonl") else json.loads(text)
