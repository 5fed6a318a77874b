"""What is not text is set aside, and what is barely HTTP is an answer or a doubt, and never a second order."""

from __future__ import annotations

import asyncio
import warnings
from pathlib import Path

import pytest

from tests.bad import binary, http
from tests.bad.row import Row
from tests.bad.test_wire import Terminal
from tests.net.conftest import Exchange, Ground, ground
from tui_trader.venues.base import Outcome, Request, RequestKind

__all__ = ["ground"]

KINDS = {"GET": RequestKind.READ, "POST": RequestKind.CREATE, "PUT": RequestKind.AMEND, "DELETE": RequestKind.CANCEL}


@pytest.mark.parametrize("row", binary.ROWS, ids=lambda row: row.name)
async def test_a_binary_frame(tmp_path: Path, row: Row) -> None:
    terminal = Terminal(tmp_path)
    before = terminal.desk.store.blotter.orders()
    for case in row.cases:
        terminal.hear(case)
        terminal.assert_sound()
    assert terminal.desk.store.blotter.orders() == before
    assert terminal.feed.unreadable >= len(row.cases)
    await terminal.desk.close()


@pytest.mark.parametrize("row", http.ROWS, ids=lambda row: row.name)
async def test_an_answer_that_is_barely_http(ground: Ground, row: Row) -> None:
    for case in row.cases:
        for method, kind in KINDS.items():
            received = await _send(ground, case, method, kind)
            assert received == 1, f"{case}: {method} was received {received} times"


async def _send(ground: Ground, case: http.Said, method: str, kind: RequestKind) -> int:
    received = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal received
        await reader.readuntil(b"\r\n\r\n")
        received += 1
        writer.write(case.raw)
        await writer.drain()
        if case.close:
            writer.close()
        else:
            await reader.read()

    total_s = 5.0 if case.close else 0.3  # what never ends need not be waited for long
    client = await ground.client(await ground.raw(answer), total_s=total_s)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a cookie that does not parse is only a warning of the standard library
        verdict = await client.send(Request(kind, "place", method, "/orders", signed=False, group="contract"), Exchange())
    if case.usable:
        assert verdict.outcome is Outcome.ACK, (case, verdict)
    else:
        assert verdict.outcome is Outcome.UNKNOWN, (case, verdict)
        assert verdict.text or verdict.code
        assert verdict.text.isprintable()
    await client.close()
    return received
