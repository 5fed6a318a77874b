"""What a venue would refuse, found before it is asked: grid, sizes, sides, triggers, post-only.

These hold for every ticket, exits included: an order that the venue refuses protects nobody. Limits of our own are in ``risk``.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tui_trader.core.decimals import ZERO, ceil_to, plain
from tui_trader.core.facts import Facts, opening_qty, quote_value, reduces
from tui_trader.core.instrument import Instrument
from tui_trader.core.objection import Objection, Rule
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.types import OrderType, PositionMode, PositionSide, Side, TriggerSource

_HUGE, _TINY = 20, -40
"""Powers of ten outside which a number is an accident, and arithmetic on it would no longer be exact."""


def shape_faults(ticket: OrderTicket, instrument: Instrument) -> Iterator[Objection]:
    """Yield contradictions inside the ticket; with any of them no other rule can be judged."""
    numbers = (ticket.qty, *(price for _, price in _prices(ticket)), ticket.trail)
    if any(number is not None and not number.is_finite() for number in numbers):
        yield Objection(Rule.SHAPE, "a number of the order is not finite", "type plain digits")
        return
    if any(number is not None and not _TINY <= number.adjusted() <= _HUGE for number in numbers):
        yield Objection(Rule.SHAPE, "a number of the order is beyond any market", "check the zeros")
        return
    whole = ticket.close_on_trigger and ticket.type.is_conditional
    if ticket.qty < 0 or (not ticket.qty and not whole):
        yield Objection(Rule.SHAPE, f"size {plain(ticket.qty)} is not above zero", f"at least {_min_qty(instrument)}")
    if ticket.type.has_limit and ticket.price is None:
        yield Objection(Rule.SHAPE, f"a {ticket.type} order needs a price", "@ bid, or drop the limit")
    if ticket.type.is_conditional and ticket.trigger_price is None:
        yield Objection(Rule.SHAPE, f"a {ticket.type} order needs a trigger price", "give the price it waits for")
    if not ticket.type.is_conditional and ticket.trigger_price is not None:
        yield Objection(Rule.SHAPE, f"a {ticket.type} order waits for no trigger", "drop the trigger price")
    if ticket.type is OrderType.TRAILING_STOP and (ticket.trail is None or ticket.trail <= 0):
        yield Objection(Rule.SHAPE, "a trailing stop needs a distance above zero", "trail 0.6%")
    if ticket.type is not OrderType.TRAILING_STOP and (ticket.trail is not None or ticket.activation_price is not None):
        yield Objection(Rule.SHAPE, f"a {ticket.type} order does not trail", "drop the distance")
    if ticket.tif.only_rests and not ticket.type.has_limit:
        yield Objection(Rule.SHAPE, "post-only needs a limit price", "@ bid po")
    for name, price in _prices(ticket):
        if price <= 0:
            yield Objection(Rule.SHAPE, f"{name} {plain(price)} is not above zero", f"at least {plain(instrument.tick)}")


def venue_faults(ticket: OrderTicket, instrument: Instrument, facts: Facts) -> Iterator[Objection]:
    """Yield what the venue would refuse of a well-formed ticket."""
    if not instrument.tradable:
        yield Objection(Rule.NOT_TRADABLE, f"{instrument.symbol} cannot be traded now", "choose another contract")
    yield from _grid(ticket, instrument)
    yield from _sizes(ticket, instrument, facts)
    yield from _position_side(ticket, facts)
    yield from _reduction(ticket, instrument, facts)
    yield from _post_only(ticket, instrument, facts)
    yield from _trigger_side(ticket, facts)
    yield from _exits(ticket, facts)
    yield from _band(ticket, instrument, facts)
    yield from _room(ticket, instrument, facts)


def closes(ticket: OrderTicket | Order) -> bool:
    """Whether an order says by itself that it only closes: by flag, or by going against its hedged leg."""
    against = {PositionSide.LONG: Side.SELL, PositionSide.SHORT: Side.BUY}.get(ticket.position_side)
    return ticket.reduce_only or ticket.close_on_trigger or ticket.side is against


def _prices(ticket: OrderTicket) -> list[tuple[str, Decimal]]:
    named = (
        ("price", ticket.price),
        ("trigger", ticket.trigger_price),
        ("take-profit", ticket.take_profit),
        ("stop-loss", ticket.stop_loss),
        ("take-profit limit", ticket.take_profit_limit),
        ("stop-loss limit", ticket.stop_loss_limit),
        ("activation", ticket.activation_price),
    )
    return [(name, price) for name, price in named if price is not None]


def _grid(ticket: OrderTicket, instrument: Instrument) -> Iterator[Objection]:
    for name, price in _prices(ticket):
        if not instrument.on_tick(price):
            rounded = instrument.round_price(price, ticket.side if name == "price" else None)
            text = f"{name} {plain(price)} is not a multiple of the tick {plain(instrument.tick)}"
            yield Objection(Rule.TICK, text, plain(max(rounded, instrument.tick)))
        if price < instrument.min_price:
            yield Objection(Rule.PRICE_RANGE, f"{name} {plain(price)} is below the lowest price", plain(instrument.min_price))
        if price > instrument.max_price:
            yield Objection(Rule.PRICE_RANGE, f"{name} {plain(price)} is above the highest price", plain(instrument.max_price))
    if ticket.trail is not None and not instrument.on_tick(ticket.trail):
        text = f"distance {plain(ticket.trail)} is not a multiple of the tick {plain(instrument.tick)}"
        yield Objection(Rule.TICK, text, plain(max(instrument.round_price(ticket.trail), instrument.tick)))
    if not instrument.on_lot(ticket.qty):
        rounded = max(instrument.round_qty(ticket.qty), instrument.lot)
        text = f"size {plain(ticket.qty)} is not a multiple of the lot {plain(instrument.lot)}"
        yield Objection(Rule.LOT, text, f"{plain(rounded)} {instrument.size_unit}")


def _sizes(ticket: OrderTicket, instrument: Instrument, facts: Facts) -> Iterator[Objection]:
    if not ticket.qty:
        return
    unit = instrument.size_unit
    if ticket.qty < instrument.min_qty:
        text = f"size {plain(ticket.qty)} is below the smallest order of {plain(instrument.min_qty)} {unit}"
        yield Objection(Rule.MIN_QTY, text, f"{_min_qty(instrument)} {unit}")
    if ticket.qty > instrument.max_qty:
        text = f"size {plain(ticket.qty)} is above the largest order of {plain(instrument.max_qty)} {unit}"
        yield Objection(Rule.MAX_QTY, text, f"{plain(instrument.round_qty(instrument.max_qty))} {unit}")
    price = facts.entry_price(ticket)
    if price is None or not instrument.min_notional:
        return
    value = quote_value(instrument, ticket.qty, price)
    if value < instrument.min_notional:
        least = ceil_to(ticket.qty * instrument.min_notional / value, instrument.lot)
        text = f"worth {plain(value)} {instrument.quote}, the venue wants {plain(instrument.min_notional)}"
        yield Objection(Rule.MIN_NOTIONAL, text, f"{plain(least)} {unit}", hard=not closes(ticket))


def _position_side(ticket: OrderTicket, facts: Facts) -> Iterator[Objection]:
    merged = ticket.position_side is PositionSide.MERGED
    if merged and facts.mode is PositionMode.HEDGED:
        leg = PositionSide.LONG if ticket.side is Side.BUY else PositionSide.SHORT
        yield Objection(Rule.POSITION_SIDE, "hedged mode: the order must name its leg", f"pos:{leg}")
    if not merged and facts.mode is PositionMode.ONE_WAY:
        text = f"one-way mode has no {ticket.position_side} leg"
        yield Objection(Rule.POSITION_SIDE, text, f"drop pos:{ticket.position_side}")


def _band(ticket: OrderTicket, instrument: Instrument, facts: Facts) -> Iterator[Objection]:
    """Refuse a limit that reaches past the venue's band around the mark; one on the passive side may be as far as it likes."""
    mark = facts.reference(TriggerSource.MARK)
    if (
        not instrument.price_band
        or ticket.type is not OrderType.LIMIT
        or ticket.price is None
        or mark is None
        or not facts.mark_fresh
    ):
        return
    edge = instrument.round_price(mark * (1 + ticket.side.sign * instrument.price_band), ticket.side)
    if (ticket.price - edge) * ticket.side.sign > 0:
        where = "above" if ticket.side is Side.BUY else "below"
        text = f"the venue takes no {ticket.side} {where} {plain(edge)}, {plain(instrument.price_band * 100)}% past the mark"
        yield Objection(Rule.PRICE_BAND, text, f"@ {plain(edge)}")


def _room(ticket: OrderTicket, instrument: Instrument, facts: Facts) -> Iterator[Objection]:
    """Refuse one order more than a contract takes; a market order takes no place."""
    standing = len(facts.working(instrument.id)) if instrument.max_orders and ticket.type is not OrderType.MARKET else 0
    if standing and standing >= instrument.max_orders:
        text = f"{standing} orders are open in {instrument.symbol}, the most that the venue takes"
        yield Objection(Rule.OPEN_ORDERS, text, "cancel one first")


def _reduction(ticket: OrderTicket, instrument: Instrument, facts: Facts) -> Iterator[Objection]:
    leg = facts.leg(ticket)
    if closes(ticket):
        if leg is None or leg.side is None:
            yield Objection(Rule.REDUCE_ONLY, "there is no position to reduce", "drop ro to open one")
        elif leg.side is ticket.side:
            text = f"a {ticket.side} adds to the {_direction(leg.side)} position: it cannot be reduce-only"
            yield Objection(Rule.REDUCE_ONLY, text, f"{ticket.side.opposite} to reduce, or drop ro")
        elif ticket.qty > leg.qty:
            text = f"size {plain(ticket.qty)} is larger than the position of {plain(leg.qty)}"
            yield Objection(Rule.REDUCE_ONLY, text, f"{plain(leg.qty)} {instrument.size_unit}", hard=False)
    elif leg is not None and leg.side is ticket.side.opposite and opening_qty(ticket, leg):
        text = f"{ticket.side} {plain(ticket.qty)} would turn the {_direction(leg.side)} position of {plain(leg.qty)} around"
        yield Objection(Rule.FLIP, text, f"{ticket.side} {plain(leg.qty)} ro to close it, or rev")


def _post_only(ticket: OrderTicket, instrument: Instrument, facts: Facts) -> Iterator[Objection]:
    if not ticket.tif.only_rests or ticket.type is not OrderType.LIMIT or ticket.price is None or not facts.book_live:
        return
    touch = facts.far_touch(ticket.side)
    if touch is None or (touch - ticket.price) * ticket.side.sign > 0:
        return
    best = touch - instrument.tick * ticket.side.sign
    text = f"post-only at {plain(ticket.price)} would take the {'ask' if ticket.side is Side.BUY else 'bid'} {plain(touch)}"
    yield Objection(Rule.POST_ONLY, text, f"@ {plain(best)} rests")


def _trigger_side(ticket: OrderTicket, facts: Facts) -> Iterator[Objection]:
    if not ticket.type.is_conditional or ticket.trigger_price is None:
        return
    reference = facts.reference(ticket.trigger_source)
    if reference is None:
        if not reduces(ticket, facts.leg(ticket)):
            yield Objection(Rule.NO_MARK, f"no {ticket.trigger_source} price to hold the trigger against", "wait for it")
        return
    # A trailing stop that waits for its activation waits on the winning side, as a target does.
    waits_to_lose = ticket.type.is_stop and ticket.activation_price is None
    sign = ticket.side.sign if waits_to_lose else -ticket.side.sign
    if (ticket.trigger_price - reference) * sign > 0:
        return
    where = "above" if sign > 0 else "below"
    seen = f"{ticket.trigger_source} {plain(reference)}"
    text = f"{ticket.side} {ticket.type} at {plain(ticket.trigger_price)} would fire at once: {seen}"
    yield Objection(Rule.TRIGGER_SIDE, text, f"a trigger {where} {plain(reference)}")


def _exits(ticket: OrderTicket, facts: Facts) -> Iterator[Objection]:
    if ticket.take_profit is None and ticket.stop_loss is None:
        return
    if closes(ticket):
        yield Objection(Rule.EXITS, "an order that only reduces takes no attached exits", "drop sl and tp")
        return
    entry, sign = facts.expected_price(ticket), ticket.side.sign
    if entry is None:
        return
    below, above = ("below", "above") if sign > 0 else ("above", "below")
    if ticket.stop_loss is not None and (entry - ticket.stop_loss) * sign <= 0:
        text = f"the stop {plain(ticket.stop_loss)} of a {ticket.side} must lie {below} its entry {plain(entry)}"
        yield Objection(Rule.EXITS, text, f"sl {below} {plain(entry)}")
    if ticket.take_profit is not None and (ticket.take_profit - entry) * sign <= 0:
        text = f"the target {plain(ticket.take_profit)} of a {ticket.side} must lie {above} its entry {plain(entry)}"
        yield Objection(Rule.EXITS, text, f"tp {above} {plain(entry)}")


def _direction(side: Side | None) -> str:
    return "long" if side is Side.BUY else "short"


def _min_qty(instrument: Instrument) -> str:
    return plain(ceil_to(max(instrument.min_qty, instrument.lot, ZERO), instrument.lot))
