"""No mistyped number reaches the venue, and each is told by its place and its cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad.cockpit import Cockpit, assert_precise, matches, reads
from tests.bad.numbers import ROWS, Typed
from tests.bad.row import Row
from tui_trader.core.command import PlaceOrder
from tui_trader.core.grammar import parse


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_a_mistyped_number(tmp_path: Path, row: Row) -> None:
    cockpit = Cockpit(tmp_path)
    for case in row.cases:
        if case.value is not None:
            _reads_as(case)
        else:
            await _is_refused(cockpit, case)
    await cockpit.desk.close()


def _reads_as(case: Typed) -> None:
    (command,) = parse(case.line).commands
    assert isinstance(command, PlaceOrder)
    value = command.size.value if case.slot == "size" else command.price.number if command.price else None
    assert value == case.value, case.line


async def _is_refused(cockpit: Cockpit, case: Typed) -> None:
    line = case.line
    error = reads(line)
    if error is not None:
        assert_precise(error, line)
        wrong = cockpit.edit(line[:-1])
        assert wrong, f"the form took {line!r}"
    said = await cockpit.say(line)
    assert cockpit.sent() == [], line
    assert said, f"{line!r}: not a word"
    assert said.isprintable(), line
    assert matches(case.says, said), f"{line!r}: {said!r} is not /{case.says}/"
    assert not cockpit.desk.creates()
    cockpit.forget()
