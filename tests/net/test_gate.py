"""The read gate, on real connections with and without TLS."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tui_trader.net.endpoint import tls_context
from tui_trader.net.gate import attach


async def flood(socket: web.WebSocketResponse) -> None:
    async for message in socket:
        await socket.send_str(message.data)


@pytest.mark.parametrize("scheme", ["ws", "wss"])
async def test_a_shut_gate_holds_frames_back_until_it_opens(ground: Any, good_tls: Any, conftest_ca: str, scheme: str) -> None:
    port = await ground.ws(flood, good_tls if scheme == "wss" else None)
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls_context(conftest_ca))) as client,
        client.ws_connect(f"{scheme}://127.0.0.1:{port}/") as ws,
    ):
        gate = attach(ws, 0.5)
        assert gate is not None
        above = ws._response.connection.transport  # type: ignore[union-attr]
        assert (gate._transport is above) is (scheme == "ws"), "with TLS it must sit below the encryption"
        await ws.send_str("one")
        assert await ws.receive_str() == "one"
        gate.shut()
        gate.shut()
        assert gate.is_shut
        await ws.send_str("two")
        with pytest.raises(TimeoutError):
            await ws.receive(timeout=0.05)
        assert await ws.receive_str(timeout=2) == "two"
        assert not gate.is_shut
        gate.shut()
        gate.open()
        gate.open()
        assert not gate.is_shut
        await ws.send_str("three")
        assert await ws.receive_str(timeout=0.4) == "three"


async def test_no_delay_or_no_transport_is_no_gate() -> None:
    hidden: Any = SimpleNamespace()
    assert attach(hidden, 0.01) is None
    hidden._response = SimpleNamespace(connection=SimpleNamespace(transport=object()))
    assert attach(hidden, 0.01) is None
    buried = SimpleNamespace(_ssl_protocol=SimpleNamespace())
    hidden._response = SimpleNamespace(connection=SimpleNamespace(transport=buried))
    assert attach(hidden, 0.01) is None
    hidden._response = SimpleNamespace(connection=SimpleNamespace(transport=asyncio.Transport()))
    assert attach(hidden, 0.01) is not None
    assert attach(hidden, 0.0) is None
