"""The specification is whole: numbers stand once, needs are capabilities, and every capability has a case that needs it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from tests.conformance.families import families, offers
from tests.conformance.manual import capability_table
from tests.conformance.steps import Steps
from tests.conformance.table import read_table, specs
from tui_trader.venues.capabilities import Capabilities

ROOT = Path(__file__).parents[2]

NOT_OFFERED = {
    ("TC-084", "phemex USDⓈ-M"): "not offered: risk_limit",
    ("TC-055", "phemex COIN-M"): "not offered: attached_to_more",
    ("TC-062", "phemex COIN-M"): "not offered: trigger index",
    ("TC-070", "phemex COIN-M"): "not offered: hedge",
    ("TC-071", "phemex COIN-M"): "not offered: hedge",
    ("TC-072", "phemex COIN-M"): "not offered: hedge",
    ("TC-073", "phemex COIN-M"): "not offered: hedge",
    ("TC-074", "phemex COIN-M"): "not offered: hedge",
    ("TC-099", "phemex USDⓈ-M"): "not offered: nameless",
    ("TC-099", "phemex COIN-M"): "not offered: nameless",
    ("TC-055", "mexc COIN-M"): "not offered: attached_to_more",
    **{
        (number, family): f"not offered: {what}"
        for family in ("mexc USDT-M", "mexc COIN-M")
        for what, numbers in (
            ("amend", "TC-020 TC-021 TC-022 TC-023"),
            ("risk_limit", "TC-084"),
            ("transfers", "TC-104"),
            ("touched_reduces", "TC-077"),
        )
        for number in numbers.split()
    },
    **{
        (number, family): "not offered: cancel_on_disconnect"
        for number in ("TC-106", "TC-107")
        for family in ("phemex USDⓈ-M", "phemex COIN-M", "mexc USDT-M", "mexc COIN-M")
    },
    **{
        (number, family): "not offered: tif rpi"
        for number in ("TC-036", "TC-037")
        for family in ("phemex USDⓈ-M", "phemex COIN-M", "mexc USDT-M", "mexc COIN-M")
    },
    **{
        (number, family): "not offered: together"
        for number in ("TC-120", "TC-121", "TC-122", "TC-123")
        for family in ("phemex USDⓈ-M", "phemex COIN-M", "mexc USDT-M", "mexc COIN-M")
    },
    ("TC-077", "phemex USDⓈ-M"): "not offered: touched_reduces",
    ("TC-077", "phemex COIN-M"): "not offered: touched_reduces",
    **{
        (number, "paradex"): f"not offered: {what}"
        for what, numbers in (
            ("tif fok", "TC-034 TC-035"),
            ("attached_exits", "TC-050 TC-051 TC-052 TC-053 TC-054 TC-055"),
            ("trigger last", "TC-061"),
            ("trigger index", "TC-062"),
            ("nameless", "TC-099"),
            ("opens touched", "TC-065 TC-066"),
            ("type trailing_stop", "TC-069 TC-078"),
            ("hedge", "TC-070 TC-071 TC-072 TC-073 TC-074"),
            ("isolated", "TC-081 TC-103"),
            ("assign_margin", "TC-083"),
            ("risk_limit", "TC-084"),
            ("transfers", "TC-104"),
        )
        for number in numbers.split()
    },
}
"""What is not played, and why: nothing may drop out of the matrix unseen."""

NO_CASE = {
    "resize_waiting": "a bracket's business, held by tests/core/test_bracket.py",
    "whole_exits": "what the key for a stop writes, held by tests/desk/test_both_families.py",
    "attached_limits": "exits with a limit are told by the tests of the requests and of the exchange's mask",
    "trading": "every case",
    "max_client_id": "a length, held by tests/core/test_ids.py",
}


def test_what_is_not_played_is_known() -> None:
    refused = {(spec.number, one.name): why for one in families() for spec in specs() if (why := one.refuses(spec))}
    assert refused == NOT_OFFERED


def test_every_capability_has_a_case() -> None:
    needed = {need for spec in specs() for need in spec.capabilities}
    for family in families():
        able = family.capabilities
        wanted = {f"type {word.value}" for word in able.order_types} | {f"trigger {word.value}" for word in able.triggers}
        wanted |= {f"tif {word.value}" for word in able.tifs if word.value != "gtc"}  # what nothing says
        wanted |= {one.name for one in fields(Capabilities) if getattr(able, one.name) is True and one.name not in NO_CASE}
        assert wanted <= needed, family.name


@pytest.mark.parametrize("venue", ["mexc", "paradex", "phemex"])
def test_the_manual_holds_the_capability_table(venue: str) -> None:
    manual = (ROOT / "docs" / "venues" / f"{venue}.md").read_text()
    told = f"run: python -m tests.conformance --manual {venue}, and put it into docs/venues/{venue}.md"
    assert capability_table(venue) in manual, told


def test_every_need_is_a_capability() -> None:
    for spec in specs():
        for need in spec.capabilities:
            offers(families()[0].capabilities, need)
    with pytest.raises(ValueError, match="no such capability"):
        offers(families()[0].capabilities, "luck")


def test_every_verb_is_there() -> None:
    for spec in specs():
        for step in spec.case(families()[0].requests).steps:
            verb = step.removeprefix("begin ").split()[0]
            assert hasattr(Steps, f"_do_{verb}"), f"{spec.number}: {verb}"


@pytest.mark.parametrize(
    "line",
    [
        "TC-1 | short number | | | buy a 1 | a live",
        "TC-001 | nothing done | | | | a live",
        "TC-001 | nothing seen | | | buy a 1 |",
        "TC-001 | too few | | buy a 1 | a live",
        "TC-002 | first | | | buy a 1 | a live\nTC-001 | second | | | buy a 1 | a live",
        "TC-002 | first | | | buy a 1 | a live\nTC-002 | again | | | buy a 1 | a live",
    ],
)
def test_a_line_that_is_no_case_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(ValueError, match=r"line [12]"):
        read_table(line)
