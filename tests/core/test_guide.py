"""The manual is made of the grammar's tables, its examples read, and every word has its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_trader.core.command import spell_line
from tui_trader.core.grammar import READERS, complete, parse
from tui_trader.core.language.guide import examples, explain_word, manual
from tui_trader.core.language.terms import OffsetUnit, PriceRef
from tui_trader.core.language.vocabulary import CLAUSE_TABLE, REF_TABLE, SELECTOR_TABLE, UNIT_TABLE, VERB_TABLE
from tui_trader.core.language.words import SHORT_FOR, SIDES, VERBS

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "language.md"
_HOLDS_A_LINE = {"when", "every", "bind", "alias", "buy", "sell"}


def test_the_manual_is_what_the_tables_make() -> None:
    made = MANUAL.read_text("utf-8")
    assert made == manual(), "write it anew: python -m tui_trader.core.language"


@pytest.mark.parametrize("example", examples())
def test_every_example_reads_and_is_spelled_back(example: str) -> None:
    line = parse(example)
    assert parse(spell_line(line)) == line


def test_every_reader_has_a_row_and_every_row_a_reader() -> None:
    rows = {row.name for row in VERB_TABLE}
    assert rows == set(READERS) | _HOLDS_A_LINE
    assert len(rows) == len(VERB_TABLE)


def test_every_price_unit_and_clause_has_a_row() -> None:
    assert [row.name for row in REF_TABLE] == [str(ref) for ref in PriceRef]
    assert {row.name for row in UNIT_TABLE} == {str(unit) for unit in OffsetUnit}
    for row in CLAUSE_TABLE:
        assert row.name in row.example.replace(":", " ").split()


@pytest.mark.parametrize("word", [*VERBS, *(row.name for row in CLAUSE_TABLE), *(row.name for row in REF_TABLE)])
def test_every_word_has_its_line_of_help(word: str) -> None:
    said = explain_word(word)
    assert said
    assert "\n" not in said
    assert len(said) < 260


def test_help_of_a_word_that_is_none_is_empty() -> None:
    assert explain_word("frobnicate") == ""


def test_examples_are_of_the_word_that_they_stand_beside() -> None:
    for row in VERB_TABLE:
        assert row.example.split()[0].rstrip(":") == row.name, row
    for table in (CLAUSE_TABLE, SELECTOR_TABLE):
        for row in table:
            assert row.example, row


def test_completion_offers_every_verb() -> None:
    assert {word for word in VERBS if len(word) > 1} - SHORT_FOR.keys() == set(complete("", ()))
    assert set(SIDES) <= set(VERBS)
