"""A staged scale in orders: one ticket for each, judged as if those before it stood already, and one bracket for what fills."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tui_trader.core.bracket import Bracket
from tui_trader.core.command import Price
from tui_trader.core.decimals import ZERO, plain
from tui_trader.core.error import CommandError
from tui_trader.core.instrument import Instrument
from tui_trader.core.objection import Rule
from tui_trader.core.order import OrderTicket
from tui_trader.core.risk import Objection
from tui_trader.core.scaling import average, prices, rungs, weights
from tui_trader.core.types import ClientOrderId, Side
from tui_trader.desk.draft import Draft
from tui_trader.desk.drafting import near
from tui_trader.desk.facts import FactSource, Judgement
from tui_trader.desk.resolve import Resolver
from tui_trader.desk.ticket_writer import TicketWriter

PACED = frozenset({Rule.RATE})
"""Controls that the orders of a scale wait for, one after the other, instead of being refused."""

_OF_ONE = frozenset(
    {
        Rule.ORDER_NOTIONAL,
        Rule.MAX_QTY,
        Rule.UNUSUAL_QTY,
        Rule.DUPLICATE,
        Rule.RATE,
        Rule.TICK,
        Rule.PRICE_RANGE,
        Rule.PRICE_BAND,
        Rule.POST_ONLY,
        Rule.SELF_CROSS,
    }
)
"""Controls of a single order: the whole is not held against them, each of its orders is."""


@dataclass(frozen=True, slots=True)
class ScalePlan:
    """A scale that is ready to leave."""

    whole: Judgement
    """As if it were one order at the average price; with everything that speaks against any of its orders."""
    orders: tuple[Judgement, ...]
    bracket: Bracket | None
    """Of all of them together."""

    @property
    def tickets(self) -> tuple[OrderTicket, ...]:
        """The orders."""
        return tuple(order.ticket for order in self.orders)


class ScaleWriter:
    """Writes scales out as tickets."""

    def __init__(self, resolver: Resolver, facts: FactSource, writer: TicketWriter) -> None:
        self._resolver = resolver
        self._facts = facts
        self._writer = writer

    def plan(self, draft: Draft, new_id: Callable[[], ClientOrderId]) -> ScalePlan:
        """Return a scale in orders; raises CommandError when it cannot be one."""
        scale = draft.scale
        assert scale is not None
        iid, side = draft.instrument, draft.side
        instrument = self._resolver.instrument(iid)
        levels = prices(self._level(draft, scale.start), self._level(draft, scale.end), scale.count, instrument, side)
        shares = weights(scale)
        middle = instrument.round_price(average(levels, shares, instrument), side)
        one = replace(draft, scale=None, price=Price(number=middle))
        ids = [new_id() for _ in levels]
        whole = self._writer.ticket(one, ids[0])
        _beyond_stop(levels, whole)
        bracket = self._bracket(one, whole, ids)
        bare = replace(whole, stop_loss=None, take_profit=None, stop_loss_limit=None, take_profit_limit=None)
        tickets = [
            replace(bare, client_id=client_id, price=rung.price, qty=rung.qty)
            for client_id, rung in zip(ids, rungs(levels, shares, whole.qty, instrument), strict=True)
        ]
        self._writer.check_venue(tickets[0], None)
        orders = self._facts.judge_several(tickets, instrument, leverage=draft.leverage, beside_unknown=draft.beside_unknown)
        return ScalePlan(self._judged(draft, whole, bare, instrument, orders), tuple(orders), bracket)

    def _judged(
        self, draft: Draft, whole: OrderTicket, bare: OrderTicket, instrument: Instrument, orders: Sequence[Judgement]
    ) -> Judgement:
        together = self._facts.judge(whole, instrument, leverage=draft.leverage, beside_unknown=draft.beside_unknown)
        found = {
            objection.code: objection
            for objection in reversed([*together.objections, *self._taking(draft, orders)])
            if objection.code not in _OF_ONE
        }
        for number, order in enumerate(orders, 1):
            for objection in order.objections:
                if objection.code not in PACED and objection.code not in found:
                    text = f"order {number} of {len(orders)} at {plain(order.ticket.price or ZERO)}: {objection.text}"
                    found[objection.code] = replace(objection, text=text)
        objections = tuple(sorted(found.values(), key=lambda objection: not objection.hard))
        return replace(together, ticket=bare, objections=objections)

    def _taking(self, draft: Draft, orders: Sequence[Judgement]) -> list[Objection]:
        """Return the doubt about a scale that does not only rest."""
        touch = orders[0].facts.far_touch(draft.side)
        if touch is None:
            return []
        takes = [one for one in orders if one.ticket.price is not None and (one.ticket.price - touch) * draft.side.sign >= 0]
        if not takes:
            return []
        what = "ask" if draft.side is Side.BUY else "bid"
        text = f"{len(takes)} of {len(orders)} orders would take the {what} {plain(touch)} at once"
        return [Objection(Rule.THROUGH, text, "move from, or add po", hard=False)]

    def _bracket(self, one: Draft, whole: OrderTicket, ids: Sequence[ClientOrderId]) -> Bracket | None:
        found = self._writer.bracket(one, whole)
        return None if found is None else replace(found, attached=False, also=tuple(ids[1:]))

    def _level(self, draft: Draft, price: Price) -> Decimal:
        """Return one end of a scale; a distance alone is from the near touch."""
        if price.number is None and price.ref is None:
            price = replace(price, ref=near(draft.side))
        return self._resolver.price(draft.instrument, price, draft.side)


def _beyond_stop(levels: Sequence[Decimal], whole: OrderTicket) -> None:
    stop = whole.stop_loss
    if stop is None:
        return
    for level in levels:
        if (level - stop) * whole.side.sign <= 0:
            where = "below" if whole.side is Side.BUY else "above"
            raise CommandError(
                f"the stop {plain(stop)} must lie {where} all orders of the scale, one is at {plain(level)}",
                fix="move sl, from or to",
            )
