"""The table is whole: 135 classes, each with cases or with tests that exist, and two thousand cases at least."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.bad.table import SECTIONS, SIZES, lines

ROOT = Path(__file__).parents[2]
ROWS = [row for rows in SECTIONS.values() for row in rows]


def test_every_class_has_its_row() -> None:
    assert tuple(len(rows) for rows in SECTIONS.values()) == SIZES
    assert len(ROWS) == 135
    for rows in SECTIONS.values():
        assert len({row.name for row in rows}) == len(rows)


def test_every_row_says_what_must_come_of_it_and_is_held() -> None:
    for row in ROWS:
        assert row.put_in, row.name
        assert row.expected, row.name
        assert row.cases or row.also, row.name


def test_there_are_two_thousand_cases() -> None:
    assert sum(len(row.cases) for row in ROWS) >= 2_000
    assert lines()[-1].endswith("generated cases")


@pytest.mark.parametrize("named", sorted({name for row in ROWS for name in row.also}))
def test_a_test_that_is_named_exists(named: str) -> None:
    path, _, name = named.partition("::")
    tree = ast.parse((ROOT / path).read_text())
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
