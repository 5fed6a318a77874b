"""Values as text: exact where they are, and said so that a person can read them where they have no end."""

from __future__ import annotations

from decimal import Decimal

from tui_trader.cli import render


def test_a_quotient_is_said_to_what_coins_are_kept_to() -> None:
    assert render.amount(Decimal("-0.0000002015451919225819278421046317")) == "-0.0000002"
    assert render.amount(Decimal("0.014379")) == "0.014379"
    assert render.amount(Decimal("1.2345678901234")) == "1.2345678901234", "a price times a size is exact"
    assert render.amount(None) is None
