"""Conditions in three values, against an oracle that tries every value an unknown number could have."""

from __future__ import annotations

import itertools
import operator
from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trader.core.alert import Reading, Sight, judge, resolved
from tui_trader.core.alert_text import read_whole, spell_condition
from tui_trader.core.error import CommandError
from tui_trader.core.language.condition import Comparison, Condition, Event, Figure, Happening, Subject
from tui_trader.core.language.condition import Test as Compared

OPERATORS = {
    Comparison.ABOVE: operator.gt,
    Comparison.BELOW: operator.lt,
    Comparison.AT_LEAST: operator.ge,
    Comparison.AT_MOST: operator.le,
}
SUBJECTS = [Subject(Figure.LAST, "A"), Subject(Figure.MARK, "A"), Subject(Figure.DAY), Subject(Figure.FUNDING, "B")]
HAPPENINGS = [Happening(Event.FILL), Happening(Event.FILL, "A"), Happening(Event.REJECTED, "B")]

numbers = st.integers(-6, 6).map(lambda n: D(n) / 2)
tests = st.builds(Compared, st.sampled_from(SUBJECTS), st.sampled_from(list(Comparison)), numbers | st.sampled_from(SUBJECTS))
terms = tests | st.sampled_from(HAPPENINGS)
conditions = st.lists(st.lists(terms, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3).map(
    lambda rows: Condition(tuple(rows))
)
figures = st.fixed_dictionaries({subject: st.none() | numbers for subject in SUBJECTS})
events = st.fixed_dictionaries({happening: st.none() | st.booleans() for happening in HAPPENINGS})


class Known:
    """Readings from two tables; what is None there cannot be relied on."""

    def __init__(self, figures: dict[Subject, D | None], events: dict[Happening, bool | None]) -> None:
        self.figures, self.events = figures, events

    def figure(self, subject: Subject) -> Reading:
        value = self.figures[subject]
        return Reading(D(1), "old") if value is None else Reading(value)

    def happening(self, happening: Happening) -> Sight:
        seen = self.events[happening]
        return Sight(False, "down") if seen is None else Sight(seen)


def plainly(condition: Condition, known: Known, slack: D = D(0)) -> bool:
    """What a condition comes to when everything is known: rational numbers, no third value."""

    def holds(term: Compared | Happening) -> bool:
        if isinstance(term, Happening):
            return bool(known.events[term])
        left = Fraction(known.figures[term.subject])
        right = Fraction(known.figures[term.bound] if isinstance(term.bound, Subject) else term.bound)
        ease = abs(right) * Fraction(slack) / 100
        right += ease if term.comparison in (Comparison.BELOW, Comparison.AT_MOST) else -ease
        return OPERATORS[term.comparison](left, right)

    return any(all(holds(term) for term in row) for row in condition.alternatives)


@given(conditions, figures, events, st.sampled_from([D(0), D("0.1"), D(50)]))
def test_it_is_met_exactly_when_everything_is_known_to_meet_it(
    condition: Condition, figures: dict[Subject, D], events: dict[Happening, bool], slack: D
) -> None:
    whole = {key: D(0) if value is None else value for key, value in figures.items()}
    sure = Known(whole, {key: bool(value) for key, value in events.items()})
    verdict = judge(condition, sure, slack)
    assert verdict.met is plainly(condition, sure, slack)
    assert verdict.blind == ""


@given(conditions, figures, events)
def test_what_is_unknown_never_decides(
    condition: Condition, figures: dict[Subject, D | None], events: dict[Happening, bool | None]
) -> None:
    """A verdict of yes or no holds whatever the unknown numbers are; three of them, far apart, stand for all."""
    verdict = judge(condition, Known(figures, events))
    unknown = [key for key, value in figures.items() if value is None]
    unsure = [key for key, value in events.items() if value is None]
    outcomes = set()
    for values in itertools.product([D(-100), D(0), D(100)], repeat=len(unknown)):
        for seen in itertools.product([False, True], repeat=len(unsure)):
            full = Known(
                {**figures, **dict(zip(unknown, values, strict=True))}, {**events, **dict(zip(unsure, seen, strict=True))}
            )
            outcomes.add(plainly(condition, full))
    if verdict.met is not None:
        assert outcomes == {verdict.met}
    else:
        assert verdict.blind


@given(conditions, figures, events, st.sampled_from([D("0.1"), D(5), D(200)]))
def test_easier_bounds_are_met_at_least_as_often(
    condition: Condition, figures: dict[Subject, D | None], events: dict[Happening, bool | None], slack: D
) -> None:
    known = Known(figures, events)
    if judge(condition, known).met:
        assert judge(condition, known, slack).met


@given(conditions)
def test_the_spelling_reads_back(condition: Condition) -> None:
    assert read_whole(spell_condition(condition)) == condition


def test_symbols_are_spelled_as_the_venue_does() -> None:
    typed = read_whole("btcusdt > 1 && mark < 2 && day < -3 && ethusdt fill && fill")
    condition = resolved(typed, lambda text: text.upper() or "FOCUS")
    assert spell_condition(condition) == "BTCUSDT last > 1 && FOCUS mark < 2 && day < -3 && ETHUSDT fill && fill"
    assert spell_condition(resolved(read_whole("upnl < 0"), lambda text: "FOCUS")) == "upnl < 0"


@pytest.mark.parametrize("text", ["BTCUSDT last > 1 bell", "BTCUSDT last >", "", "BTCUSDT last > 1 : flat"])
def test_what_is_not_a_condition_alone_is_refused(text: str) -> None:
    with pytest.raises(CommandError):
        read_whole(text)
