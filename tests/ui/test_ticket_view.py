"""The ticket: what the three lines say at 80 and 120 cells, number by number."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.ui.desks import Keys, quiet_desk
from tests.ui.panes.conftest import assert_exact, roles, texts
from tui_trader.ui.format import ELLIPSIS
from tui_trader.ui.panes.spans import text_of
from tui_trader.ui.panes.ticket import TicketView


@pytest.fixture
async def keys(tmp_path: Path) -> AsyncIterator[Keys]:
    desk = quiet_desk(tmp_path)
    yield Keys(desk)
    await desk.close()


@pytest.fixture
def ticket(keys: Keys) -> TicketView:
    return TicketView(keys.desk.store, keys.desk.clock, keys.desk.stage)


def title(ticket: TicketView) -> str:
    return "  ".join(text_of(phrase.spans) for phrase in ticket.title())


async def test_the_order_its_exits_and_the_position_after(keys: Keys, ticket: TicketView) -> None:
    await keys.type("buy 0.010 @ 67400 po sl 66640 tp 2R")
    assert texts(ticket.body(120, 3)) == [
        " BUY 0.010 BTC BTCUSDT LMT 67,400.0 po gtc  notional 674.00  lev 10x mgn 68.17  fee 0.07 maker  -0.02% from mark",
        " SL 66,640.0 mark  = -7.60 (0.06% eq)   TP 68,920.0  = +15.20  RR 2.00  exits native; ours until the entry is whole",
        " after: LONG 0.510 @67,051.0  BE 67,131.5  liq --   limits: all ok",
    ]
    assert texts(ticket.body(80, 3))[0] == " BUY 0.010 BTC BTCUSDT LMT 67,400.0 po gtc  notional 674.00  lev 10x mgn 68.17"
    assert title(ticket) == "STAGE (not sent)  Enter send  Esc drop"


async def test_a_stop_that_follows_says_how_far_behind_it_is_where_it_begins_and_who_sends_it(
    keys: Keys, ticket: TicketView
) -> None:
    keys.desk.world.position(None, "0")
    await keys.type("buy 0.010 @ 67400 trail 1% tp 2R")
    exits = texts(ticket.body(120, 3))[1]
    assert exits.startswith(" TRAIL 674.0 from 66,726.0  = -6.74 (0.05% eq)   TP 68,748.0")
    assert exits.endswith("exits ours: while this terminal is up")
    assert texts(ticket.body(80, 3))[1].startswith(" TRAIL 674.0 from 66,726.0")


async def test_a_close_says_what_it_realises(keys: Keys, ticket: TicketView) -> None:
    keys.do("close", "close.50")
    rows = texts(ticket.body(80, 3))
    assert rows[0] == " SELL 0.250 BTC BTCUSDT MKT ioc ro  notional 16,853.00  fee 10.11 taker"
    assert rows[1].startswith(" realises +92.00")
    assert rows[2].startswith(" after: LONG 0.250 @67,044.0")
    assert "close 50%" in title(ticket)


@pytest.mark.parametrize("width", [80, 120])
async def test_a_hard_objection_and_its_fix_are_always_whole(keys: Keys, ticket: TicketView, width: int) -> None:
    await keys.type("buy 3 @ 67000 sl 66640")
    text = "\n".join(texts(ticket.body(width, 3)))
    assert " NO: order of $201,000.00 is above the limit of $100,000.00" in text
    assert "-> at most 1.492 BTC" in text
    assert roles(ticket.body(width, 3), "NO:") == {"alarm"}
    assert "Enter refused" in title(ticket)


async def test_a_soft_objection_says_how_often_enter_is_needed(keys: Keys, ticket: TicketView) -> None:
    await keys.type("sell 0.01 @ 67411")
    assert "CHECK: would trade with your own buy at 67411  " in texts(ticket.body(120, 3))[2]
    assert "Enter twice sends" in title(ticket)
    ticket.confirming = True
    assert "Enter again sends" in title(ticket)


async def test_hard_objections_come_first(keys: Keys, ticket: TicketView) -> None:
    await keys.type("sell 3 @ 67411")  # too large, and against the own buy
    last = "\n".join(texts(ticket.body(120, 3)))
    assert last.index("NO: ") < last.index("(+")
    assert "CHECK" not in last


def test_what_cannot_be_computed_is_said_with_the_fix(keys: Keys, ticket: TicketView) -> None:
    keys.do("join.buy")
    keys.desk.world.book([], [("67413", "1")])
    rows = texts(ticket.body(80, 3))
    assert rows[0] == " BTCUSDT has no bid price now"
    assert rows[1].startswith(" try: a price")
    assert "Enter refused" in title(ticket)


def test_blocked_is_said_of_entries_only(keys: Keys, ticket: TicketView) -> None:
    ticket.blocked = "the book is stale"
    assert texts(ticket.body(80, 3))[1] == " entries blocked: the book is stale"
    greyed = {span.text.strip(): span.role for span in ticket.body(80, 3)[0]}
    assert greyed["b buy at bid"] == "stale", "a key that would be refused does not look like one that works"
    assert greyed["x close"] == "dim", "the way out is open"
    keys.do("join.buy")
    assert texts(ticket.body(80, 3))[2] == " BLOCKED: the book is stale"
    assert "Enter refused" in title(ticket)
    keys.do("drop", "close")
    assert "BLOCKED" not in "".join(texts(ticket.body(80, 3)))
    assert "Enter send" in title(ticket)


@pytest.mark.parametrize(
    "line", ["buy 0.010 @ 67400 po sl 66640 tp 2R", "buy 3 @ 67000 sl 66640", "sell 0.01 @ 67411", "rev", ""]
)
async def test_no_width_cuts_a_number(keys: Keys, ticket: TicketView, line: str) -> None:
    if line == "rev":
        keys.do("close")
    elif line:
        await keys.type(line)
    whole = " ".join(texts(ticket.body(400, 3))).split()
    for width in range(40, 201):
        rows = ticket.body(width, 3)
        assert_exact(rows, width, 3)
        for word in " ".join(texts(rows)).split():
            if ELLIPSIS in word and width >= 80:
                assert not any(character.isdigit() for character in word), (width, word)
            if any(character.isdigit() for character in word) and width >= 80 and not word.startswith("(+"):
                assert word in whole, (width, word)


async def test_money_is_said_in_the_coin_that_a_contract_settles_in(keys: Keys, ticket: TicketView) -> None:
    await keys.type("buy 900 solusd @ 170.5 sl 165 tp 180")
    order, exits, *_ = texts(ticket.body(160, 5))
    assert "notional 900.00 USD = 5.2786SOL  lev 10x mgn 0.5345SOL  fee 0.0032SOL taker" in order
    assert "SL 165.00 mark  = -0.1760SOL   TP 180.00  = +0.2786SOL  RR 1.58" in exits
