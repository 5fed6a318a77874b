"""What a failure says: where and what, never the values it held."""

from __future__ import annotations

import io
import logging
from contextlib import redirect_stderr

import pytest
from textual.app import ComposeResult
from textual.widgets import Input, Static

from tui_trader.secrets.redactor import Redactor
from tui_trader.ui import crash
from tui_trader.ui.adapter import CellApp

SECRET = "".join(["s3cr3t", "-", "value"])


def fail() -> None:
    api_key = SECRET
    assert api_key
    raise LookupError("no such instrument\x1b]52;c;QQ==\x07")


def caught() -> LookupError:
    with pytest.raises(LookupError) as info:
        fail()
    return info.value


def test_the_report_names_the_place_and_holds_no_values() -> None:
    lines = crash.short_report(caught())
    assert lines[0].startswith("tui-trader stopped: LookupError: no such instrument")
    assert any("in fail" in line for line in lines)
    assert lines[-1].startswith("reference ")
    text = "\n".join(lines)
    assert SECRET not in text
    assert "\x1b" not in text
    assert "\x07" not in text


@pytest.mark.crashes
def test_the_log_gets_the_whole_traceback_under_the_same_reference_and_no_values(caplog: pytest.LogCaptureFixture) -> None:
    error = caught()
    with caplog.at_level(logging.CRITICAL):
        mark = crash.record(error)
    assert mark == crash.reference(error)
    assert mark in caplog.text
    assert "raise LookupError" in caplog.text
    assert SECRET not in caplog.text


def test_a_cause_and_a_group_are_named() -> None:
    def chained() -> None:
        try:
            fail()
        except LookupError as error:
            raise ExceptionGroup("both", [ValueError("one"), KeyError("two")]) from error

    with pytest.raises(ExceptionGroup) as info:
        chained()
    text = "\n".join(crash.short_report(info.value))
    assert "because of LookupError" in text
    assert "+ ValueError: one" in text


class Failing(CellApp[None]):
    def compose(self) -> ComposeResult:
        yield Static()

    def key_x(self) -> None:
        api_key = SECRET
        assert api_key
        fail()


@pytest.mark.crashes
async def test_an_app_that_fails_prints_the_report_and_no_values() -> None:
    printed = io.StringIO()
    app = Failing()
    app.error_console.file = printed
    with redirect_stderr(printed), pytest.raises(LookupError):
        async with app.run_test() as pilot:
            await pilot.press("x")
    assert app.return_code == 1
    assert "tui-trader stopped: LookupError" in printed.getvalue()
    assert SECRET not in printed.getvalue()
    assert "api_key" not in printed.getvalue()


KEY = "Zq8-Wn3xT_5vLrPz7HnJm4YsFa8EuToI1RkQxVhZ"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    redactor = Redactor()
    redactor.learn(KEY)
    for module in ("crash", "adapter"):
        monkeypatch.setattr(f"tui_trader.ui.{module}.REDACTOR", redactor)


@pytest.mark.usefixtures("known")
@pytest.mark.crashes
def test_a_secret_in_the_words_of_a_failure_is_taken_out_before_they_are_cut(caplog: pytest.LogCaptureFixture) -> None:
    error = LookupError(f"{'x ' * 90}{KEY}{' y' * 90}")
    text = "\n".join(crash.short_report(error))
    assert "…" in text
    assert KEY[:6] not in text
    with caplog.at_level(logging.CRITICAL):
        crash.record(error)
    assert "[redacted]" in caplog.text
    assert KEY not in caplog.text


class Showing(CellApp[None]):
    def compose(self) -> ComposeResult:
        yield Static(f"the key is {KEY}", markup=False)
        yield Input(value=f"key {KEY}", id="open")
        yield Input(value="typed-unseen", password=True, id="unseen")


@pytest.mark.usefixtures("known")
async def test_neither_the_clipboard_nor_a_picture_gets_a_secret() -> None:
    app = Showing()
    async with app.run_test() as pilot:
        picture = app.export_screenshot()
        assert KEY not in picture
        assert "[redacted]" in picture
        for name in ("open", "unseen"):
            field = app.query_one(f"#{name}", Input)
            field.focus()
            await pilot.pause()
            field.select_all()
            field.action_copy()
            assert app.clipboard == "key [redacted]", name
