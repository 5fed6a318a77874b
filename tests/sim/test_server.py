"""The server around a mask: life and death, time, lockstep, faults, the event log and the command that runs it."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal as D
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests.sim.conftest import START_NS, SimVenue, Wire
from tui_trader.core.clock import NS, ManualClock
from tui_trader.core.types import Side
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.faults import Action, FaultRule, Moment
from tui_trader.sim.link import Link
from tui_trader.sim.market import SeededFlow
from tui_trader.sim.masks.phemex import PhemexMask
from tui_trader.sim.products import phemex_instruments
from tui_trader.sim.server import SimServer

if TYPE_CHECKING:
    from tests.sim.conftest import OpenVenue

ORDERS = "POST /g-orders"


def client_ids(venue: SimVenue) -> list[str]:
    return [order.client_id for order in venue.exchange.open_orders("trader")]


# -- life --------------------------------------------------------------------------------------------------------------


async def test_stop_ends_sockets_and_tasks_at_once(venue: SimVenue) -> None:
    wires = [await venue.private() for _ in range(3)]
    started = time.monotonic()
    await venue.server.stop()
    assert time.monotonic() - started < 1
    for wire in wires:
        assert (await wire.ended()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("sim-")] == []
    assert venue.server.connections == 0
    await venue.server.stop()


async def test_taken_port_is_an_error(venue: SimVenue) -> None:
    other = SimServer(venue.exchange, PhemexMask, account="trader", port=venue.server.port)
    with pytest.raises(OSError, match="address"):
        await other.start()
    await other.stop()


def test_exchange_without_an_account_has_no_key_to_hand() -> None:
    exchange = Exchange(phemex_instruments(["BTCUSDT"]), seed=1, start_ns=START_NS)
    with pytest.raises(ValueError, match="no account"):
        SimServer(exchange, PhemexMask)


def test_keys_follow_from_the_seed() -> None:
    def keys(seed: int) -> tuple[str, str]:
        exchange = Exchange(phemex_instruments(["BTCUSDT"]), seed=1, start_ns=START_NS)
        exchange.open_account("a", {"USDT": D(1)})
        server = SimServer(exchange, PhemexMask, seed=seed)
        return server.key, server.secret

    assert keys(1) == keys(1)
    assert keys(1) != keys(2)


async def test_clock_that_fails_is_not_a_quiet_market(open_venue: OpenVenue) -> None:
    class Broken(PhemexMask):
        broken = False

        def flush(self) -> None:
            if self.broken:
                raise RuntimeError("a bug")
            super().flush()

    venue = await open_venue(mask=Broken)
    wire = await venue.connect()
    await wire.ask("server.ping")
    Broken.broken = True
    try:
        assert (await wire.ended()).data == 1011
        with pytest.raises(RuntimeError, match="a bug"):
            await venue.server.stop()
        assert venue.server.failed.is_set()
    finally:
        Broken.broken = False
    assert "failure" in [line["event"] for line in venue.lines]


async def test_event_lines_and_receipts(venue: SimVenue) -> None:
    wire = await venue.private()
    await venue.place("m", ordType="Market", priceRp=None)
    await venue.call("GET", "/g-orders/activeList", "symbol=BTCUSDT")
    events = [line["event"] for line in venue.lines if line.get("account") != "maker"]
    assert events == ["start", "connect", "auth", "subscribe", "order", "fill"]
    fill = next(line for line in venue.lines if line["event"] == "fill" and line["account"] == "trader")
    assert fill | {"at": ""} == {
        "at": "",
        "event": "fill",
        "account": "trader",
        "symbol": "BTCUSDT",
        "id": "m",
        "side": "buy",
        "qty": "0.01",
        "price": "50001",
        "fee": "0.300006",
        "liquidity": "taker",
    }
    assert not wire.socket.closed
    assert venue.server.receipts == {ORDERS: 1, "GET /g-orders/activeList": 1}


async def test_hello_tells_how_to_reach_it_and_is_no_receipt(venue: SimVenue) -> None:
    server = venue.server
    assert (await venue.fetch("GET", "/sim/hello"))[2] == {
        "rest_url": server.rest_url,
        "ws_url": server.ws_url,
        "key": server.key,
        "secret": server.secret,
    }
    assert not server.receipts


async def test_secrets_are_in_no_event_line(venue: SimVenue) -> None:
    await venue.private()
    await venue.place("x")
    assert venue.server.secret not in json.dumps(venue.lines)


# -- time --------------------------------------------------------------------------------------------------------------


async def test_real_time_follows_the_clock_at_its_speed(open_venue: OpenVenue) -> None:
    venue = await open_venue(speed=3.0)
    venue.clock.advance(2)
    await venue.place("x")
    assert venue.exchange.now_ns == START_NS + 6_000_000_000


@pytest.mark.parametrize(("late_s", "caught_up_s"), [(0.7, 0.7), (3_600, 0)])
async def test_time_spent_on_building_is_caught_up_but_another_epoch_is_not(late_s: float, caught_up_s: float) -> None:
    exchange = Exchange(phemex_instruments(["BTCUSDT"]), seed=1, start_ns=START_NS)
    exchange.open_account("trader", {"USDT": D(1)})
    clock = ManualClock(START_NS)
    clock.advance(late_s)
    async with SimServer(exchange, PhemexMask, clock=clock) as server, aiohttp.ClientSession() as session:
        await SimVenue(server, clock, session, []).fetch("GET", "/public/time")
        assert exchange.now_ns == START_NS + round(caught_up_s * NS)


async def test_lockstep_moves_per_signed_request_only(open_venue: OpenVenue) -> None:
    venue = await open_venue(lockstep=True)
    venue.clock.advance(100)
    await venue.fetch("GET", "/public/products")
    await venue.fetch("GET", "/md/v2/orderbook", "symbol=BTCUSDT")
    assert venue.exchange.now_ns == START_NS
    await venue.place("x")
    await venue.call("GET", "/g-orders/activeList", "symbol=BTCUSDT")
    assert venue.exchange.now_ns == START_NS + 500_000_000


async def _trade_in_lockstep(sizes: list[str]) -> tuple[str, list[Any]]:
    exchange = Exchange(phemex_instruments(["BTCUSDT"]), seed=5, start_ns=START_NS, flow=SeededFlow())
    exchange.open_account("trader", {"USDT": D(10_000)})
    clock = ManualClock(START_NS)
    async with (
        SimServer(exchange, PhemexMask, clock=clock, lockstep=True) as server,
        aiohttp.ClientSession() as session,
    ):
        venue = SimVenue(server, clock, session, [])
        wire = await venue.private()
        rows: list[Any] = []
        for i, size in enumerate(sizes):
            await venue.place(f"o{i}", side="Sell" if i % 3 == 2 else "Buy", ordType="Market", priceRp=None, orderQtyRq=size)
            rows += await wire.orders(2)
        return exchange.fill_log_hash(), rows


async def test_lockstep_runs_repeat_over_real_sockets() -> None:
    sizes = ["0.01", "0.02", "0.015", "0.003"]
    first = await _trade_in_lockstep(sizes)
    assert await _trade_in_lockstep(sizes) == first
    assert (await _trade_in_lockstep(["0.01", "0.02", "0.015", "0.004"]))[0] != first[0]


# -- faults ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("action", "executed"), [(Action.DROP_BEFORE, []), (Action.DROP_AFTER, ["d"])])
async def test_dropped_connection(venue: SimVenue, action: Action, executed: list[str]) -> None:
    venue.server.faults.add(FaultRule(action, prefix=ORDERS))
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await venue.place("d")
    assert client_ids(venue) == executed
    assert venue.server.receipts[ORDERS] == 1


@pytest.mark.parametrize(("action", "executed"), [(Action.ERROR_BEFORE, []), (Action.ERROR_AFTER, ["e"])])
async def test_server_error(venue: SimVenue, action: Action, executed: list[str]) -> None:
    venue.server.faults.add(FaultRule(action, prefix=ORDERS, status=502))
    body = {"symbol": "BTCUSDT", "side": "Buy", "posSide": "Merged", "orderQtyRq": "0.01", "priceRp": "49000", "clOrdID": "e"}
    status, _, page = await venue.call("POST", "/g-orders", body=body)
    assert status == 502
    assert page.startswith(b"<html>")
    assert client_ids(venue) == executed
    assert [line["action"] for line in venue.lines if line["event"] == "fault"] == [str(action)]


async def test_a_revoked_key_opens_nothing_until_it_is_restored(venue: SimVenue) -> None:
    venue.server.revoke_key(venue.server.key)
    status, _, answer = await venue.call("GET", "/g-orders/activeList", "symbol=BTCUSDT")
    assert (status, answer["code"]) == (401, "10500")
    venue.server.restore_key(venue.server.key)
    assert (await venue.call("GET", "/g-orders/activeList", "symbol=BTCUSDT"))[0] == 200


@pytest.mark.parametrize(("action", "status"), [(Action.LIMIT, 429), (Action.REFUSE, 403)])
async def test_turned_away_without_execution(venue: SimVenue, action: Action, status: int) -> None:
    venue.server.faults.add(FaultRule(action, prefix="GET /public/time", retry_after_s=7))
    told, headers, _ = await venue.fetch("GET", "/public/time")
    assert told == status
    assert headers.get("x-ratelimit-retry-after-contract") == ("7" if status == 429 else None)
    assert (await venue.fetch("GET", "/public/time"))[0] == 200


async def test_late_answer_lets_the_stream_win(venue: SimVenue) -> None:
    wire = await venue.private()
    venue.server.faults.add(FaultRule(Action.DELAY, prefix=ORDERS, seconds=0.2))
    pending = asyncio.get_running_loop().create_task(venue.place("late"))
    (row,) = await wire.orders(1)
    assert row["ordStatus"] == "New"
    assert not pending.done()
    assert (await pending)["data"]["ordStatus"] == "Created"


async def test_late_execution(venue: SimVenue) -> None:
    venue.server.faults.add(FaultRule(Action.DELAY_BEFORE, prefix=ORDERS, seconds=0.05))
    assert (await venue.place("late"))["code"] == 0
    assert client_ids(venue) == ["late"]


async def _book_wire(venue: SimVenue) -> Wire:
    wire = await venue.connect()
    await wire.ask("orderbook_p.subscribe", ["BTCUSDT"])
    await wire.push(lambda m: "orderbook_p" in m)
    return wire


async def test_skipped_book_message_is_lost_to_one_client(venue: SimVenue) -> None:
    wire = await _book_wire(venue)
    venue.server.faults.add(FaultRule(Action.SKIP, Moment.PUSH, "orderbook_p:BTCUSDT"))
    for price in ("49000", "49001"):
        venue.make(Side.BUY, price, "1")
        venue.pass_time(0.02)
    assert (await wire.push(lambda m: "orderbook_p" in m))["orderbook_p"]["bids"] == [["49001", "1"]]


async def test_muted_socket_stays_open_and_says_nothing(venue: SimVenue) -> None:
    wire, other = await _book_wire(venue), await venue.connect()
    venue.server.faults.add(FaultRule(Action.MUTE, Moment.PUSH, "orderbook_p"))
    venue.make(Side.BUY, "49000", "1")
    venue.pass_time(0.02)
    await wire.socket.send_str('{"id":99,"method":"server.ping","params":[]}')
    # The other client's answer proves that the server had its chance to answer the muted one.
    assert (await other.ask("server.ping"))["result"] == "pong"
    with pytest.raises(TimeoutError):
        await wire.socket.receive(timeout=0.1)
    assert not wire.socket.closed
    assert venue.server.connections == 2


async def test_cut_and_refused_connections(venue: SimVenue) -> None:
    wire = await _book_wire(venue)
    venue.server.faults.add(FaultRule(Action.CUT, Moment.PUSH, "orderbook_p"))
    venue.make(Side.BUY, "49000", "1")
    venue.pass_time(0.02)
    assert (await wire.ended()).data == 1011
    venue.server.faults.add(FaultRule(Action.REFUSE, Moment.CONNECT))
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await venue.connect()
    assert refused.value.status == 403
    venue.server.faults.add(FaultRule(Action.ERROR_BEFORE, Moment.CONNECT))
    with pytest.raises(aiohttp.WSServerHandshakeError) as down:
        await venue.connect()
    assert down.value.status == 503
    again = await venue.connect()
    venue.server.cut()
    assert (await again.ended()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSING)


async def test_client_that_does_not_read_is_cut_off(venue: SimVenue) -> None:
    class Transport:
        aborted = False

        def abort(self) -> None:
            self.aborted = True

    transport: Any = Transport()
    socket: Any = None
    link = Link(1, socket, transport, venue.server.faults, max_queued=3)
    for _ in range(3):
        link.send(b"{}")
    assert not transport.aborted
    link.send(b"{}")
    assert transport.aborted
    assert link.overrun


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_sim_command_prints_access_and_ends_with_the_hash(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "tui_trader", "sim", "--json", "--seed", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ, text=True) as process:
        assert process.stdout is not None
        lines = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.send_signal(number)
        lines += [json.loads(line) for line in process.stdout]
        assert process.wait(timeout=10) == 0
    assert [line["event"] for line in lines] == ["start", "access", "stop"]
    assert lines[1]["rest"].startswith("http://127.0.0.1:")
    assert lines[1]["ws"].startswith("ws://127.0.0.1:")
    assert len(lines[1]["secret"]) == 91
    assert len(lines[2]["fill_log"]) == 64


def test_sim_command_ends_when_nobody_reads_it() -> None:
    command = [sys.executable, "-m", "tui_trader", "sim"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines = [process.stdout.readline() for _ in range(6)]
        process.stdout.close()
        url = next(line.split()[1] for line in lines if line.startswith("WS"))

        async def knock() -> None:
            async with aiohttp.ClientSession() as session, session.ws_connect(url):
                pass

        asyncio.run(knock())
        assert process.wait(timeout=10) == 0
        assert process.stderr.read() == ""


def test_an_exchange_whose_lines_nobody_reads_goes_on(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    command = [sys.executable, "-m", "tui_trader", "sim", "--json"]
    with subprocess.Popen(command, stdout=writing, text=True) as process, os.fdopen(reading) as lines:
        os.close(writing)
        url = next(line["ws"] for line in map(json.loads, lines) if line["event"] == "access")

        async def knock() -> None:
            async with aiohttp.ClientSession() as session:
                for _ in range(150):  # two lines each, of some 80 bytes
                    async with asyncio.timeout(30), session.ws_connect(url):
                        pass

        asyncio.run(knock())
        process.send_signal(signal.SIGTERM)
        said = [json.loads(line)["event"] for line in lines]
        assert process.wait(timeout=30) == 0
    assert said.count("connect") == 150
    assert said[-1] == "stop"


def test_sim_command_refuses_a_market_it_cannot_play() -> None:
    command = [sys.executable, "-m", "tui_trader", "sim", "--market", "nowhere.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "nowhere.jsonl: No such file" in done.stderr
