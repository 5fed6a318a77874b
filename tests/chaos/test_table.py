"""The table itself: every row of the matrix is there, every proof exists, nothing is left out without a reason."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.chaos.cases import Case, cases, read_table

ROOT = Path(__file__).parents[2]

ROWS = [*range(1, 55), *range(56, 62), *range(63, 66)]
"""Rows of the matrix that this program has to meet; the others are about things it does not have."""


def named(node_id: str) -> bool:
    """Whether a test of that name is written down; that it runs and passes is for the run itself to say."""
    file, *names = node_id.split("::")
    path = ROOT / file
    if not path.is_file():
        return False
    body: list[ast.stmt] = ast.parse(path.read_text()).body
    for name in names:
        kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        found = next((one for one in body if isinstance(one, kinds) and one.name == name), None)
        if found is None:
            return False
        body = found.body
    return bool(names)


@pytest.mark.parametrize("row", ROWS)
def test_every_row_of_the_matrix_is_in_the_table(row: int) -> None:
    mine = [case for case in cases() if case.row == row]
    assert mine, f"row {row} is not in the table"
    assert all(case.is_played or case.proofs or case.why_not for case in mine)


@pytest.mark.parametrize("case", [case for case in cases() if case.proofs], ids=lambda case: case.id)
def test_every_proof_exists(case: Case) -> None:
    missing = [proof for proof in case.proofs if not named(proof)]
    assert not missing


def test_no_two_rows_have_the_same_name() -> None:
    names = [case.id for case in cases()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "line",
    [
        "1 | a name | | lost",
        "one | a name | | | submit a | a live",
        "1 | a name | sometimes | | submit a | a live",
        "1 | a name | | $NOTHING: lost | submit a | a live",
    ],
)
def test_a_line_that_is_no_row_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(ValueError, match="line 2 is no row"):
        read_table(f"# a table\n{line}")
