"""The first words on a connection."""

from __future__ import annotations

from typing import Any

import pytest

from tui_trader.core.event import Subscribed
from tui_trader.net.opening import Opening, Stage
from tui_trader.venues.base import Channel, Lane, Subscription

BOOK, TRADES, TICKER = (Subscription(channel) for channel in (Channel.BOOK, Channel.TRADES, Channel.TICKER))
ACCOUNT = Subscription(Channel.ACCOUNT)


def said(ok: bool = True, *, login: bool = False, reason: str = "") -> Subscribed:
    return Subscribed("test", "public", 0, ok, reason, is_login=login)


def test_a_public_lane_subscribes_at_once_and_is_complete_after_the_last_answer(make_feed: Any) -> None:
    opening = Opening(make_feed(), [TRADES, BOOK])
    assert opening.begin(0) == [b"sub book", b"sub trades"]
    assert opening.hear(said()) == []
    assert opening.stage is Stage.SUBSCRIBING
    opening.hear(said())
    assert opening.stage is Stage.COMPLETE


def test_nothing_wanted_is_complete_at_once(make_feed: Any) -> None:
    opening = Opening(make_feed(), [])
    assert opening.begin(0) == []
    assert opening.stage is Stage.COMPLETE


def test_a_private_lane_waits_to_be_let_in(make_feed: Any) -> None:
    opening = Opening(make_feed(Lane.PRIVATE), [ACCOUNT])
    assert opening.begin(7) == [b"login s3cret"]
    assert opening.hear(said()) == []
    assert opening.stage is Stage.LOGIN
    assert opening.hear(said(login=True)) == [b"sub account"]
    opening.hear(said(login=True))
    assert opening.stage is Stage.SUBSCRIBING
    opening.hear(said())
    assert opening.stage is Stage.COMPLETE


def test_a_refused_login_ends_it(make_feed: Any) -> None:
    opening = Opening(make_feed(Lane.PRIVATE), [ACCOUNT])
    opening.begin(0)
    assert opening.hear(said(ok=False, login=True, reason="bad key")) == []
    assert (opening.stage, opening.reason) == (Stage.DENIED, "bad key")
    assert opening.hear(said()) == []
    assert opening.stage is Stage.DENIED


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_one_refused_subscription_is_never_complete(make_feed: Any, order: tuple[bool, bool]) -> None:
    opening = Opening(make_feed(), [BOOK, TRADES])
    opening.begin(0)
    for ok in order:
        opening.hear(said(ok=ok, reason="" if ok else "limit of 20"))
    assert (opening.stage, opening.reason) == (Stage.PARTIAL, "limit of 20")


def test_a_change_sends_the_difference_and_a_late_refusal_shows(make_feed: Any) -> None:
    opening = Opening(make_feed(), [BOOK, TRADES])
    opening.begin(0)
    opening.hear(said())
    opening.hear(said())
    assert opening.change([TRADES, TICKER]) == [b"unsub book", b"sub ticker"]
    assert opening.change([TICKER, TRADES]) == []
    opening.hear(said())
    assert opening.stage is Stage.COMPLETE
    opening.hear(said(ok=False))
    assert opening.stage is Stage.PARTIAL
