"""What is asked of Phemex over one connection, and what the answers say: logins, subscriptions, heartbeats.

It must not know what streams tell, beyond that an account's has spoken.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Final

import orjson

from tui_trader.core.event import Event, PongReceived, Subscribed
from tui_trader.core.sanitise import sanitise
from tui_trader.secrets.redactor import REDACTOR
from tui_trader.venues.base import Channel, Credential, Lane, Subscription
from tui_trader.venues.phemex import codes, sign
from tui_trader.venues.phemex.family import COIN_M, USD_M, Family, Listing, family_of
from tui_trader.venues.phemex.wire import Frame
from tui_trader.venues.phemex.words import VENUE
from tui_trader.venues.status import code_of

LOGIN_LIFE_S: Final = 60
"""Validity asked for a login; at most 120 are allowed."""

BOOK_DEPTH: Final = 30
"""Levels a side: the most that is maintained short of the whole book (0, 1, 5, 10, 30 exist)."""

NS: Final = 1_000_000_000


class Asking:
    """The requests of one lane, and which of them wait for an answer."""

    def __init__(self, lane: Lane, credential: Credential | None, listing: Listing) -> None:
        self.lane = lane
        self._credential = credential
        self._listing = listing
        self._request_ids = count(1)
        self._logins: set[int] = set()
        self._pings: set[int] = set()
        self._accounts: dict[int, Family] = {}
        """Requests for the account's streams that are not granted yet, or granted and held back until the stream speaks."""
        self._granted: dict[str, list[Subscribed]] = {}
        """Grants held back, by family."""
        self._fences: set[int] = set()
        """Pings sent behind a subscription: their answer says that whatever it had to say first has been said."""

    def forget(self) -> None:
        """Wait for nothing: the connection it was asked on is over."""
        self._logins.clear()
        self._pings.clear()
        self._accounts.clear()
        self._granted.clear()
        self._fences.clear()

    def login(self, wall_ns: int) -> list[bytes]:
        """Return the ``user.auth`` frame on the private lane, nothing on the public one."""
        if self.lane is Lane.PUBLIC or self._credential is None:
            return []
        expiry = wall_ns // NS + LOGIN_LIFE_S
        key = self._credential.key
        signature = sign.feed_signature(self._credential.secret, key, expiry)
        frame, request_id = self._request("user.auth", ["API", key, signature, expiry])
        self._logins.add(request_id)
        return [frame]

    def subscribe(self, subscriptions: Sequence[Subscription]) -> list[bytes]:
        """Return the frames for subscriptions: one for each, two where both families tell of it.

        The account's counts as granted once the account was told: a stream that says yes and then nothing shows positions that
        are not so. COIN-M has nothing to tell of an account without a wallet there, so a ping goes behind its subscription, and
        counts as one more thing to be granted: what the venue had to say came before the answer.
        """
        frames = []
        for subscription in subscriptions:
            for family, name, params in self._channels(subscription):
                frame, request_id = self._request(f"{name}.subscribe", params)
                frames.append(frame)
                if subscription.channel is Channel.ACCOUNT:
                    self._accounts[request_id] = family
                    if family is COIN_M:
                        fence, request_id = self._request("server.ping", [])
                        self._fences.add(request_id)
                        frames.append(fence)
        return frames

    def unsubscribe(
        self, subscriptions: Sequence[Subscription], remaining: Sequence[Subscription]
    ) -> tuple[list[bytes], list[Subscription]]:
        """Return the frames that end subscriptions, and what has to be subscribed to again.

        Books can only be left all at once, and candles of one symbol together, so those that remain are started again.
        """
        frames: list[bytes] = []
        again: list[Subscription] = []
        done: set[tuple[str, str]] = set()
        for subscription in subscriptions:
            symbol = subscription.instrument.symbol if subscription.instrument else ""
            whole = subscription.channel not in (Channel.TRADES, Channel.CANDLES)
            for _, name, _ in self._channels(subscription):
                key = (name, "" if whole else symbol)
                if key in done:
                    continue
                done.add(key)
                frames.append(self._request(f"{name}.unsubscribe", [] if whole else [symbol])[0])
                if subscription.channel in (Channel.BOOK, Channel.CANDLES):
                    again += [
                        other
                        for other in remaining
                        if self._channels(other)[0][1] == name and (whole or other.instrument == subscription.instrument)
                    ]
        return frames, again

    def heartbeat(self) -> list[bytes]:
        """Return one ``server.ping``: unlike a protocol ping its answer proves the application alive."""
        frame, request_id = self._request("server.ping", [])
        if len(self._pings) > 100:
            self._pings.clear()
        self._pings.add(request_id)
        return [frame]

    def account_told(self, family: Family) -> list[Subscribed]:
        """Note that the stream of a family's accounts has spoken; return the grants that were held back until then."""
        held = self._granted.pop(family.name, [])
        if self._accounts:
            self._accounts = {number: other for number, other in self._accounts.items() if other is not family}
        return held

    def answered(self, message: Frame, at_ns: int) -> list[Event]:
        """Return what the answer to a request says, with what waited for it."""
        request_id = message.id if type(message.id) is int else 0
        if request_id in self._fences:
            self._fences.discard(request_id)
            held = self._granted.pop(COIN_M.name, [])
            self._accounts = {number: family for number, family in self._accounts.items() if family is not COIN_M}
            return [*held, Subscribed(VENUE, self.lane, request_id, True)]
        if message.result == "pong" or request_id in self._pings:
            self._pings.discard(request_id)
            return [PongReceived(VENUE, self.lane, at_ns)]
        # A refusal may carry ``"id": null``; with a login unanswered it can only be the login's.
        is_login = request_id in self._logins or (not request_id and bool(self._logins))
        self._logins.discard(request_id)
        reason = _refusal(message)
        if is_login and reason:
            self._logins.clear()
        answer = Subscribed(VENUE, self.lane, request_id, not reason, reason, is_login)
        if request_id in self._accounts and answer.ok:
            self._granted.setdefault(self._accounts[request_id].name, []).append(answer)
            return []
        return [answer]

    def _channels(self, subscription: Subscription) -> list[tuple[Family, str, list[object]]]:
        """Return the channels that tell of something, each with its family and the parameters that start it."""
        if subscription.channel is Channel.ACCOUNT:
            return [(family, f"aop{family.suffix}", []) for family in self._listing.families()]
        if subscription.channel is Channel.TICKER:
            return [(family, family.table, []) for family in self._listing.families()]
        if subscription.instrument is None:
            raise ValueError(f"{subscription.channel} needs an instrument")
        symbol = subscription.instrument.symbol
        known = self._listing.get(symbol)
        family = USD_M if known is None else family_of(known)
        if subscription.channel is Channel.BOOK:
            return [(family, f"orderbook{family.suffix}", [symbol, False, BOOK_DEPTH])]
        if subscription.channel is Channel.TRADES:
            return [(family, f"trade{family.suffix}", [symbol])]
        return [(family, f"kline{family.suffix}", [symbol, subscription.interval_s])]

    def _request(self, method: str, params: list[object]) -> tuple[bytes, int]:
        request_id = next(self._request_ids)
        return orjson.dumps({"id": request_id, "method": method, "params": params}), request_id


def _refusal(reply: Frame) -> str:
    """Return why a request was refused, in words; empty when it was not."""
    error, result = reply.error, reply.result
    if isinstance(error, dict):
        code = code_of(error.get("code"))
        return codes.sentence(code or 0, error.get("message"))
    if error is not None:
        return sanitise(REDACTOR.clean(str(error))) or "refused without a reason"  # it may repeat what it refuses
    # ``stauts`` is how the answer to a risk subscription is documented.
    status = result.get("status", result.get("stauts", "success")) if isinstance(result, dict) else "success"
    return "" if status == "success" else sanitise(f"the venue answered {status!r}")
