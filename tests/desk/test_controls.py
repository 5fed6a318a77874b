"""What may be sent, who ends it, and what it takes to begin again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tui_trader.core.clock import ManualClock
from tui_trader.core.error import CommandError
from tui_trader.core.facts import TradingState
from tui_trader.core.types import Severity
from tui_trader.desk.controls import Controls, FailureLimits
from tui_trader.storage.state_file import StateFile
from tui_trader.venues.base import Outcome, Verdict

ACTIVE, REDUCING, HALTED = TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED
LOST = Verdict(Outcome.UNKNOWN, "timeout", "no answer")
DONE = Verdict(Outcome.ACK)


class Account:
    """The controls of one account, and all that they said and recorded."""

    def __init__(self, path: Path | None, failures: FailureLimits | None = None) -> None:
        self.said: list[str] = []
        self.records: list[tuple[str, Mapping[str, Any]]] = []
        file = StateFile(path) if path else None
        self.controls = Controls(ManualClock(), name="phemex", file=file, failures=failures)
        self.controls.attend(record=lambda kind, body: self.records.append((kind, body)), say=self._hear)

    def _hear(self, text: str, severity: Severity) -> None:
        self.said.append(text)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "main.state.json"


def test_it_begins_active(path: Path) -> None:
    account = Account(path)
    assert account.controls.state is ACTIVE
    assert account.controls.words() == "trading is active"


@pytest.mark.parametrize("state", [REDUCING, HALTED])
def test_a_restart_does_not_forget(path: Path, state: TradingState) -> None:
    first = Account(path)
    (first.controls.halt if state is HALTED else first.controls.reduce)("because")
    again = Account(path).controls
    assert again.state is state
    assert "because" in again.words()
    assert first.records == [("state", {"state": state, "reason": "because"})]


def test_without_a_file_it_ends_with_the_program() -> None:
    account = Account(None)
    account.controls.halt("because")
    assert account.controls.state is HALTED
    assert Account(None).controls.state is ACTIVE


def test_another_process_halts_this_one(path: Path) -> None:
    mine, theirs = Account(path), Account(path)
    theirs.controls.halt("panic from a shell")
    assert mine.controls.state is HALTED
    assert mine.said == ["another process: HALTED: panic from a shell; exits still work, :resume phemex lets entries out again"]


def test_a_lesser_state_never_replaces_a_greater_one(path: Path) -> None:
    account = Account(path)
    account.controls.halt("first")
    account.controls.reduce("then")
    account.controls.halt("again")
    assert account.controls.state is HALTED
    assert account.controls.reason == "first"
    assert len(account.records) == 1


@pytest.mark.parametrize("typed", ["", "yes", "phemex2", "phem"])
def test_a_halt_is_left_only_by_the_name(path: Path, typed: str) -> None:
    account = Account(path)
    account.controls.halt("because")
    with pytest.raises(CommandError) as caught:
        account.controls.resume(typed)
    assert (caught.value.message, caught.value.fix) == ("trading is halted (because)", "resume phemex")
    assert account.controls.state is HALTED
    account.controls.resume("Phemex")
    assert account.controls.state is ACTIVE
    assert Account(path).controls.state is ACTIVE


def test_reducing_is_left_by_a_word(path: Path) -> None:
    account = Account(path)
    account.controls.reduce("because")
    assert account.controls.resume("") == "trading is active again"
    assert account.controls.resume("") == "trading is active: there is nothing to resume"


# -- failures in a row --------------------------------------------------------------------------------------------------


def test_failures_in_a_row_end_entries_and_then_trading(path: Path) -> None:
    account = Account(path)
    states = []
    for _ in range(6):
        account.controls.hear(LOST)
        states.append(account.controls.state)
    assert states == [ACTIVE, ACTIVE, REDUCING, REDUCING, HALTED, HALTED]
    assert account.controls.reason == "5 order requests in a row got no answer from the venue"


@pytest.mark.parametrize("answer", [Outcome.ACK, Outcome.REJECTED, Outcome.EXISTS, Outcome.MISSING])
def test_an_answer_ends_the_row(path: Path, answer: Outcome) -> None:
    account = Account(path)
    for _ in range(10):
        account.controls.hear(LOST)
        account.controls.hear(LOST)
        account.controls.hear(Verdict(answer))
    assert account.controls.state is ACTIVE


@pytest.mark.parametrize("code", ["connect", "dns", "tls", "connect_timeout"])
def test_a_venue_that_cannot_be_reached_counts(path: Path, code: str) -> None:
    account = Account(path)
    for _ in range(5):
        account.controls.hear(Verdict(Outcome.NOT_SENT, code))
    assert account.controls.state is HALTED


@pytest.mark.parametrize(
    "own", [Verdict(Outcome.NOT_SENT, "local_limit"), Verdict(Outcome.NOT_SENT, "read_only"), Verdict(Outcome.LIMITED)]
)
def test_what_this_side_or_a_rate_refused_does_not(path: Path, own: Verdict) -> None:
    account = Account(path)
    for _ in range(10):
        account.controls.hear(own)
    assert account.controls.state is ACTIVE


def test_the_numbers_are_the_configured_ones(path: Path) -> None:
    account = Account(path, FailureLimits(reducing=1, halted=2))
    account.controls.hear(LOST)
    assert account.controls.state is REDUCING
    account.controls.hear(LOST)
    assert account.controls.state is HALTED


def test_resuming_begins_to_count_anew(path: Path) -> None:
    account = Account(path)
    for _ in range(5):
        account.controls.hear(LOST)
    account.controls.resume("phemex")
    account.controls.hear(LOST)
    assert account.controls.state is ACTIVE


# -- a file that cannot be believed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["{", "[]", '{"state":"asleep"}', '{"state":7}'])
def test_what_cannot_be_read_may_have_been_a_halt(path: Path, content: str) -> None:
    path.write_text(content)
    controls = Account(path).controls
    assert controls.state is HALTED
    assert "cannot be read" in controls.reason
    controls.resume("phemex")
    assert Account(path).controls.state is ACTIVE


def test_a_state_that_cannot_be_written_is_in_force_and_said(tmp_path: Path) -> None:
    account = Account(tmp_path / "missing" / "main.state.json")
    account.controls.halt("because")
    assert account.controls.state is HALTED
    assert "will not survive a restart" in account.said[0]


def test_notes_survive_beside_the_state(path: Path) -> None:
    account = Account(path)
    account.controls.remember("opening", {"USDT": "1"})
    account.controls.halt("because")
    again = Account(path).controls
    assert again.note("opening") == {"USDT": "1"}
    assert again.note("nothing") is None
    assert again.state is HALTED
