"""Where programs are killed: a venue with its mask, its contract, what goes wrong there besides, and what can be typed there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from types import SimpleNamespace
from typing import Any

from tests.dst.grounds import GROUNDS
from tests.dst.plan import Plan
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import OrderType
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.faults import Action, FaultRule, Faults, Moment
from tui_trader.sim.masks.base import Mask, RestCall, RestReply, Setting
from tui_trader.sim.masks.paradex import mint
from tui_trader.sim.types import Report, SimOrder
from tui_trader.venues.registry import load


@dataclass(frozen=True, slots=True)
class Words:
    """What requests are called at a venue, as beginnings of ``METHOD /path``."""

    create: str
    cancel: str
    books: str
    """Beginning of the topic of book frames."""
    amend: str = ""


WORDS = {
    "phemex": Words("POST /g-orders", "DELETE /g-orders", "orderbook", "PUT /g-orders/replace"),
    "mexc": Words("POST /api/v1/private/order/create", "POST /api/v1/private/order/cancel", "depth"),
    "paradex": Words("POST /v1/orders", "DELETE /v1/orders", "order_book", "PUT /v1/orders"),
}

_PACES = {"phemex": 1.0, "mexc": 25.0, "paradex": 1.0}
"""How much slower than elsewhere the script is typed: MEXC takes four orders in two seconds, and a script is to be more than
refusals."""

_CHOICES = {"paradex": {"TUI_TRADER__VENUES__PARADEX__PROFILE": "pro"}}
"""What is chosen there: of a script that is typed as fast as this, three retail orders a second would leave refusals."""


class Scene:
    """One venue. It is made anew in every process that needs it."""

    def __init__(self, venue: str) -> None:
        self.venue = venue
        self._ground = GROUNDS[venue](Plan.drawn(0, venue))
        self.symbol = self._ground.first
        self.able = load(venue).capabilities
        self.has_stops = OrderType.STOP in self.able.order_types and not self.able.nameless
        """Whether the script sends stops. Where they bear no id of ours, what became of them is for the histories to hold: they
        see the ticket while it is worded."""
        self.gathers = self.able.together > 1
        """Whether some lines send several orders in one request."""
        self.pace = _PACES[venue]
        self.at_the_gate = self._ground.at_the_gate
        self.remembers = self._ground.remembers
        self.closes_alike = self._ground.closes_alike
        self.mint = mint if venue == "paradex" else None

    @property
    def environ(self) -> dict[str, str]:
        """What configures every desk here."""
        general = {"TUI_TRADER__GENERAL__VENUE": self.venue, "TUI_TRADER__GENERAL__SYMBOLS": self.symbol}
        return general | _CHOICES.get(self.venue, {})

    def instruments(self) -> list[Instrument]:
        """Return the one contract."""
        return self._ground.instruments((self.symbol,))

    @property
    def money(self) -> dict[str, Decimal]:
        """What the account has."""
        return {"USDC": Decimal(1), self._ground.settled[self.symbol]: Decimal(100_000)}

    def mask(self, creates: Counter[str]) -> Callable[[Setting], Mask]:
        """Return a mask's maker whose masks count the creates that arrive, by client id."""

        def make(setting: Setting) -> Mask:
            mask = self._ground.mask(setting)
            serve = mask.rest

            def rest(call: RestCall) -> RestReply:
                if not self._ground.is_nameless(call):  # which order of ours such a request makes, only its answer tells
                    creates.update(one.client_id for one in self._ground.creates(call))
                return serve(call)

            mask.rest = rest  # type: ignore[method-assign]
            return mask

        return make

    def faults(self, seed: int) -> Faults:
        """Return what goes wrong under a seed besides the crash: nothing in every other one."""
        rng, words = Random(seed), WORDS[self.venue]
        if seed % 2 == 0:
            return Faults()

        def rule(action: Action, prefix: str, **more: Any) -> FaultRule:
            return FaultRule(action, Moment.REQUEST, prefix, skip=rng.randint(0, 3), **more)

        return Faults(
            [
                rule(Action.DELAY, words.create, times=2, seconds=0.15),
                rule(Action.DROP_AFTER, words.create),
                rule(Action.DELAY_BEFORE, words.create, seconds=0.1),
                rule(Action.DROP_BEFORE, words.create),
                *([rule(Action.ERROR_AFTER, words.amend)] if words.amend else []),
                rule(Action.DROP_AFTER, words.cancel),
            ]
        )

    def order_id(self, mask: Mask, exchange: Exchange, order: SimOrder) -> str:
        """Return the id by which a client knows an order."""
        return self._ground.order_id(_house(mask, exchange), order)

    def exec_id(self, mask: Mask, exchange: Exchange, report: Report) -> str:
        """Return the id by which a client knows an execution."""
        return self._ground.exec_id(_house(mask, exchange), report)


def _house(mask: Mask, exchange: Exchange) -> Any:
    return SimpleNamespace(mask=mask, exchange=exchange, numbers={})
