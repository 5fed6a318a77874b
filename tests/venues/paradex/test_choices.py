"""What a trader chooses: how orders count, and what becomes of them when the connection ends."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import orjson
import pytest

from tests.venues.paradex.conftest import BTC, KEY, NOW_NS, ok, static
from tui_trader.cli.guardian import Watch
from tui_trader.core.order import OrderTicket
from tui_trader.core.types import ClientOrderId, OrderType, Side
from tui_trader.desk.account import Account
from tui_trader.desk.environment import Environment
from tui_trader.desk.guardian import Charge
from tui_trader.desk.settings import ParadexSettings, Profile, Settings, VenueSettings
from tui_trader.desk.settings.venue import SelfTrade
from tui_trader.venues.base import Lane, Venue
from tui_trader.venues.paradex import PARADEX
from tui_trader.venues.registry import load, load_chosen


def test_the_usual_venue_is_retail_and_leaves_orders_alone() -> None:
    assert load("paradex") is PARADEX
    usual = {"interactive": True, "cancel_on_disconnect": False, "self_trade": "expire_taker"}
    assert Settings().venue("paradex").choices == PARADEX.choices == usual
    assert VenueSettings().choices == {}
    assert PARADEX.terms is not None
    assert PARADEX.terms.windows == ((3, 1.0), (30, 60.0), (300, 3_600.0), (1_000, 86_400.0))


def test_choices_reach_the_venue() -> None:
    own = ParadexSettings(profile=Profile.PRO, cancel_on_disconnect=True, self_trade=SelfTrade.EXPIRE_BOTH)
    venue = load_chosen("paradex", own.choices)
    assert venue.choices == own.choices
    assert venue.terms is None, "pro orders are held back by nothing but the venue's own limit"
    assert venue.rate_groups["orders"] == (800, 1.0)
    ticket = OrderTicket(ClientOrderId("tt-1"), BTC.id, Side.BUY, OrderType.LIMIT, Decimal("0.03"), Decimal(60_000))
    assert orjson.loads(venue.orders().place(ticket, BTC).body)["stp"] == "EXPIRE_BOTH"
    assert "stp" not in orjson.loads(PARADEX.orders().place(ticket, BTC).body), "the venue's own choice is left to it"
    assert b'"enabled":true' in venue.feed(Lane.PRIVATE, None).heartbeat()[0]
    assert b'"enabled":false' in PARADEX.feed(Lane.PRIVATE, None).heartbeat()[0]


@pytest.mark.parametrize("venue", [PARADEX, load_chosen("paradex", ParadexSettings(profile=Profile.PRO).choices)])
def test_a_guardian_asks_for_tokens_of_the_kind_that_the_terminal_had(venue: Venue) -> None:
    account = Account(venue, Environment.TESTNET, venue.addresses("testnet"), KEY)
    charge = Charge.of(account, policy="keep", journal=Path("j"), symbols=[], since="2026-01-01T00:00:00Z")
    told = Charge.read(charge.line())
    assert told.choices == venue.choices
    dialect = Watch(told)._dialect
    config = dialect.admission(KEY, NOW_NS, early=False)
    dialect.parse(config, ok(static("systemConfig")))
    asked = dialect.admission(KEY, NOW_NS, early=False)
    assert asked.query == ("token_usage=interactive" if venue is PARADEX else "")
