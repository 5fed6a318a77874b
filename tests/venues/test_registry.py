"""Venues are found by name, first-party ones without installed metadata, and a wrong name is answered with the right ones."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from tui_trader.core.error import UsageError
from tui_trader.venues import registry
from tui_trader.venues.base import Lane
from tui_trader.venues.phemex import PHEMEX


def points(*pairs: tuple[str, str]) -> list[EntryPoint]:
    return [EntryPoint(name, value, registry.GROUP) for name, value in pairs]


def test_first_party_needs_no_metadata() -> None:
    assert registry.names(list) == ["mexc", "paradex", "phemex"]
    assert registry.load("phemex", list) is PHEMEX


def test_the_installed_package_agrees() -> None:
    assert "phemex" in registry.names()
    assert registry.load("phemex") is PHEMEX


def test_a_third_party_venue() -> None:
    found = points(("other", "tui_trader.venues.phemex:PHEMEX"))
    assert registry.names(lambda: found) == ["mexc", "other", "paradex", "phemex"]
    assert registry.load("other", lambda: found) is PHEMEX


def test_first_party_names_cannot_be_taken() -> None:
    found = points(("phemex", "json:loads"))
    assert registry.load("phemex", lambda: found) is PHEMEX


def test_a_wrong_name_is_answered_with_the_right_ones() -> None:
    with pytest.raises(UsageError, match=r"no venue is called 'binance'; there are: mexc, other, paradex, phemex"):
        registry.load("binance", lambda: points(("other", "x:y")))


@pytest.mark.parametrize("value", ["no.such.module:X", "json:NO_SUCH_NAME"])
def test_one_that_does_not_load(value: str) -> None:
    with pytest.raises(UsageError, match=r"venue 'other' \(.*\) does not load"):
        registry.load("other", lambda: points(("other", value)))


def test_one_that_is_no_venue() -> None:
    with pytest.raises(UsageError, match="is not a Venue but function"):
        registry.load("other", lambda: points(("other", "json:loads")))


def test_phemex_is_described() -> None:
    assert PHEMEX.endpoints["live"].ws == "wss://ws.phemex.com"
    assert PHEMEX.endpoints["testnet"].rest == "https://testnet-api.phemex.com"
    assert PHEMEX.feed(Lane.PUBLIC, None).lane is Lane.PUBLIC
    assert PHEMEX.orders().expiry_s() == 10.0
    assert set(PHEMEX.rate_groups) == {"contract", "other", "ip"}
