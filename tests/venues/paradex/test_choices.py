"""What a trader chooses: how orders count, and what becomes of them when the connection ends."""

from __future__ import annotations

from tui_trader.desk.settings import ParadexSettings, Profile, Settings, VenueSettings
from tui_trader.venues.base import Lane
from tui_trader.venues.paradex import PARADEX
from tui_trader.venues.registry import load


def test_the_usual_venue_is_retail_and_leaves_orders_alone() -> None:
    assert load("paradex") is PARADEX
    assert Settings().venue("paradex").choices == {"interactive": True, "cancel_on_disconnect": False}
    assert VenueSettings().choices == {}
    assert PARADEX.rate_groups["orders"] == (30, 60.0)


def test_choices_reach_the_venue() -> None:
    own = ParadexSettings(profile=Profile.PRO, cancel_on_disconnect=True)
    assert PARADEX.choose is not None
    venue = PARADEX.choose(**own.choices)
    assert venue.rate_groups["orders"] == (800, 1.0)
    assert b'"enabled":true' in venue.feed(Lane.PRIVATE, None).heartbeat()[0]
    assert b'"enabled":false' in PARADEX.feed(Lane.PRIVATE, None).heartbeat()[0]
