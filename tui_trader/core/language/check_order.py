"""Whether the clauses of an order belong together."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tui_trader.core.decimals import HUNDRED, ZERO
from tui_trader.core.language.cursor import Cursor
from tui_trader.core.language.spelled_terms import spell_size
from tui_trader.core.language.terms import Price, Size, SizeUnit, Target, Trail, Trigger
from tui_trader.core.types import MarginMode, PositionSide, Side, TimeInForce


@dataclass(slots=True)
class Clauses:
    """An order while its clauses are read."""

    price: Price | None = None
    trigger: Trigger | None = None
    touch: bool = False
    trail: Trail | None = None
    tif: TimeInForce | None = None
    reduce_only: bool = False
    close: bool = False
    stop_loss: Trigger | None = None
    leverage: Decimal | None = None
    margin_mode: MarginMode | None = None
    position_side: PositionSide | None = None
    good_for: int | None = None
    venue: str = ""
    account: str = ""
    dry: bool = False


def check_order(
    cursor: Cursor,
    side: Side,
    size: Size,
    draft: Clauses,
    targets: list[Target],
    columns: dict[str, int],
    *,
    priced: bool = False,
) -> None:
    """Raise CommandError where clauses contradict each other; ``priced`` says that the order gets its prices otherwise."""
    reducing = draft.reduce_only or draft.close or size.unit is SizeUnit.POSITION
    exits = [columns[word] for word in ("sl", "tp") if word in columns]
    if draft.price is None and draft.tif is not None and draft.tif.only_rests and not priced:
        cursor.fail("po needs a price", column=columns["the time in force"], fix=f"@ {'bid' if side is Side.BUY else 'ask'} po")
    waits = draft.price is not None or draft.trigger is not None or (draft.trail is not None and reducing)
    if draft.good_for is not None and not waits and not priced:
        cursor.fail("gtd needs a price: a market order does not wait", column=columns["the time in force"], fix="@ bid gtd 15m")
    if draft.trail is not None and not reducing:
        if draft.stop_loss is not None:
            cursor.fail("an entry has one stop: sl or trail", column=max(columns["sl"], columns["trail"]), fix="drop one of them")
        if draft.trail.start is not None:
            cursor.fail(
                "the trailing stop of an entry follows from its fill on",
                column=columns["trail"],
                fix="drop from; or trail DISTANCE from PRICE once it is filled",
            )
    elif draft.trail is not None and (draft.price is not None or draft.trigger is not None):
        other = columns["the price" if draft.price is not None else "the trigger"]
        cursor.fail("a trailing stop executes at the market", column=other, fix="drop it: trail 0.6% from PRICE")
    if draft.trigger is not None and draft.price is None and draft.tif in (TimeInForce.IOC, TimeInForce.FOK):
        cursor.fail(
            "an order that waits for its trigger and then takes the market has no time in force",
            column=columns["the time in force"],
            fix="drop it",
        )
    stopped = draft.stop_loss is not None or draft.trail is not None
    if size.unit in (SizeUnit.RISK_PERCENT, SizeUnit.RISK_QUOTE) and not stopped:
        cursor.fail("a size by risk needs a stop", column=size.column, fix=f"{side} {spell_size(size)} sl PRICE")
    if reducing and exits:
        cursor.fail("an order that only reduces takes no sl or tp", column=min(exits), fix="drop it, or drop ro")
    if any(target.trigger.multiple is not None for target in targets) and not stopped:
        cursor.fail("a target in R needs a stop to measure R", column=columns["tp"], fix="add sl PRICE")
    if sum((target.portion or ZERO for target in targets), ZERO) > HUNDRED:
        cursor.fail("targets add up to more than 100 %", column=columns["tp"], fix="tp A:50% tp B:50%")
    stop = _absolute(draft.stop_loss)
    entry = draft.price.number if draft.price and not draft.price.offset else _absolute(draft.trigger)
    if stop is not None and entry is not None and (entry - stop) * side.sign <= 0:
        cursor.fail(
            f"the stop of a {side} lies {'below' if side is Side.BUY else 'above'} its entry",
            column=columns["sl"],
            fix="move sl or @",
        )
    for target in targets:
        level = _absolute(target.trigger)
        bound = entry if entry is not None else stop
        if level is not None and bound is not None and (level - bound) * side.sign <= 0:
            where = "above" if side is Side.BUY else "below"
            what = "entry" if entry is not None else "stop"
            cursor.fail(f"the target of a {side} lies {where} its {what}", column=columns["tp"], fix="swap sl and tp?")


def _absolute(trigger: Trigger | None) -> Decimal | None:
    return trigger.price.number if trigger and trigger.price else None
