"""The guardian as it is needed: a terminal in a process of its own is killed, and the orders on another process's exchange."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import ROOT, At, Shell
from tui_trader.cli import guardian
from tui_trader.cli.configure import configuration
from tui_trader.cli.guardian import Watch
from tui_trader.cli.launch import arguments, open_desk, start_guardian
from tui_trader.cli.main import main
from tui_trader.core.clock import SystemClock
from tui_trader.core.error import TraderError
from tui_trader.core.order import OrderTicket
from tui_trader.core.types import ClientOrderId, InstrumentId, OrderType, Side
from tui_trader.desk import sweep
from tui_trader.net.limiter import Limiter
from tui_trader.net.rest import RestClient
from tui_trader.secrets.secret import Secret
from tui_trader.storage.journal import Journal, read
from tui_trader.venues.base import Credential, Outcome, Request, Verdict
from tui_trader.venues.phemex import PHEMEX
from tui_trader.venues.phemex.orders import PhemexOrders

DEADLINE_S = 30.0
BTC, ETH = InstrumentId("phemex", "BTCUSDT"), InstrumentId("phemex", "ETHUSDT")

TERMINAL = """
import asyncio, contextlib, sys
from tui_trader.cli.configure import configuration
from tui_trader.cli.launch import arguments, open_desk, start_guardian

async def live(url):
    args = arguments(sim_url=url, command="tui")
    config = configuration(args)
    async with contextlib.AsyncExitStack() as stack:
        desk = await open_desk(config, args, stack)
        await desk.start(["BTCUSDT"], None)
        guardian = start_guardian(desk, config, stack)
        while not (guardian.ready and desk.reconciled):
            await asyncio.sleep(0.02)
        print(guardian.pid, flush=True)
        loop = asyncio.get_running_loop()
        while word := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
            match word:
                case "release":
                    guardian.release()
                case "notices":
                    print([n.text for n in desk.store.notices if "guardian" in n.text], flush=True)
                case "sell":
                    from tui_trader.desk.commands import Executor
                    from tui_trader.core.grammar import parse
                    desk.show(desk.symbol("ETHUSDT"))
                    while desk.blocked(desk.symbol("ETHUSDT")):
                        await asyncio.sleep(0.02)
                    for command in parse("sell 0.1 ETHUSDT @ ask+3%").commands:
                        await Executor(desk).run(command, send=True)
                    print("sold", flush=True)

asyncio.run(live(sys.argv[1]))
"""


def until(condition: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
    end = time.monotonic() + deadline_s
    while not (found := condition()):
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.02)
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Venue:
    """The exchange as it answers whoever holds the key: the truth about orders, and of no concern to any journal."""

    def __init__(self, access: dict[str, str]) -> None:
        self._base = access["rest"]
        self._credential = Credential(access["key"], Secret(access["secret"]))

    async def _ask(self, *asked: Callable[[PhemexOrders], list[Request]]) -> list[Verdict]:
        clock = SystemClock()
        limiter = Limiter({"contract": (1_000, 1.0), "other": (1_000, 1.0)}, clock)
        dialect = PhemexOrders()
        verdicts = []
        async with RestClient(self._base, hosts={"127.0.0.1"}, clock=clock, limiter=limiter, on_lost=lambda *_: None) as client:
            listing = await client.send(dialect.instruments(), dialect)
            (listed,) = listing.events
            dialect.list_instruments(listed.instruments)  # type: ignore[union-attr]
            for each in asked:
                verdicts += [await client.send(request, dialect, self._credential) for request in each(dialect)]
        assert all(verdict.outcome is Outcome.ACK for verdict in verdicts), verdicts
        return verdicts

    def orders(self) -> int:
        """Return how many orders are open."""
        verdicts = asyncio.run(self._ask(lambda venue: [venue.open_orders(iid) for iid in (BTC, ETH)]))
        return sum(len(event.reports) for verdict in verdicts for event in verdict.events)  # type: ignore[union-attr]

    def rest_one(self) -> None:
        """Leave exactly one order resting."""
        number = time.monotonic_ns()
        ticket = OrderTicket(ClientOrderId(f"rest-{number}"), BTC, Side.BUY, OrderType.LIMIT, Decimal("0.01"), Decimal(94_000))
        asyncio.run(
            self._ask(
                lambda venue: [*venue.cancel_all(BTC), *venue.cancel_all(ETH)],
                lambda venue: [venue.place(ticket, PHEMEX.assume("BTCUSDT"))],
            )
        )


@pytest.fixture
def venue(exchange: dict[str, str]) -> Venue:
    """The exchange with one order on it."""
    found = Venue(exchange)
    found.rest_one()
    return found


@dataclass
class Guarded:
    """A terminal's side with its guardian."""

    process: subprocess.Popen[Any]
    guardian: int
    home: Path

    def ask(self, word: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return str(self.process.stdout.readline())

    def verdict(self) -> dict[str, Any]:
        """Return what the guardian wrote into the journal, once it is gone."""
        until(lambda: not is_alive(self.guardian), "the end of the guardian")
        journals = (self.home / "state" / "journal").glob("*.jsonl")
        found = [record.body for path in journals for record in read(path) if record.kind == "guardian"]
        assert len(found) <= 1, "once is enough"
        return dict(found[0]) if found else {}


@pytest.fixture
def guarded(at: At) -> Iterator[Callable[[str], Guarded]]:
    """Start a terminal's side under a policy."""
    started: list[Guarded] = []

    def start(policy: str) -> Guarded:
        at.shell.config(f'[hangup]\nguardian = true\non_hangup = "{policy}"\n')
        process = subprocess.Popen(
            [sys.executable, "-c", TERMINAL, at.url],
            env=at.shell.environ,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        started.append(Guarded(process, int(process.stdout.readline()), at.shell.home))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()
        until(lambda one=one: not is_alive(one.guardian), "the end of the guardian")  # type: ignore[misc]


def test_killing_the_terminal_has_its_orders_cancelled_and_verified(guarded: Callable[[str], Guarded], venue: Venue) -> None:
    one = guarded("cancel_all")
    assert one.ask("sell") == "sold\n", "in an instrument that was never watched, told to nobody but the journal"
    assert venue.orders() == 2
    one.process.send_signal(signal.SIGKILL)
    verdict = one.verdict()
    assert verdict["text"] == "the terminal ended without leaving; verified: 0 open orders left"
    assert verdict["unverified"] == []
    assert verdict["symbols"] == ["BTCUSDT", "ETHUSDT"]
    assert venue.orders() == 0


def test_under_keep_the_orders_stay_and_the_key_is_nowhere_to_be_read(
    guarded: Callable[[str], Guarded], venue: Venue, exchange: dict[str, str]
) -> None:
    one = guarded("keep")
    for name in ("cmdline", "environ"):
        told = Path(f"/proc/{one.guardian}/{name}").read_bytes()
        assert exchange["secret"].encode() not in told
        assert exchange["key"].encode() not in told
    assert [os.readlink(f"/proc/{one.guardian}/fd/{number}") for number in (0, 1, 2)] == ["/dev/null"] * 3
    limits = Path(f"/proc/{one.guardian}/limits").read_text()
    assert [line.split()[4] for line in limits.splitlines() if line.startswith("Max core")] == ["0"]
    one.process.send_signal(signal.SIGKILL)
    assert "orders were left at the venue" in one.verdict()["text"]
    assert venue.orders() == 1


def test_a_clean_exit_leaves_everything_alone(guarded: Callable[[str], Guarded], venue: Venue) -> None:
    one = guarded("cancel_all")
    assert one.process.stdin is not None
    one.process.stdin.write("release\n\n")
    one.process.stdin.close()
    assert one.process.wait(DEADLINE_S) == 0
    assert one.verdict() == {}
    assert venue.orders() == 1


def test_the_terminal_is_told_when_its_guardian_dies_and_nothing_hangs_when_both_do(
    guarded: Callable[[str], Guarded], venue: Venue
) -> None:
    one = guarded("cancel_all")
    assert os.getsid(one.guardian) == one.guardian, "a session of its own"
    os.kill(one.guardian, signal.SIGHUP)
    time.sleep(0.2)
    assert one.ask("notices") == "[]\n", "a hang-up of the terminal's session is nothing to it"
    os.kill(one.guardian, signal.SIGKILL)
    said = until(lambda: (line := one.ask("notices")) != "[]\n" and line, "the alarm")
    assert "ended by signal 9" in said
    assert "nobody acts on its orders" in said
    one.process.send_signal(signal.SIGKILL)
    assert one.process.wait(DEADLINE_S) == -signal.SIGKILL
    assert one.verdict() == {}
    assert venue.orders() == 1


# -- the program itself --------------------------------------------------------------------------------------------------


class Pty:
    """The program in a pseudo-terminal that is read and not looked at."""

    def __init__(self, shell: Shell, *args: str) -> None:
        self._reader, writer = pty.openpty()
        environ = {**shell.environ, "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            shell.argv(*args), env=environ, cwd=ROOT, stdin=writer, stdout=writer, stderr=writer, start_new_session=True
        )
        os.close(writer)
        os.set_blocking(self._reader, False)

    def read(self) -> None:
        try:
            while os.read(self._reader, 65536):
                pass
        except OSError:
            pass

    def guardian(self) -> int:
        """Return the process that the program started, once it waits."""

        def found() -> int:
            self.read()
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            waiting = [int(pid) for pid in children if b"guardian" in Path(f"/proc/{pid}/cmdline").read_bytes()]
            return next((pid for pid in waiting if os.readlink(f"/proc/{pid}/fd/0") == "/dev/null"), 0)

        return int(until(found, "the guardian"))

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        code = until(lambda: (self.read(), self.process.poll())[1] is not None, "the end of the program")
        os.close(self._reader)
        assert code
        return int(self.process.returncode)


@pytest.mark.parametrize(("number", "left"), [(signal.SIGTERM, 1), (signal.SIGHUP, 0), (signal.SIGKILL, 0)])
def test_the_program_says_goodbye_to_its_guardian_or_is_acted_for(at: At, venue: Venue, number: int, left: int) -> None:
    """Told to end it leaves orders alone; hung up on it cancels them itself; killed it has them cancelled."""
    at.shell.config('[hangup]\nguardian = true\non_hangup = "cancel_all"\n')
    screen = Pty(at.shell, "tui", "--sim-url", at.url)
    one = Guarded(screen.process, screen.guardian(), at.shell.home)
    assert screen.end(number) == (-number if number == signal.SIGKILL else 128 + number)
    if number != signal.SIGHUP:  # a hang-up that it had no time to answer itself is left to the guardian
        assert bool(one.verdict()) is (number == signal.SIGKILL)
    assert venue.orders() == left


async def test_a_private_exchange_has_no_guardian(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with the program, and so do its orders."""
    monkeypatch.setenv("TUI_TRADER_HOME", str(shell.home))
    shell.config("[hangup]\nguardian = true\n")
    args = arguments()
    async with contextlib.AsyncExitStack() as stack:
        desk = await open_desk(configuration(args), args, stack)
        assert start_guardian(desk, configuration(args), stack) is None


# -- on its own ----------------------------------------------------------------------------------------------------------


def charge(folder: Path, **changes: Any) -> bytes:
    told = {
        "venue": "phemex",
        "env": "sim",
        "label": "main",
        "rest": "http://127.0.0.1:9",
        "ws": "ws://127.0.0.1:9",
        "key": "key",
        "secret": "secret",
        "policy": "keep",
        "journal": str(folder / "j.jsonl"),
        "journal_name": "j",
        "symbols": ["BTCUSDT"],
        "since": "2026-01-01T00:00:00.000Z",
    }
    return json.dumps(told | changes).encode() + b"\n"


@pytest.mark.parametrize("line", [b"", b"\n", b"{}\n", b"[1]\n", b"x" * 100])
def test_what_is_no_charge_is_not_taken(line: bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        Watch.charged(line)


@pytest.mark.parametrize("wrong", [{"venue": "nowhere"}, {"policy": "sell everything"}, {"rest": "http://example.com"}])
def test_a_charge_that_cannot_be_carried_out_is_not_taken(tmp_path: Path, wrong: dict[str, str]) -> None:
    assert Watch.charged(charge(tmp_path))
    with pytest.raises((ValueError, TraderError)):
        Watch.charged(charge(tmp_path, **wrong))


def test_without_a_charge_it_ends_in_silence(shell: Shell) -> None:
    ran = shell("guardian", stdin="{}\n")
    assert (ran.code, ran.out) == (2, "")


async def test_a_journal_that_somebody_else_holds_leaves_a_file_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guardian, "LOCK_S", 0.1)
    journal = Journal(tmp_path / "j.jsonl", SystemClock())
    journal.append("intent", {"id": "tt-1", "symbol": "ETHUSDT"})
    await Watch.charged(charge(tmp_path)).act()
    journal.close()
    beside = tmp_path / "j.guardian"
    assert beside.stat().st_mode & 0o777 == 0o600
    told = json.loads(beside.read_text())
    assert (told["policy"], told["symbols"]) == ("keep", ["BTCUSDT", "ETHUSDT"])
    assert [record.kind for record in read(tmp_path / "j.jsonl")] == ["intent"]


async def test_a_lock_that_the_dying_terminal_still_has_is_waited_for(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl", SystemClock())
    asyncio.get_running_loop().call_later(0.2, journal.close)
    await Watch.charged(charge(tmp_path)).act()
    assert [record.kind for record in read(tmp_path / "j.jsonl")] == ["journal", "guardian"]
    assert not (tmp_path / "j.guardian").exists()


async def test_when_nothing_answers_the_journal_says_not_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "LIMIT_S", 0.5)
    await Watch.charged(charge(tmp_path, policy="cancel_all")).act()
    (record,) = [record for record in read(tmp_path / "j.jsonl") if record.kind == "guardian"]
    assert record.body["unverified"] == ["BTCUSDT"]
    assert "NOT VERIFIED" in record.body["text"]


def test_nobody_starts_it_by_hand(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda fd: True)
    assert main(["guardian"]) == 2
    assert "started by the terminal" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "guardian" not in capsys.readouterr().out
