"""The parts an order line is made of: sizes, prices, triggers, selectors and clauses.

It must not know verbs or the market. Every function reads from the cursor and raises CommandError.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Context, Decimal

from tui_trader.core.command import (
    MARGIN_WORDS,
    TIF_WORDS,
    Offset,
    OffsetUnit,
    PlaceOrder,
    Price,
    PriceRef,
    Selector,
    SelectorKind,
    Size,
    SizeUnit,
    Target,
    Trail,
    Trigger,
    spell_size,
)
from tui_trader.core.decimals import HUNDRED, ONE, ZERO, plain
from tui_trader.core.lexer import Cursor
from tui_trader.core.sanitise import is_symbol
from tui_trader.core.types import MarginMode, PositionSide, Side, TimeInForce, TriggerSource
from tui_trader.core.words import CLAUSES, CLAUSES_NOT_YET, NO_SUCH_CLAUSE, REFS_NOT_YET

_PERCENTS = {"e": SizeUnit.EQUITY, "b": SizeUnit.AVAILABLE, "p": SizeUnit.POSITION}
_UNITS = ("k", "m", "t", "bp", "r")
_SELECTOR_WORDS = {str(kind): kind for kind in SelectorKind if kind is not SelectorKind.NAME}
_SOURCES = {str(source): source for source in TriggerSource}
_REFS = {str(ref): ref for ref in PriceRef}


def shifted(value: Decimal, power: int) -> Decimal:
    """Return ``value * 10**power`` exactly, whatever the precision of the current context."""
    return value.scaleb(power, Context(prec=100)) if power else value


def read_size(cursor: Cursor, side: Side) -> Size:
    """Read the size slot of an order."""
    cursor.skip()
    start = cursor.column
    example = f"{side} 0.5"
    char = cursor.next_char()
    if char and char in "+-":
        cursor.fail("a size has no sign: the first word says the direction", fix=example)
    if char == "%":
        cursor.fail("a number is missing before '%'", fix=f"{side} 10%e, 10%b or 10%p")
    if cursor.take("#"):
        value = cursor.take_number("the number of a preset", fix="#1 to #5")
        cursor.end_number()
        if value not in (1, 2, 3, 4, 5):
            cursor.fail("presets are #1 to #5", column=start, fix=f"{side} #1")
        return Size(value, SizeUnit.PRESET, start)
    if cursor.take("$"):
        if cursor.take_word("size"):
            return Size(ONE, SizeUnit.SAME, start)
        return Size(_amount(cursor, start, example=f"{side} $500"), SizeUnit.QUOTE, start)
    if cursor.peek_word() == "r":
        cursor.take_word("r")
        if not cursor.take(":"):
            cursor.fail("a size by risk is written r:0.5%", column=start, fix=f"{side} r:0.5% sl 49000")
        return _risk(cursor, side, start)
    if not cursor.peek_number():
        run = cursor.peek_run()
        if run.lower() in _UNITS:
            cursor.fail(f"a number is missing before {run!r}", fix=f"{side} 5{run}")
        cursor.fail(f"a size expected, not {run!r}" if not cursor.ended else "a size is missing", fix=example)
    value = cursor.take_number("a size", fix=example)
    power = cursor.take_multiple()
    value = shifted(value, power)
    if cursor.take("$"):
        cursor.end_number()
        return Size(_positive(cursor, value, start, f"{side} $500"), SizeUnit.QUOTE, start)
    if not power and cursor.take("%"):
        letter = cursor.take_unit(*_PERCENTS)
        if not letter:
            n = plain(value)
            cursor.fail(
                f"{n}% of what?", column=start, fix=f"{n}%e of equity, {n}%b of the available balance, {n}%p of the position"
            )
        _positive(cursor, value, start, f"{side} 10%{letter}")
        if letter == "p" and value > HUNDRED:
            cursor.fail("more than the whole position", column=start, fix=f"{side} 100%p, or rev")
        return Size(value, _PERCENTS[letter], start)
    cursor.end_number()
    return Size(_positive(cursor, value, start, example), SizeUnit.BASE, start)


def read_symbol(cursor: Cursor, side: Side, size: Size) -> str:
    """Read the optional symbol of an order; empty when there is none."""
    cursor.skip()
    if cursor.ended or cursor.next_char() == "@":
        return ""
    word = cursor.peek_word()
    name = cursor.peek_name()
    if word and len(word) == len(name) and (word in CLAUSES or word in CLAUSES_NOT_YET or word == "at"):
        return ""
    if word in NO_SUCH_CLAUSE and len(word) == len(name):
        cursor.fail(f"{name!r} is neither a symbol nor a clause", fix=NO_SUCH_CLAUSE[word])
    raw = cursor.peek_number()
    if raw and (name == raw.rstrip(",") or name[len(raw) :].lower() in ("", *_UNITS, "x") or cursor.next_char() == ","):
        cursor.fail(f"a second number {raw!r}", fix=f"{side} {spell_size(size)} @ {raw}")
    if name.lower() in _UNITS:
        cursor.fail(f"the unit {name!r} stands apart from its number", fix=f"{side} {spell_size(size)}{name}")
    if not name or not is_symbol(name) or not any(char.isalpha() for char in name) or name[0] in ".-_":
        cursor.fail(f"unexpected {cursor.peek_run()!r}", fix="a symbol, a price after @, or a clause such as po")
    cursor.column += len(name)
    return name


def read_price(cursor: Cursor, *, bare: bool = False) -> Price:
    """Read a price; with ``bare`` the ``@`` may be left out and the price may be a distance alone (``+5t``)."""
    marked = cursor.take("@") or bool(cursor.take_word("at"))
    cursor.skip()
    start = cursor.column
    if not marked and not bare:
        cursor.fail("a price starts with @", fix="@ bid")
    char = cursor.next_char()
    if char and char in "+-":
        if bare and not marked:
            return Price(offset=_offset(cursor))
        cursor.fail("a price has no sign", fix="@ bid-3t for three ticks below the bid")
    if cursor.peek_number():
        value = cursor.take_number("a price")
        value = shifted(value, cursor.take_multiple())
        if cursor.here() == "%":
            cursor.fail("a price is not a percentage", column=start, fix=f"@ mark-{plain(value)}%")
        cursor.end_number()
        if not value:
            cursor.fail("a price of zero", column=start, fix="@ bid, or a number above zero")
        return Price(number=value, offset=_optional_offset(cursor))
    word = cursor.peek_word()
    if word in REFS_NOT_YET:
        cursor.fail(f"'{word}' is not available in this version", fix="bid ask mid last mark index entry be liq")
    if word not in _REFS:
        run = cursor.peek_run()
        cursor.fail(
            f"a price expected, not {run!r}" if not cursor.ended else "a price is missing",
            fix="a number or one of bid ask mid last mark index entry be liq",
        )
    cursor.take_word(word)
    return Price(ref=_REFS[word], offset=_optional_offset(cursor))


def read_selector(cursor: Cursor, kinds: frozenset[SelectorKind]) -> Selector | None:
    """Read what to act on; None when nothing is named here."""
    if cursor.ended or cursor.next_char() == "@" or cursor.peek_word() == "at":
        return None
    name = cursor.peek_name(glob=True)
    if not name or name[0] in "-._" or len(name) > 40:
        cursor.fail(
            f"an order, a symbol or 'all' expected, not {cursor.peek_run()!r}", fix="an id such as b7, BTCUSDT, BTC*, all"
        )
    kind = _SELECTOR_WORDS.get(name.lower(), SelectorKind.NAME)
    if kind not in kinds:
        cursor.fail(f"{name!r} selects orders, not positions", fix="a symbol, all, longs, shorts or marked")
    cursor.column += len(name)
    return Selector(kind, name if kind is SelectorKind.NAME else "")


@dataclass(slots=True)
class _Draft:
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


def order_clauses(cursor: Cursor, side: Side, size: Size, symbol: str) -> PlaceOrder:
    """Read price and clauses, in any order, up to the end of the statement, and check that they belong together."""
    draft = _Draft()
    targets: list[Target] = []
    columns: dict[str, int] = {}

    def once(what: str, at: int) -> None:
        if what in columns:
            cursor.fail(f"{what} is given twice", column=at, fix="keep one")
        columns[what] = at

    while not cursor.ended:
        at = cursor.column
        word = cursor.peek_word()
        if cursor.next_char() == "@" or word == "at":
            once("the price", at)
            draft.price = read_price(cursor)
        elif word in TIF_WORDS:
            once("the time in force", at)
            cursor.take_word(word)
            draft.tif = TIF_WORDS[word]
        elif word == "ro":
            once("ro", at)
            cursor.take_word(word)
            draft.reduce_only = True
        elif word == "close":
            once("close", at)
            cursor.take_word(word)
            draft.close = True
        elif word in ("stop", "touch"):
            once("the trigger", at)
            cursor.take_word(word)
            draft.trigger = _waiting(cursor, word, good="+" if (side is Side.BUY) is (word == "stop") else "-")
            draft.touch = word == "touch"
        elif word == "trail":
            once("trail", at)
            cursor.take_word(word)
            draft.trail = read_trail(cursor)
        elif word == "sl":
            once("sl", at)
            cursor.take_word(word)
            draft.stop_loss = _with_limit(cursor, _trigger(cursor, side, target=False))
        elif word == "tp":
            columns.setdefault("tp", at)
            cursor.take_word(word)
            targets.append(_portion(cursor, _trigger(cursor, side, target=True)))
        elif word == "lev":
            once("lev", at)
            cursor.take_word(word)
            draft.leverage = _leverage(cursor)
        elif word in MARGIN_WORDS:
            once("the margin mode", at)
            cursor.take_word(word)
            draft.margin_mode = MARGIN_WORDS[word]
        elif word == "pos":
            once("pos", at)
            cursor.take_word(word)
            cursor.take(":")
            leg = cursor.take_word("long", "short", "merged")
            if not leg:
                cursor.fail("long, short or merged expected", fix="pos:long")
            draft.position_side = PositionSide(leg)
        elif word in CLAUSES_NOT_YET:
            cursor.fail(f"'{word}' is not available in this version")
        elif word in NO_SUCH_CLAUSE:
            cursor.fail(f"unexpected {word!r}", fix=NO_SUCH_CLAUSE[word])
        else:
            cursor.fail(
                f"unexpected {cursor.peek_run()!r}", fix="the symbol comes right after the size; clauses: " + " ".join(CLAUSES)
            )
    _check(cursor, side, size, draft, targets, columns)
    return PlaceOrder(
        side=side,
        size=size,
        symbol=symbol,
        price=draft.price,
        trigger=draft.trigger,
        touch=draft.touch,
        trail=draft.trail,
        tif=draft.tif,
        reduce_only=draft.reduce_only or size.unit is SizeUnit.POSITION,
        close=draft.close,
        stop_loss=draft.stop_loss,
        targets=tuple(targets),
        leverage=draft.leverage,
        margin_mode=draft.margin_mode,
        position_side=draft.position_side,
    )


def _check(cursor: Cursor, side: Side, size: Size, draft: _Draft, targets: list[Target], columns: dict[str, int]) -> None:
    reducing = draft.reduce_only or draft.close or size.unit is SizeUnit.POSITION
    exits = [columns[word] for word in ("sl", "tp") if word in columns]
    if draft.price is None and draft.tif is TimeInForce.POST_ONLY:
        cursor.fail("po needs a price", column=columns["the time in force"], fix=f"@ {'bid' if side is Side.BUY else 'ask'} po")
    if draft.trail is not None:
        if not reducing:
            cursor.fail(
                "a trailing stop only reduces",
                column=columns["trail"],
                fix="add ro; an entry takes sl, and trail once it is filled",
            )
        if draft.price is not None or draft.trigger is not None:
            other = columns["the price" if draft.price is not None else "the trigger"]
            cursor.fail("a trailing stop executes at the market", column=other, fix="drop it: trail 0.6% from PRICE")
    if draft.trigger is not None and draft.price is None and draft.tif in (TimeInForce.IOC, TimeInForce.FOK):
        cursor.fail(
            "an order that waits for its trigger and then takes the market has no time in force",
            column=columns["the time in force"],
            fix="drop it",
        )
    if size.unit in (SizeUnit.RISK_PERCENT, SizeUnit.RISK_QUOTE) and draft.stop_loss is None:
        cursor.fail("a size by risk needs a stop", column=size.column, fix=f"{side} {spell_size(size)} sl PRICE")
    if reducing and exits:
        cursor.fail("an order that only reduces takes no sl or tp", column=min(exits), fix="drop it, or drop ro")
    if any(target.trigger.multiple is not None for target in targets) and draft.stop_loss is None:
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


def _trigger(cursor: Cursor, side: Side, *, target: bool) -> Trigger:
    word = "tp" if target else "sl"
    good = "+" if (side is Side.BUY) is target else "-"
    cursor.skip()
    start = cursor.column
    char = cursor.next_char()
    if char and char in "+-":
        offset = _offset(cursor)
        if not offset.value:
            cursor.fail(f"{word} at the entry itself", column=start, fix=f"{word} {good}1%")
        if char != good:
            what = "target" if target else "stop"
            fixed = f"{word} {good}{plain(offset.value.copy_abs())}{offset.unit}"
            cursor.fail(f"the {what} of a {side} is on the {good} side", column=start, fix=fixed)
        trigger = Trigger(price=Price(offset=offset))
    elif cursor.peek_number():
        value = cursor.take_number("a trigger price")
        if cursor.take_unit("r"):
            if not target:
                cursor.fail("R is measured by the stop itself", column=start, fix="sl PRICE, or sl -1%")
            trigger = Trigger(multiple=value)
        else:
            unit = "%" if cursor.here() == "%" else cursor.take_unit("t", "bp", "atr")
            if unit == "atr":
                cursor.fail("'atr' is not available in this version", column=start)
            if unit:
                cursor.fail("a distance needs its sign", column=start, fix=f"{word} {good}{plain(value)}{unit}")
            value = shifted(value, cursor.take_multiple())
            cursor.end_number()
            trigger = Trigger(price=Price(number=value))
        if not value:
            cursor.fail(f"{word} of zero", column=start, fix=f"{word} {good}1%")
    else:
        run = cursor.peek_run()
        fix = f"{word} 50000, {word} {good}1%" + (", tp 2R" if target else "")
        cursor.fail(f"a price expected after {word}, not {run!r}" if not cursor.ended else f"{word} needs a price", fix=fix)
    return replace(trigger, source=_source(cursor, word, portion=target))


def _source(cursor: Cursor, word: str, *, portion: bool = False) -> TriggerSource | None:
    """Read which price is watched; with ``portion`` the colon may also begin a part of the order."""
    if cursor.next_char() != ":":
        return None
    mark = cursor.column
    cursor.take(":")
    if found := cursor.take_word(*_SOURCES):
        return _SOURCES[found]
    if not (portion and cursor.peek_number()):
        cursor.fail("mark, last or index expected", fix=f"{word} 50000:mark")
    cursor.column = mark
    return None


def _with_limit(cursor: Cursor, trigger: Trigger) -> Trigger:
    """Read what a trigger executes at, if that is said."""
    if not cursor.take_word("lim"):
        return trigger
    if cursor.next_char() not in ("+", "-") and not cursor.peek_number():
        run = cursor.peek_run()
        cursor.fail(
            f"a limit price expected, not {run!r}" if not cursor.ended else "lim needs a price",
            fix="lim 48990, or lim -10t for ten ticks below the trigger",
        )
    return replace(trigger, limit=read_price(cursor, bare=True))


def _waiting(cursor: Cursor, word: str, *, good: str = "") -> Trigger:
    """Read what an order waits for: a price, or a distance from the price that it watches."""
    cursor.skip()
    start = cursor.column
    char = cursor.next_char()
    if char and char in "+-":
        offset = _offset(cursor)
        if not offset.value:
            cursor.fail(f"{word} at the price itself", column=start, fix=f"{word} {good or '+'}1%")
        if good and char != good:
            fixed = f"{word} {good}{plain(offset.value.copy_abs())}{offset.unit}"
            cursor.fail(f"this would fire at once: it waits on the {good} side", column=start, fix=fixed)
        price = Price(offset=offset)
    else:
        if cursor.peek_number():
            _signed(cursor, word, good or "+")
        elif cursor.ended:
            cursor.fail(f"{word} needs a price", fix=f"{word} 50000, {word} {good or '+'}1%")
        price = read_price(cursor, bare=True)
    return Trigger(price, source=_source(cursor, word))


def read_trail(cursor: Cursor) -> Trail:
    """Read the distance of a trailing stop, and where it begins to follow."""
    cursor.skip()
    start = cursor.column
    char = cursor.next_char()
    if char and char in "+-":
        cursor.fail("a trailing distance has no sign: the position says the side", column=start, fix="trail 0.6%")
    if not cursor.peek_number():
        cursor.fail(
            "a trailing distance is missing" if cursor.ended else f"a distance expected, not {cursor.peek_run()!r}",
            fix="trail 0.6%, trail 50t, trail 120",
        )
    value = cursor.take_number("a distance", fix="trail 0.6%")
    unit = _distance_unit(cursor)
    cursor.end_number()
    _positive(cursor, value, start, "trail 0.6%")
    if unit == "%" and value >= HUNDRED:
        cursor.fail("a trailing distance of the whole price", column=start, fix="trail 0.6%")
    begin = read_price(cursor, bare=True) if cursor.take_word("from") else None
    return Trail(Offset(value, OffsetUnit(unit)), begin)


def read_exit(cursor: Cursor, word: str) -> Target:
    """Read where the stop or the target of a position is put: a price by number or name, or a distance from its entry."""
    target = word == "tp"
    cursor.skip()
    start = cursor.column
    if target and cursor.peek_number():
        value = cursor.take_number("a trigger price")
        if cursor.take_unit("r"):
            if not value:
                cursor.fail("tp of zero", column=start, fix="tp 2R")
            return _portion(cursor, Trigger(multiple=value, source=_source(cursor, word, portion=True)))
        cursor.column = start
    trigger = _waiting_exit(cursor, word, target)
    return _portion(cursor, trigger) if target else Target(_with_limit(cursor, trigger))


def _waiting_exit(cursor: Cursor, word: str, target: bool) -> Trigger:
    char = cursor.next_char()
    if char and char in "+-":
        price = Price(offset=_offset(cursor))
    else:
        if cursor.peek_number():
            _signed(cursor, word, "-")
        elif cursor.ended:
            cursor.fail(f"{word} needs a price", fix=f"{word} 50000, {word} -1%, {word} be")
        price = read_price(cursor, bare=True)
    return Trigger(price, source=_source(cursor, word, portion=target))


def _signed(cursor: Cursor, word: str, sign: str) -> None:
    """Refuse a distance without its sign."""
    start = cursor.column
    value = cursor.take_number("a price")
    unit = "%" if cursor.here() == "%" else cursor.take_unit("t", "bp")
    if unit:
        cursor.fail("a distance needs its sign", column=start, fix=f"{word} {sign}{plain(value)}{unit}")
    if not value:
        cursor.fail(f"{word} of zero", column=start, fix=f"{word} {sign}1%")
    cursor.column = start


def _distance_unit(cursor: Cursor) -> str:
    if cursor.here() == "%":
        cursor.take("%")
        return "%"
    unit = cursor.take_unit("t", "bp", "atr")
    if unit == "atr":
        cursor.fail("'atr' is not available in this version", fix="t, % or bp")
    return unit


def _portion(cursor: Cursor, trigger: Trigger) -> Target:
    if not cursor.take(":"):
        return Target(_with_limit(cursor, trigger))
    cursor.skip()
    start = cursor.column
    value = cursor.take_number("a part of the order", fix="tp +1%:50%")
    if not cursor.take("%"):
        cursor.fail("a part of the order is a percentage", column=start, fix=f":{plain(value)}%")
    cursor.end_number()
    if not 0 < value <= HUNDRED:
        cursor.fail("a part of the order is more than 0 % and at most 100 %", column=start, fix="tp +1%:50%")
    return Target(_with_limit(cursor, trigger), value)


def _leverage(cursor: Cursor) -> Decimal:
    cursor.skip()
    start = cursor.column
    value = cursor.take_number("a leverage", fix="lev 10")
    cursor.take_unit("x")
    cursor.end_number()
    return _positive(cursor, value, start, "lev 10")


def _optional_offset(cursor: Cursor) -> Offset | None:
    return _offset(cursor) if cursor.next_char() in ("+", "-") else None


def _offset(cursor: Cursor) -> Offset:
    char = cursor.next_char()
    cursor.take(char)
    if not cursor.peek_number():
        run = cursor.peek_run()
        if run in ("t", "%", "bp"):
            cursor.fail(f"a number is missing before {run!r}", fix=f"{char}3{run}")
        cursor.fail(f"a distance is missing after {char!r}", fix=f"{char}3t, {char}0.1% or {char}5bp")
    value = cursor.take_number("a distance")
    unit = _distance_unit(cursor)
    cursor.end_number()
    if cursor.next_char() == "%" or cursor.peek_word() in ("t", "bp"):
        stray = cursor.peek_run()
        cursor.fail(f"the unit {stray!r} stands apart from its number", fix=f"{char}{plain(value)}{stray}")
    return Offset(value if char == "+" else value.copy_negate(), OffsetUnit(unit))


def _amount(cursor: Cursor, start: int, *, example: str) -> Decimal:
    value = cursor.take_number("an amount", fix=example)
    value = shifted(value, cursor.take_multiple())
    cursor.end_number()
    if cursor.here() == "%":
        cursor.fail("an amount is not a percentage", column=start, fix=example)
    return _positive(cursor, value, start, example)


def _risk(cursor: Cursor, side: Side, start: int) -> Size:
    example = f"{side} r:0.5% sl 49000"
    if cursor.take("$"):
        return Size(_amount(cursor, start, example=example), SizeUnit.RISK_QUOTE, start)
    value = cursor.take_number("a risk", fix=example)
    value = shifted(value, cursor.take_multiple())
    if cursor.take("$"):
        unit = SizeUnit.RISK_QUOTE
    elif cursor.take("%"):
        unit = SizeUnit.RISK_PERCENT
        if value > HUNDRED:
            cursor.fail("more than 100 % of equity", column=start, fix=example)
    else:
        cursor.fail("a risk is a percentage or an amount", column=start, fix=f"r:{plain(value)}% or r:{plain(value)}$")
    cursor.end_number()
    return Size(_positive(cursor, value, start, example), unit, start)


def _positive(cursor: Cursor, value: Decimal, start: int, example: str) -> Decimal:
    if not value:
        cursor.fail("zero is not an amount", column=start, fix=example)
    return value
