"""``tui-trader audit`` as a shell runs it: proof, timeline, export, and the way on after damage."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import ROOT, At, Shell
from tests.storage.journals import answered, intent, open_ids, reopened
from tui_trader.cli import audit
from tui_trader.cli.export import COLUMNS
from tui_trader.cli.main import main
from tui_trader.core.clock import ManualClock
from tui_trader.desk.records import OpenIntents
from tui_trader.storage.journal import Journal

NAME = "phemex-testnet-main"
AT = ("--env", "testnet")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which commands run inside this process."""
    monkeypatch.setenv("TUI_TRADER_HOME", str(tmp_path))
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path


@pytest.fixture
def path(home: Path) -> Path:
    """The journal of the testnet account: a bought and cancelled order, a lost answer, and kinds that nobody knows."""
    path = home / "state" / "journal" / f"{NAME}.jsonl"
    clock = ManualClock()
    journal = Journal(path, clock, account=NAME, recall=OpenIntents())
    first, second = intent(0xA1), {**intent(0xB2), "side": "sell", "price": "97000.50", "type": "limit", "tif": "gtc"}
    journal.append("intent", first)
    journal.append("outcome", answered(0xA1))
    journal.append("cancel", {"id": first["id"], "venue_id": "v-77"})
    clock.advance(3600)
    journal.append("intent", second)
    journal.append("outcome", {**answered(0xB2), "outcome": "unknown", "code": "503", "text": "=cmd|'/C calc'!A0\x1b[31m"})
    journal.append("absent", {"id": second["id"]})
    clock.advance(86_400)
    journal.append("session", {"what": "start", "version": "0.9", "pid": 7})
    journal.append("fill", {"id": first["id"], "qty": "0.01", "price": "96000.5", "fee": "-0.05"})
    journal.close()
    return path


@pytest.fixture
def run(path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run ``audit`` on that journal; gives code, standard output and standard error."""

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["audit", *words, *AT])
        return (code, *capsys.readouterr())

    return run


def spoil(path: Path, number: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    lines[number - 1] = lines[number - 1].replace(b'"kind"', b'"kinb"')
    path.write_bytes(b"".join(lines))


# -- verify --------------------------------------------------------------------------------------------------------------


def test_a_whole_journal_is_proved(run: Any, path: Path) -> None:
    code, out, err = run("verify")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == f"{path}: whole"
    assert "records 1 to 9 proved, 2023-11-14T22:13:20.000Z to 2023-11-15T23:13:20.000Z" in out
    assert re.search(r"last hash [0-9a-f]{64}$", out, re.MULTILINE)


def test_the_proof_as_json(run: Any, path: Path) -> None:
    code, out, _ = run("verify", "--json")
    document = json.loads(out)
    assert (code, document["ok"]) == (0, True)
    (journal,) = document["journals"]
    (part,) = journal["parts"]
    assert journal["journal"] == part["file"] == str(path)
    assert (part["records"], part["first"]["n"], part["last"]["n"], part["torn_bytes"], part["damage"]) == (9, 1, 9, 0, None)


def test_damage_is_named_with_its_place_and_the_way_on(run: Any, path: Path) -> None:
    spoil(path, 3)
    offset = sum(map(len, path.read_bytes().splitlines(keepends=True)[:2]))
    code, out, _ = run("verify")
    assert code == 1
    assert f"DAMAGED: record 3 (byte {offset}) is damaged" in out
    assert "records 1 to 2 proved" in out
    assert f"tui-trader audit set-aside '{path}'" in out
    code, out, _ = run("verify", "--json")
    document = json.loads(out)
    assert (code, document["ok"]) == (1, False)
    assert document["journals"][0]["parts"][0]["damage"]["record"] == 3


def test_set_aside_goes_on_and_verify_agrees(run: Any, path: Path) -> None:
    spoil(path, 7)
    code, out, _ = run("set-aside")
    assert code == 0
    assert "kept as it was; record 7" in out
    assert f"still to be asked after: order {intent(0xB2)['id']} BTCUSDT" in out
    assert run("verify")[0] == 0
    journal, recall = reopened(path, account=NAME)
    assert (journal.failure, open_ids(recall)) == ("", [0xB2])
    journal.close()
    assert "nothing was changed" in run("set-aside")[1]


def test_it_works_while_a_terminal_writes(run: Any, path: Path) -> None:
    journal = Journal(path, ManualClock())
    with path.open("ab") as file:
        file.write(b'{"n":10,"at":"20')
    code, out, _ = run("verify")
    assert code == 0
    assert "16 bytes of an unfinished record" in out
    assert run("show")[0] == 0
    code, _, err = run("set-aside")
    assert code == 1
    assert f"process {os.getpid()}" in err
    journal.close()


def test_all_means_every_journal_and_parts_are_not_journals(run: Any, path: Path) -> None:
    for name in ("phemex-live-main.jsonl", f"{NAME}.2.jsonl", f"{NAME}.jsonl.damaged-1"):
        (path.parent / name).write_bytes(b"")
    (path.parent / f"{NAME}.2.jsonl").unlink()
    code, out, _ = run("verify", "--all", "--json")
    assert code == 0
    assert [Path(one["journal"]).name for one in json.loads(out)["journals"]] == ["phemex-live-main.jsonl", f"{NAME}.jsonl"]
    assert "no record proved" in run("verify", str(path.parent / "phemex-live-main.jsonl"))[1]


@pytest.mark.parametrize("words", [["verify", "nothing.jsonl"], ["verify", "--all", __file__], ["export", "csv", "nothing"]])
def test_wrong_files_are_a_matter_of_usage(run: Any, words: list[str]) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith("tui-trader: ")


def test_before_the_first_order_there_is_none(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("verify", "show", "set-aside"):
        assert main(["audit", command]) == 0
        assert capsys.readouterr().out == "no journal yet\n"


# -- show ----------------------------------------------------------------------------------------------------------------


def test_the_timeline_reads(run: Any) -> None:
    code, out, err = run("show")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "2023-11-14  phemex-testnet-main",
        "22:13:20.000       1  program  journal             account=phemex-testnet-main",
        "22:13:20.000       2  trader   intent      0000a1  buy 0.01 BTCUSDT at market",
        "22:13:20.000       3  venue    outcome     0000a1  place -> ack",
        "22:13:20.000       4  trader   cancel      0000a1  cancel (venue id v-77)",
        "23:13:20.000       5  trader   intent      0000b2  sell 0.01 BTCUSDT @ 97000.50 limit gtc",
        "23:13:20.000       6  venue    outcome     0000b2  place -> unknown [503]: =cmd|'/C calc'!A0�[31m",
        "23:13:20.000       7  program  absent      0000b2  the venue never had it",
        "2023-11-15  phemex-testnet-main",
        "23:13:20.000       8  program  session             what=start  version=0.9  pid=7",
        "23:13:20.000       9  venue    fill        0000a1  qty=0.01  price=96000.5  fee=-0.05",
    ]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["--order", "a1"], [2, 3, 4, 9]),
        (["--order", "v-77"], [4]),
        (["--kind", "fill", "--kind", "absent"], [7, 9]),
        (["-n", "2"], [8, 9]),
        (["--since", "2023-11-15"], [8, 9]),
        (["--since", "2023-11-14T23:13:20Z", "-n", "3"], [7, 8, 9]),
        (["--since", "2023-11-15T01:13:20+02:00"], [5, 6, 7, 8, 9]),
        (["--since", "1d"], []),
    ],
)
def test_what_is_shown_can_be_chosen(run: Any, words: list[str], numbers: list[int]) -> None:
    code, out, _ = run("show", "--json", *words)
    assert code == 0
    assert [row["n"] for row in json.loads(out)["records"]] == numbers
    assert ("no records" in run("show", *words)[1]) is (not numbers)


def test_an_end_that_several_orders_share_is_said(run: Any, path: Path) -> None:
    journal = Journal(path, ManualClock())
    journal.append("intent", intent(0xFA1))
    journal.close()
    assert "2 orders end in 'a1'" in run("show", "--order", "a1")[2]


@pytest.mark.parametrize("words", [["show", "--since", "soon"], ["show", "-n", "0"], ["export", "csv", "--to", "2026-13-01"]])
def test_words_that_mean_nothing_are_named(run: Any, words: list[str]) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert words[-1] in err


def test_behind_a_damage_records_are_shown_as_not_proved(run: Any, path: Path) -> None:
    spoil(path, 5)
    code, out, err = run("show")
    assert code == 1
    assert "DAMAGED" in err
    assert "4  trader   cancel" in out
    assert "?     6  venue" in out


def test_colours_are_for_a_terminal(path: Path, home: Path) -> None:
    command = Shell(home).argv("audit", "show", *AT)

    def coloured(**variables: str) -> bytes:
        reader, writer = pty.openpty()
        environ = {**Shell(home).environ, **variables}
        with subprocess.Popen(command, cwd=ROOT, env=environ, stdin=writer, stdout=writer) as process:
            os.close(writer)
            said = b""
            try:
                while piece := os.read(reader, 4096):
                    said += piece
            except OSError:
                pass
            os.close(reader)
        assert process.returncode == 0
        return said

    assert b"\x1b[31m" in coloured()
    assert b"\x1b" not in coloured(NO_COLOR="1")
    assert "\x1b" not in Shell(home)("audit", "show", *AT).out


# -- export --------------------------------------------------------------------------------------------------------------


def test_csv_has_every_record_in_stable_columns(run: Any) -> None:
    code, out, _ = run("export", "csv")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert [row["n"] for row in rows] == [str(n) for n in range(1, 10)]
    assert rows[4]["price"] == "97000.50", "money exactly as it was recorded"
    assert rows[4]["at"] == "2023-11-14T23:13:20.000Z"
    assert rows[5]["id"] == rows[4]["id"], "an outcome is found by the order's id"
    assert rows[5]["text"].startswith("'=cmd"), "a spreadsheet must not run what a venue said"
    assert json.loads(rows[8]["body"])["fee"] == "-0.05"
    assert {row["proved"] for row in rows} == {"yes"}


def test_json_has_the_same_and_the_whole_body(run: Any) -> None:
    rows = json.loads(run("export", "json")[1])
    assert [row["n"] for row in rows] == list(range(1, 10))
    assert rows[4]["price"] == "97000.50"
    assert rows[8]["body"]["fee"] == "-0.05"
    assert len({row["prev"] for row in rows}) == 9
    assert json.loads(run("export", "json", "--from", "1h")[1]) == []


def test_a_time_span_has_its_end_excluded(run: Any) -> None:
    rows = json.loads(run("export", "json", "--from", "2023-11-14T23:00Z", "--to", "2023-11-15T23:13:20Z")[1])
    assert [row["n"] for row in rows] == [5, 6, 7]


def test_a_file_is_written_whole_private_and_not_over_another(run: Any, home: Path) -> None:
    out = home / "audit.csv"
    assert run("export", "csv", "--out", str(out))[0] == 0
    assert out.stat().st_mode & 0o777 == 0o600
    assert len(out.read_text().splitlines()) == 10
    code, _, err = run("export", "json", "--out", str(out))
    assert code == 2
    assert "--force" in err
    assert out.read_text().startswith("journal,n,at")
    assert run("export", "json", "--out", str(out), "--force")[0] == 0
    assert json.loads(out.read_text())
    assert sorted(path.name for path in home.iterdir()) == ["audit.csv", "state"], "no draft stays"
    code, _, err = run("export", "csv", "--out", str(home / "no" / "folder"))
    assert code == 1
    assert "cannot be written" in err


def test_an_export_that_breaks_leaves_no_file(run: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(*_: object) -> Iterator[object]:
        yield from ()
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(audit, "_entries", breaking)
    with pytest.raises(OSError, match="Input/output"):
        run("export", "csv", "--out", str(home / "audit.csv"))
    assert [path.name for path in home.iterdir()] == ["state"]


def test_a_damaged_journal_is_exported_with_what_is_not_proved_marked(run: Any, path: Path) -> None:
    spoil(path, 5)
    code, out, err = run("export", "csv")
    assert code == 1
    assert "DAMAGED" in err
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    assert [row["n"] for row in rows if row["proved"] == "no"] == ["6", "7", "8", "9"]


# -- with the program ----------------------------------------------------------------------------------------------------


def test_what_do_sent_is_in_the_journal_of_its_exchange_and_damage_keeps_nobody_from_leaving(
    at: At, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def verified() -> dict[str, Any]:
        main(["audit", "verify", "--json", "--sim-url", at.url])
        (journal,) = json.loads(capsys.readouterr().out)["journals"]
        return dict(journal)

    monkeypatch.setenv("TUI_TRADER_HOME", str(at.shell.home))
    assert at("do", "buy 0.01 BTCUSDT").code == 0
    journal = verified()
    assert re.fullmatch(r"phemex-sim-\d+-main\.jsonl", Path(journal["journal"]).name)
    assert journal["ok"]
    assert journal["parts"][0]["records"] == 5, "whose it is, the start, the intent, what came of it, and the end"
    spoil(Path(journal["journal"]), 3)
    assert at("do", "close").code == 0
    assert main(["audit", "set-aside", "--sim-url", at.url]) == 0
    capsys.readouterr()
    assert verified()["ok"]
