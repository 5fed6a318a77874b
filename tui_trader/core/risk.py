"""What is wrong with a ticket, said before it is sent: every control is a plain comparison over known facts.

It must not know where facts come from or what happens to an order that passes. Orders that can only reduce a position are
never stopped by age of data, by rates or by limits; they are stopped only by what the venue would refuse anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext

from tui_trader.core.clock import NS
from tui_trader.core.decimals import CONTEXT, HUNDRED, ZERO, ceil_to, floor_to, nearest_to, plain
from tui_trader.core.facts import Facts, TradingState, opening_qty, order_cost, quote_value, reduces
from tui_trader.core.instrument import Instrument
from tui_trader.core.objection import Objection, Rule
from tui_trader.core.order import OrderTicket
from tui_trader.core.types import OrderStatus, OrderType, PositionMode, PositionSide, Side, TriggerSource
from tui_trader.core.venue_rules import closes, shape_faults, venue_faults

__all__ = ["Facts", "Limits", "Objection", "Rule", "TradingState", "check", "reduces"]

_BOUND_STEPS = 2000
"""How often the step that bounds of a price are rounded to goes into the price, at least."""

_CENT = Decimal("0.01")
_MEDIAN_OF = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Controls of our own. Money in US dollars or their equivalent, percentages as percentages."""

    order_notional: Decimal = Decimal(1_000)
    """Largest order."""
    position_notional: Decimal = Decimal(5_000)
    """Largest position in one instrument, orders that could open counted at full size."""
    gross_notional: Decimal = Decimal(10_000)
    """Largest sum over all instruments, counted the same way."""
    open_orders: int = 50
    """Most working orders at a time."""
    band_percent: Decimal = Decimal(5)
    """A limit price may be this far from the mark."""
    through_percent: Decimal = Decimal(1)
    """A limit price may reach this far through the best opposite price before a second look is asked for."""
    duplicate_s: int = 2
    """An identical order is refused within this time."""
    median_factor: Decimal = Decimal(10)
    """A size above this many times the median of the last 20 of the same instrument asks for a second look."""
    per_second: int = 5
    per_minute: int = 60
    day_loss: Decimal | None = None
    """Loss of the day, realised and open, at which entries end; None for no such control."""
    mode: PositionMode | None = None
    """The position mode that the venue must be in; None for either."""
    unknown_override: bool = False
    """Whether an entry may be sent beside one of unknown outcome; set for one ticket by typed text."""


def check(ticket: OrderTicket, instrument: Instrument | None, facts: Facts, limits: Limits) -> list[Objection]:
    """Return everything that speaks against sending ``ticket``, hard objections first; empty when nothing does.

    ``instrument`` is None for a symbol that the venue does not list. Never raises on any ticket.
    """
    if instrument is None or instrument.id != ticket.instrument:
        return [Objection(Rule.SYMBOL, f"{ticket.instrument} is not a listed contract", "check the spelling and the venue")]
    with localcontext(CONTEXT):
        found = list(shape_faults(ticket, instrument))
        if not found:
            found += venue_faults(ticket, instrument, facts)
            found += _own(ticket, instrument, facts, limits)
    return sorted(found, key=lambda objection: not objection.hard)


def _own(ticket: OrderTicket, instrument: Instrument, facts: Facts, limits: Limits) -> Iterator[Objection]:
    exiting = reduces(ticket, facts.leg(ticket))
    yield from _duplicate(ticket, facts, limits, hard=not exiting)
    yield from _self_cross(ticket, facts)
    if exiting:
        yield from _exit_price(ticket, facts, limits, instrument)
        return
    yield from _state(facts, limits)
    if limits.mode is not None and facts.mode is not limits.mode:
        text = f"the venue is in {facts.mode} mode, the configuration expects {limits.mode}"
        yield Objection(Rule.POSITION_SIDE, text, "change risk.position_mode, or the mode at the venue")
    yield from _freshness(ticket, facts)
    yield from _band(ticket, instrument, facts, limits)
    yield from _through(ticket, instrument, facts, limits, limits.through_percent)
    yield from _leverage(ticket, instrument, facts)
    yield from _notional(ticket, instrument, facts, limits)
    yield from _counts(ticket, facts, limits)
    yield from _unusual(ticket, facts, limits)
    yield from _margin(ticket, instrument, facts)


def _state(facts: Facts, limits: Limits) -> Iterator[Objection]:
    if facts.state is not TradingState.ACTIVE:
        yield Objection(Rule.STATE, f"trading is {facts.state}: only exits and cancels", "reduce with ro, or type :resume")
    if limits.day_loss is not None and facts.day_pnl is not None and facts.day_pnl <= -limits.day_loss:
        text = f"the day's loss {_money(-facts.day_pnl)} has reached {_money(limits.day_loss)}"
        yield Objection(Rule.DAY_LOSS, text, "entries end for today; exits and cancels go on")


def _freshness(ticket: OrderTicket, facts: Facts) -> Iterator[Objection]:
    fix = "wait for data; reduce-only orders pass"
    if facts.reference(TriggerSource.MARK) is None:
        yield Objection(Rule.NO_MARK, "there is no mark price", fix)
    elif not facts.mark_fresh:
        yield Objection(Rule.STALE_MARK, "the mark price is too old", fix)
    bid, ask = facts.best_bid, facts.best_ask
    if not facts.book_live:
        yield Objection(Rule.BOOK, "the book is not live", fix)
    elif bid is not None and ask is not None and bid >= ask:
        yield Objection(Rule.BOOK, f"the book is crossed: bid {plain(bid)}, ask {plain(ask)}", fix)
    elif ticket.type is OrderType.MARKET and facts.far_touch(ticket.side) is None:
        yield Objection(Rule.BOOK, f"nobody to {ticket.side} {'from' if ticket.side is Side.BUY else 'to'}", "rest a limit order")


def _band(ticket: OrderTicket, instrument: Instrument, facts: Facts, limits: Limits) -> Iterator[Objection]:
    if not ticket.type.has_limit or ticket.price is None:
        return
    # A conditional order executes around its trigger, which may rightly lie far from the mark.
    centre = ticket.trigger_price if ticket.type.is_conditional else facts.reference(TriggerSource.MARK)
    if centre is None:
        return
    reach = centre * limits.band_percent / HUNDRED
    if abs(ticket.price - centre) <= reach:
        return
    # Rounded inwards, by no more than 0.05 % of the price: bounds to the tick would differ with every look at the mark.
    step = Decimal(1).scaleb((centre / _BOUND_STEPS).adjusted())
    low, high = (
        ceil_to(ceil_to(centre - reach, step), instrument.tick),
        floor_to(floor_to(centre + reach, step), instrument.tick),
    )
    what = "trigger" if ticket.type.is_conditional else "mark"
    text = f"price {plain(ticket.price)} is {_distance(ticket.price, centre)} from the {what} {_on_tick(centre, instrument)}"
    yield Objection(Rule.PRICE_BAND, text, f"between {plain(low)} and {plain(high)}")


def _through(ticket: OrderTicket, instrument: Instrument, facts: Facts, limits: Limits, percent: Decimal) -> Iterator[Objection]:
    touch = facts.far_touch(ticket.side)
    if ticket.type is not OrderType.LIMIT or ticket.price is None or touch is None or not facts.book_live:
        return
    if ticket.tif.only_rests:
        return
    worst = touch + ticket.side.sign * touch * percent / HUNDRED
    if (ticket.price - worst) * ticket.side.sign > 0:
        text = f"price {plain(ticket.price)} reaches {_distance(ticket.price, touch)} through {plain(touch)}"
        yield Objection(Rule.THROUGH, text, f"@ {plain(instrument.round_price(worst, ticket.side))}", hard=False)


def _exit_price(ticket: OrderTicket, facts: Facts, limits: Limits, instrument: Instrument) -> Iterator[Objection]:
    """Warn of an exit far through the market; an exit far on the other side is a target and nobody's error."""
    yield from _through(ticket, instrument, facts, limits, limits.through_percent)
    mark = facts.reference(TriggerSource.MARK)
    if ticket.type is not OrderType.LIMIT or ticket.price is None or mark is None or not facts.mark_fresh:
        return
    if (ticket.price - mark) * ticket.side.sign > mark * limits.band_percent / HUNDRED:
        text = f"price {plain(ticket.price)} is {_distance(ticket.price, mark)} from the mark {_on_tick(mark, instrument)}"
        yield Objection(Rule.PRICE_BAND, text, "a price nearer to the mark", hard=False)


def _leverage(ticket: OrderTicket, instrument: Instrument, facts: Facts) -> Iterator[Objection]:
    leverage = facts.leverage
    if leverage is None:
        return
    most = instrument.max_leverage
    price = facts.entry_price(ticket)
    if price is not None and instrument.tiers:
        leg = facts.leg(ticket)
        held = leg.qty if leg is not None and leg.side is ticket.side else ZERO
        tier = instrument.tier_for(instrument.value(held + opening_qty(ticket, leg), price))
        most = min(most, tier.max_leverage) if tier else most
    if leverage <= 0:
        yield Objection(Rule.LEVERAGE, f"leverage {plain(leverage)} is not above zero", f"lev {plain(most)} or less")
    elif leverage > most:
        yield Objection(Rule.LEVERAGE, f"leverage {plain(leverage)} is above {plain(most)} for this size", f"lev {plain(most)}")


def _notional(ticket: OrderTicket, instrument: Instrument, facts: Facts, limits: Limits) -> Iterator[Objection]:
    price = facts.entry_price(ticket)
    if price is None:
        return
    value = quote_value(instrument, ticket.qty, price)
    if value > limits.order_notional:
        most = instrument.round_qty(ticket.qty * limits.order_notional / value)
        text = f"order of {_money(value)} is above the limit of {_money(limits.order_notional)}"
        yield Objection(Rule.ORDER_NOTIONAL, text, _at_most(instrument, most))
    if not value or closes(ticket):
        return
    buys, sells = _exposure(instrument, facts, price)
    if ticket.side is Side.BUY:
        buys += value
    else:
        sells += value
    worst = buys if ticket.side is Side.BUY else sells
    if worst > limits.position_notional:
        room = max(ZERO, limits.position_notional - (worst - value))
        text = f"position could reach {_money(worst)}, above the limit of {_money(limits.position_notional)}"
        yield Objection(Rule.POSITION_LIMIT, text, _at_most(instrument, instrument.round_qty(ticket.qty * room / value)))
    gross = facts.other_exposure + (buys + sells if facts.mode is PositionMode.HEDGED else max(buys, sells))
    if gross > limits.gross_notional:
        text = f"all positions could reach {_money(gross)}, above the limit of {_money(limits.gross_notional)}"
        yield Objection(Rule.GROSS_LIMIT, text, "close or cancel something first")


def _exposure(instrument: Instrument, facts: Facts, price: Decimal) -> tuple[Decimal, Decimal]:
    """Return what the long and the short side could be worth if every working order that opens filled whole.

    A merged position counts for one side and against the other; hedged legs each count for their own side only.
    """
    mark = facts.reference(TriggerSource.MARK) or price
    long = short = ZERO
    for position in facts.positions:
        if position.instrument != instrument.id or position.side is None:
            continue
        value = position.side.sign * quote_value(instrument, position.qty, mark)
        if position.position_side is not PositionSide.SHORT:
            long += value
        if position.position_side is not PositionSide.LONG:
            short -= value
    for order in facts.working(instrument.id):
        if closes(order):
            continue
        value = quote_value(instrument, order.remaining, order.price or order.trigger_price or mark)
        if order.side is Side.BUY:
            long += value
        else:
            short += value
    return long, short


def _counts(ticket: OrderTicket, facts: Facts, limits: Limits) -> Iterator[Objection]:
    working = sum(1 for order in facts.orders if order.status.is_working)
    if working >= limits.open_orders:
        yield Objection(Rule.OPEN_ORDERS, f"{working} orders are working, the limit is {limits.open_orders}", "cancel one first")
    for count, seconds in ((limits.per_second, 1), (limits.per_minute, 60)):
        sent = sum(1 for at_ns, _ in facts.recent if facts.now_ns - at_ns < seconds * NS)
        if sent >= count:
            yield Objection(Rule.RATE, f"{sent} orders in the last {seconds} s, the limit is {count}", "wait a moment")
    if facts.pace:
        yield Objection(Rule.RATE, facts.pace, "wait; exits and cancels do not")
    if limits.unknown_override:
        return
    for order in facts.working(ticket.instrument):
        if order.status is OrderStatus.UNKNOWN and order.side is ticket.side:
            text = f"a {order.side} of {plain(order.qty)} has an unknown outcome"
            yield Objection(Rule.UNKNOWN_ORDER, text, "wait until it is resolved, or type :override unknown")
            return


def _duplicate(ticket: OrderTicket, facts: Facts, limits: Limits, *, hard: bool) -> Iterator[Objection]:
    for at_ns, sent in reversed(facts.recent):
        if facts.now_ns - at_ns >= limits.duplicate_s * NS:
            return
        if _same(sent, ticket):
            text = f"the same order was sent {(facts.now_ns - at_ns) // 1_000_000} ms ago"
            yield Objection(Rule.DUPLICATE, text, f"wait {limits.duplicate_s} s, or change it", hard=hard)
            return


def _same(one: OrderTicket, other: OrderTicket) -> bool:
    return (one.instrument, one.side, one.type, one.qty, one.price, one.trigger_price, one.position_side) == (
        other.instrument,
        other.side,
        other.type,
        other.qty,
        other.price,
        other.trigger_price,
        other.position_side,
    )


def _unusual(ticket: OrderTicket, facts: Facts, limits: Limits) -> Iterator[Objection]:
    sizes = sorted([sent.qty for _, sent in facts.recent if sent.instrument == ticket.instrument and sent.qty][-_MEDIAN_OF:])
    if not sizes:
        return
    half = len(sizes) // 2
    median = sizes[half] if len(sizes) % 2 else (sizes[half - 1] + sizes[half]) / 2
    if ticket.qty > median * limits.median_factor:
        text = f"size {plain(ticket.qty)} is more than {plain(limits.median_factor)} times the usual {plain(median)}"
        yield Objection(Rule.UNUSUAL_QTY, text, "check the zeros", hard=False)


def _margin(ticket: OrderTicket, instrument: Instrument, facts: Facts) -> Iterator[Objection]:
    price, leverage = facts.entry_price(ticket), facts.leverage_for(instrument)
    opening = opening_qty(ticket, facts.leg(ticket))
    if price is None or leverage <= 0 or not opening:
        return
    cost = order_cost(instrument, ticket.side, opening, price, leverage)
    if facts.available is None:
        yield Objection(Rule.BALANCE_UNKNOWN, "the available balance is not known", "wait for the account", hard=False)
    elif cost > facts.available:
        most = instrument.round_qty(max(ZERO, opening * facts.available / cost))
        text = f"needs {_money(cost, instrument)}, available {_money(facts.available, instrument)}"
        yield Objection(Rule.MARGIN, text, _at_most(instrument, most))


def _self_cross(ticket: OrderTicket, facts: Facts) -> Iterator[Objection]:
    if ticket.type.is_conditional:
        return
    limit = ticket.price if ticket.type.has_limit else facts.far_touch(ticket.side)
    for order in facts.working(ticket.instrument):
        if order.side is ticket.side or order.type is not OrderType.LIMIT or order.price is None or limit is None:
            continue
        if (limit - order.price) * ticket.side.sign >= 0:
            text = f"would trade with your own {order.side} at {plain(order.price)}"
            yield Objection(Rule.SELF_CROSS, text, "cancel that order first", hard=False)
            return


def _at_most(instrument: Instrument, qty: Decimal) -> str:
    return f"at most {plain(qty)} {instrument.size_unit}" if qty >= instrument.lot else "no size fits: reduce something first"


def _distance(price: Decimal, centre: Decimal) -> str:
    """Say how far apart two prices are in three digits, or as many as a percent has."""
    percent = abs(price - centre) * HUNDRED / centre
    return f"{plain(nearest_to(percent, Decimal(1).scaleb(max(-2, min(0, percent.adjusted() - 2)))))}%"


def _on_tick(price: Decimal, instrument: Instrument) -> str:
    """Return a price that the venue computes with the places that prices of the contract have."""
    return plain(nearest_to(price, instrument.tick) or price)


def _money(value: Decimal, instrument: Instrument | None = None) -> str:
    if instrument is None:
        return f"${nearest_to(value, _CENT):,.2f}"
    return f"{plain(nearest_to(value, Decimal(1).scaleb(-min(instrument.value_scale, 8))))} {instrument.settle}"
