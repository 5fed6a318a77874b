"""What real money asks for before it may be moved."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tui_trader.core.error import ConfigError, RefusedError, TraderError, UsageError
from tui_trader.desk.live import DISCLAIMERS, PHRASE, Consent, obtain, text_hash


class Person:
    """Answers questions in order."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []
        self.told: list[str] = []

    def ask(self, question: str) -> str:
        self.asked.append(question)
        return self._answers.pop(0)


def attempt(person: Person | None, *, allowed: bool = True, acknowledged: str = "", named: str = "") -> Consent:
    ask: Callable[[str], str] | None = person.ask if person else None
    say = person.told.append if person else lambda line: None
    return obtain("phemex", allowed=allowed, acknowledged=acknowledged, named=named, ask=ask, say=say)


def test_the_risk_is_acknowledged_and_the_venue_is_named() -> None:
    person = Person(PHRASE, "phemex\n")
    assert attempt(person) == Consent("phemex", text_hash(), acknowledged_now=True)
    assert [line.strip() for line in person.told] == list(DISCLAIMERS)
    assert person.asked[1] == "REAL MONEY at phemex. Type the name of the venue to go on: "


def test_what_was_acknowledged_before_is_not_asked_again_but_the_name_is() -> None:
    person = Person("PHEMEX")
    assert attempt(person, acknowledged=text_hash()) == Consent("phemex", text_hash(), acknowledged_now=False)
    assert person.told == []


def test_another_text_has_to_be_acknowledged_again() -> None:
    person = Person(PHRASE.upper(), "phemex")
    assert attempt(person, acknowledged="0" * 64).acknowledged_now


@pytest.mark.parametrize(
    ("person", "options", "kind", "words"),
    [
        (Person(), {"allowed": False}, ConfigError, "allow_live = true"),
        (Person("ok"), {}, RefusedError, "not acknowledged"),
        (Person(""), {}, RefusedError, "not acknowledged"),
        (Person(PHRASE, "mexc"), {}, RefusedError, "'mexc' is not phemex"),
        (Person(PHRASE, ""), {}, RefusedError, "is not phemex"),
        (Person(PHRASE), {"named": "paradex"}, RefusedError, "'paradex' is not phemex"),
        (None, {}, UsageError, "start the terminal once"),
        (None, {"acknowledged": text_hash()}, UsageError, "--live phemex"),
    ],
)
def test_everything_else_starts_nothing(
    person: Person | None, options: dict[str, object], kind: type[TraderError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        attempt(person, **options)  # type: ignore[arg-type]


def test_a_script_names_the_venue_once_the_risk_was_acknowledged() -> None:
    assert attempt(None, acknowledged=text_hash(), named="phemex").venue == "phemex"
