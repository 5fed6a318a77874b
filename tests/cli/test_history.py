"""``tui-trader export`` as a shell runs it: the local history as a table, in exact text and always in the same order."""

from __future__ import annotations

import csv
import io
import json
import sys
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import At, Shell
from tests.storage.test_history import BTC, ETH, fill, told
from tui_trader.cli import history as module
from tui_trader.cli.history import COLUMNS
from tui_trader.cli.main import main
from tui_trader.cli.moments import moment
from tui_trader.core.clock import DAY_NS, NS, ManualClock, SystemClock, rfc3339
from tui_trader.core.error import UsageError
from tui_trader.core.event import FundingPaid
from tui_trader.core.types import Liquidity, OrderStatus
from tui_trader.storage.history import History
from tui_trader.storage.history_rows import FundingRow, TransferRow

NOW = 1_700_000_000 * NS
"""2023-11-14T22:13:20Z."""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUI_TRADER_HOME", str(tmp_path))
    return tmp_path / "state" / "history" / "phemex-live-main.sqlite"


@pytest.fixture
def filled(path: Path) -> Path:
    history = History(path, ManualClock(NOW))
    assert history.open()
    maker = {"fee": D("-0.05"), "liquidity": Liquidity.MAKER}
    history.write(
        [
            fill(3, NOW + 2 * NS),
            fill(2, NOW, price=D("50000.10"), realised=D("-1.5")),
            fill(1, NOW, ETH, **maker),
            fill(9, NOW - DAY_NS),
            told(at_ns=NOW, status=OrderStatus.REJECTED, reason="=HYPERLINK(1)", trigger_price=D("0.1")),
            FundingRow.of("main", FundingPaid(BTC, D("-0.120"), "USDT", D("-0.0001"), NOW, "f-1")),
            TransferRow("phemex", "main", "t-1", "USDT", "-5", "wallet", "trading", "done", "", NOW),
        ]
    )
    history.close()
    return path


@pytest.fixture
def run(path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*words: str) -> tuple[int, str, str]:
        code = main(["export", *words, "--env", "live"])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


# -- what is written -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("filled")
def test_fills_are_a_table_in_exact_text_and_by_time(run: Any) -> None:
    code, out, err = run("fills")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == ",".join(COLUMNS["fills"])
    rows = table(out)
    assert [row["exec_id"] for row in rows] == ["e-9", "e-2", "e-1", "e-3"]
    assert rows[1]["at"] == "2023-11-14T22:13:20.000Z"
    assert (rows[1]["qty"], rows[1]["price"], rows[1]["fee"], rows[1]["realised"]) == ("0.01", "50000.1", "0.3", "-1.5")
    assert (rows[1]["venue"], rows[1]["account"]) == ("phemex", "main")


@pytest.mark.usefixtures("filled")
def test_the_same_history_is_the_same_bytes(run: Any) -> None:
    assert run("fills", "--json")[1] == run("fills", "--json")[1]
    rows = json.loads(run("fills", "--json")[1])
    assert [row["exec_id"] for row in rows] == ["e-9", "e-2", "e-1", "e-3"]
    assert list(rows[0]) == list(COLUMNS["fills"])
    assert rows[1]["price"] == "50000.1"


@pytest.mark.usefixtures("filled")
def test_orders_say_yes_and_no_and_nothing_where_nothing_is(run: Any) -> None:
    (row,) = json.loads(run("orders", "--json")[1])
    assert (row["status"], row["external"], row["reduce_only"], row["stop_loss"]) == ("rejected", True, False, None)
    (cells,) = table(run("orders")[1])
    assert (cells["external"], cells["stop_loss"], cells["trigger_price"]) == ("yes", "", "0.1")


@pytest.mark.usefixtures("filled")
def test_what_a_spreadsheet_would_run_is_text_and_signs_of_money_stay(run: Any) -> None:
    (order,) = table(run("orders", "--csv")[1])
    assert order["reason"] == "'=HYPERLINK(1)"
    (paid,) = table(run("funding")[1])
    assert (paid["amount"], paid["rate"]) == ("-0.12", "-0.0001")
    (moved,) = table(run("transfers")[1])
    assert moved["amount"] == "-5"


@pytest.mark.usefixtures("filled")
def test_fees_are_added_up_by_day(run: Any) -> None:
    rows = table(run("fees")[1])
    assert [(row["day"], row["symbol"], row["liquidity"], row["fills"], row["fee"]) for row in rows] == [
        ("2023-11-13", "BTCUSDT", "taker", "1", "0.3"),
        ("2023-11-14", "BTCUSDT", "taker", "2", "0.6"),
        ("2023-11-14", "ETHUSDT", "maker", "1", "-0.05"),
    ]


@pytest.mark.usefixtures("filled")
def test_a_time_to_is_not_in_it_and_a_time_from_is(run: Any) -> None:
    rows = table(run("fills", "--from", "2023-11-14T22:13:20Z", "--to", "2023-11-14T22:13:22Z")[1])
    assert [row["exec_id"] for row in rows] == ["e-2", "e-1"]
    assert table(run("fills", "--from", "today")[1]) == []
    assert run("fills", "--from", "7d", "--json")[1] == "[]\n"


@pytest.mark.usefixtures("filled")
def test_a_file_appears_whole_and_is_not_replaced_unasked(run: Any, tmp_path: Path) -> None:
    out = tmp_path / "fills.csv"
    code, said, err = run("fills", "--out", str(out))
    assert (code, said, err) == (0, "", f"{out}: 4 fills\n")
    assert out.read_bytes().count(b"\r\n") == 5
    code, _, err = run("fills", "--out", str(out))
    assert code == 2
    assert "add --force" in err


@pytest.mark.usefixtures("filled")
def test_a_long_one_says_how_far_it_is(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOLD_EVERY", 2)
    assert run("fills")[2] == ""  # nobody looks
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert run("fills")[2] == "2 fills\n4 fills\n"


def test_it_is_read_while_a_terminal_writes_it(run: Any, path: Path) -> None:
    history = History(path, SystemClock())
    assert history.open()
    history.write([fill(1, SystemClock().wall_ns())])
    assert len(table(run("fills", "--from", "1h")[1])) == 1
    history.close()


@pytest.mark.usefixtures("filled")
def test_fills_and_orders_of_the_past_are_shown_without_asking_anybody(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fills", "--from", "2023-11-14", "--env", "live"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["at", *["2023-11-14T22:13:20.000Z"] * 2, "2023-11-14T22:13:22.000Z"]
    assert main(["orders", "--to", "today", "--env", "live", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["orders"]
    assert (row["status"], row["trigger_price"]) == ("rejected", "0.1")
    assert main(["fills", "--from", "today", "--env", "live"]) == 0
    assert capsys.readouterr().out == "no fills\n"


# -- what is wrong -------------------------------------------------------------------------------------------------------


def test_a_history_that_is_not_there_is_told_with_the_way_to_one(run: Any, path: Path) -> None:
    code, out, err = run("fills")
    assert code == 1
    assert str(path) in err
    assert "--refresh' asks the venue now" in err
    assert table(out) == []


def test_a_damaged_history_is_told_and_left_where_it_is(run: Any, filled: Path) -> None:
    filled.write_bytes(b"\0" * 9999)
    code, _, err = run("fills")
    assert code == 1
    assert "--refresh' does so now" in err
    assert filled.read_bytes() == b"\0" * 9999


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--from", "soon"], "try 2026-11-21T09:30Z"),
        (["--from", "2026-13-01"], "--from 2026-13-01: not a time"),
        (["--from", "25:00"], "not a time"),
        (["--from", "today", "--to", "yesterday"], "--to yesterday is not after --from today"),
    ],
)
def test_times_that_are_none_end_with_2(run: Any, words: list[str], hint: str) -> None:
    code, _, err = run("fills", *words)
    assert code == 2
    assert hint in err


def test_the_private_exchange_has_no_history_that_lasts(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "fills"]) == 2
    assert "--sim-url URL" in capsys.readouterr().err
    assert not path.exists()


def test_both_forms_at_once_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["export", "fills", "--csv", "--json"])
    assert ended.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("today", "2023-11-14T00:00:00.000Z"),
        ("yesterday", "2023-11-13T00:00:00.000Z"),
        ("7d", "2023-11-07T22:13:20.000Z"),
        ("90m", "2023-11-14T20:43:20.000Z"),
        ("9:30", "2023-11-14T09:30:00.000Z"),
        ("09:30:15", "2023-11-14T09:30:15.000Z"),
        ("2026-11-01", "2026-11-01T00:00:00.000Z"),
        ("2026-11-01T09:30", "2026-11-01T09:30:00.000Z"),
        ("2026-11-01T09:30:00.123Z", "2026-11-01T09:30:00.123Z"),
        ("2026-11-01T09:30+02:00", "2026-11-01T07:30:00.000Z"),
        ("1969-01-01", "1970-01-01T00:00:00.000Z"),
    ],
)
def test_times(text: str, expected: str) -> None:
    assert rfc3339(moment(text, "--from", NOW)) == expected


@pytest.mark.parametrize(
    "text", ["", "7", "d", "-7d", "tomorrow", "2026-11-31", "1e3d", "٣d", "9:3", "24:00", "7 d", "9999999999d"]
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(UsageError, match="not a time"):
        moment(text, "--from", NOW)


# -- the whole way -------------------------------------------------------------------------------------------------------


def test_what_was_traded_from_the_shell_is_exported(at: At, shell: Shell) -> None:
    assert at("do", "buy 0.01 BTCUSDT").code == 0
    assert at("do", "close BTCUSDT").code == 0
    recorded = at("export", "fills", "--json")
    assert recorded.code == 0, recorded.err
    rows = json.loads(recorded.out)
    assert {row["side"] for row in rows} == {"buy", "sell"}
    # Somebody who has recorded nothing asks the venue and gets the same.
    other = At(Shell(replace_home(shell)), at.url)
    refreshed = other("export", "fills", "--json", "--refresh")
    assert refreshed.code == 0, refreshed.err
    assert "rows from Phemex" in refreshed.err
    assert json.loads(refreshed.out) == rows
    assert {row["status"] for row in json.loads(at("export", "orders", "--json").out)} == {"filled"}


def replace_home(shell: Shell) -> Path:
    home = shell.home / "other"
    home.mkdir()
    return home
