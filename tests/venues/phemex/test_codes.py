"""Codes are compared as integers, classed on proof only, and said in words."""

from __future__ import annotations

import pytest

from tui_trader.venues.base import Outcome, RequestKind
from tui_trader.venues.phemex import codes
from tui_trader.venues.sayings import said


def test_classes_do_not_overlap() -> None:
    groups = [codes.DUPLICATE, codes.IN_FLIGHT, codes.LIMITED, codes.ALREADY_FINAL, {codes.NOT_FOUND}]
    unproven = frozenset().union(*groups)
    assert len(unproven) == sum(map(len, groups))
    assert not unproven & codes.REJECTIONS.keys()


@pytest.mark.parametrize("kind", [kind for kind in RequestKind if kind.is_write])
def test_an_unheard_of_code_proves_nothing_about_a_write(kind: RequestKind) -> None:
    for code in (1, 11999, 39996, 99999, -1):
        assert codes.classify(code, kind) is Outcome.UNKNOWN


def test_duplicates_count_for_creates_alone() -> None:
    assert codes.classify(11085, RequestKind.CREATE) is Outcome.EXISTS
    assert codes.classify(11085, RequestKind.CANCEL) is Outcome.UNKNOWN


def test_every_known_code_has_a_sentence() -> None:
    for code in (*codes.REJECTIONS, *codes.DUPLICATE, *codes.IN_FLIGHT, *codes.LIMITED, *codes.ALREADY_FINAL, 10002, 39996):
        text = codes.sentence(code)
        assert "answered with code" not in text
        assert text == text.strip() != ""
        assert not text.endswith(".")


def test_the_venues_words_are_added_where_they_say_more() -> None:
    assert codes.sentence(11001, "TE_NO_ENOUGH_AVAILABLE_BALANCE") == "not enough free margin for this order"
    assert codes.sentence(30000, "Please double check input arguments").endswith("(Please double check input arguments)")
    assert codes.sentence(77777, "Odd\x07 thing") == "Odd\ufffd thing (code 77777)", "it can still be looked up"
    assert codes.sentence(77777) == "the venue answered with code 77777"
    assert said(" No error ") == said(None) == said("OK") == ""
