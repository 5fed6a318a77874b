"""How commands that make orders are spelled."""

from __future__ import annotations

from tui_trader.core.decimals import plain
from tui_trader.core.language.entries import Chase, PlaceOrder, Scale, Then
from tui_trader.core.language.spelled_terms import (
    join,
    spell_at,
    spell_price,
    spell_size,
    spell_target,
    spell_time,
    spell_trail,
    spell_trigger,
)
from tui_trader.core.language.words import MARGIN_WORDS, TIF_WORDS

TIF_SPELLING = {tif: word for word, tif in TIF_WORDS.items()}
MARGIN_SPELLING = {mode: word for word, mode in MARGIN_WORDS.items()}


def spell_order(order: PlaceOrder) -> str:
    """Return the spelling of an order."""
    return join(_head(order), spell_at(order.price), *_clauses(order))


def spell_scale(scale: Scale) -> str:
    """Return the spelling of a scale."""
    shape = f"x{plain(scale.factor)}" if scale.factor is not None else str(scale.shape)
    span = f"in {scale.count} from {spell_price(scale.start)} to {spell_price(scale.end)} {shape}"
    return join("scale", _head(scale.order), span, *_clauses(scale.order))


def spell_chase(chase: Chase) -> str:
    """Return the spelling of a chase."""
    return join(
        "chase",
        _head(chase.order),
        f"max {plain(chase.most.value)}{chase.most.unit}" if chase.most else "",
        f"for {spell_time(chase.seconds)}" if chase.seconds is not None else "",
        f"then {chase.then}" if chase.then is not Then.STOP else "",
        *_clauses(chase.order),
    )


def _head(order: PlaceOrder) -> str:
    return join(str(order.side), spell_size(order.size), order.symbol)


def _clauses(order: PlaceOrder) -> list[str]:
    parts = []
    if order.trigger:
        parts.append(f"{'touch' if order.touch else 'stop'} {spell_trigger(order.trigger)}")
    if order.trail:
        parts.append(spell_trail(order.trail))
    if order.tif:
        parts.append(TIF_SPELLING[order.tif])
    if order.good_for is not None:
        parts.append(f"gtd {spell_time(order.good_for)}")
    if order.reduce_only:
        parts.append("ro")
    if order.close:
        parts.append("close")
    if order.stop_loss:
        parts.append(f"sl {spell_trigger(order.stop_loss)}")
    parts += [f"tp {spell_target(target)}" for target in order.targets]
    if order.leverage is not None:
        parts.append(f"lev {plain(order.leverage)}")
    if order.margin_mode:
        parts.append(MARGIN_SPELLING[order.margin_mode])
    if order.position_side:
        parts.append(f"pos:{order.position_side}")
    if order.venue:
        parts.append(f"on {order.venue}")
    if order.account:
        parts.append(f"acct {order.account}")
    if order.dry:
        parts.append("dry")
    return parts
