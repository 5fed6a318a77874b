"""What a start makes of the journal it finds: who may write, what it goes on from, and what it says of damage."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.storage.journals import answered, intent, reopened
from tui_trader.cli.configure import configuration
from tui_trader.cli.launch import arguments, open_desk, start_guardian
from tui_trader.core.clock import ManualClock
from tui_trader.core.types import InstrumentId, Severity
from tui_trader.desk.desk import Desk
from tui_trader.storage.journal import Journal, read

BTC = InstrumentId("phemex", "BTCUSDT")

Open = Callable[[], contextlib.AbstractAsyncContextManager[Desk]]


@pytest.fixture
def path(shell: Shell, exchange: dict[str, str]) -> Path:
    """Where the journal of the exchange's account is."""
    port = exchange["rest"].rpartition(":")[2]
    return shell.home / "state" / "journal" / f"phemex-sim-{port}-main.jsonl"


@pytest.fixture
def opened(shell: Shell, exchange: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open a desk on the exchange as the program does, without connecting it."""
    monkeypatch.setenv("TUI_TRADER_HOME", str(shell.home))
    shell.config("[hangup]\nguardian = true\n")

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Desk]:
        args = arguments(sim_url=exchange["rest"])
        async with contextlib.AsyncExitStack() as stack:
            yield await open_desk(configuration(args), args, stack)

    return opened


async def test_a_second_terminal_is_told_who_writes_and_has_no_guardian(opened: Open) -> None:
    async with opened() as first, opened() as second:
        assert not first.blocked(BTC).startswith("read-only")
        assert f"read-only: another tui-trader (process {os.getpid()}, since 20" in second.blocked(BTC)
        assert second.lock == "READ-ONLY"
        assert second.recoverable == []
        config = configuration(arguments())
        async with contextlib.AsyncExitStack() as stack:
            assert start_guardian(second, config, stack) is None, "it would act while the first one lives"


def changed(path: Path, change: Callable[[list[bytes]], None]) -> bytes:
    """Write four intents, of which the first is answered, change the file's lines and return what it holds then."""
    journal = Journal(path, ManualClock(), account=path.stem)
    for number in range(4):
        journal.append("intent", intent(number))
    journal.append("outcome", answered(0))
    journal.close()
    lines = path.read_bytes().splitlines(keepends=True)
    change(lines)
    path.write_bytes(b"".join(lines))
    return b"".join(lines)


def held_by(path: Path) -> bytes:
    return path.read_bytes()


async def test_damage_is_an_alarm_and_what_is_open_is_recovered(opened: Open, path: Path) -> None:
    damaged = changed(path, lambda lines: lines.__setitem__(2, b"noise\n"))
    async with opened() as desk:
        (notice,) = [notice for notice in desk.store.notices if notice.severity is Severity.ALARM]
        assert "record 3 (byte" in notice.text
        assert "tui-trader audit set-aside" in notice.text
        assert desk.lock == "NO JOURNAL"
        assert "exits still work" in desk.blocked(BTC)
        assert [body["id"] for body in desk.recoverable] == [intent(number)["id"] for number in (2, 3)]
    assert held_by(path) == damaged


async def test_a_torn_tail_is_said_and_entries_go_on(opened: Open, path: Path) -> None:
    changed(path, lambda lines: lines.__setitem__(-1, lines[-1][:-9]))
    async with opened() as desk:
        assert any("unfinished" in notice.text and notice.severity is Severity.WARNING for notice in desk.store.notices)
        assert desk.lock == ""
        assert len(desk.recoverable) == 4, "the answer was torn"
    assert [record.kind for record in read(path)][-1] == "note"


async def test_what_a_guardian_did_is_said_at_the_next_start_and_not_again(opened: Open, path: Path) -> None:
    journal = Journal(path, ManualClock(), account=path.stem)
    journal.append("guardian", {"policy": "keep", "text": "orders were left at the venue"})
    journal.close()
    async with opened() as desk:
        told = [notice.text for notice in desk.store.notices]
        assert told == ["2023-11-14T22:13:20.000Z: orders were left at the venue"]
    journal, recall = reopened(path)
    journal.append("session", {})
    journal.close()
    assert recall.epilogue == ""


async def test_an_order_of_long_ago_is_still_ours_and_a_strangers_is_not(opened: Open, path: Path) -> None:
    journal, _ = reopened(path, account=path.stem, segment_bytes=2_000)
    old = intent(0xABC)["id"]
    journal.append("intent", intent(0xABC))
    journal.append("outcome", answered(0xABC))
    for number in range(20):
        journal.append("intent", intent(number))
        journal.append("outcome", answered(number))
    journal.close()
    async with opened() as desk:
        blotter = desk.store.blotter
        assert blotter.sent_before(old)
        assert not blotter.sent_before("tt-of-another-machine")
        assert not blotter.sent_before("web-1")
        assert desk.recoverable == []
