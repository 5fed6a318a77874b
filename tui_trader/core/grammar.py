"""The order language: one typed line to commands, or one error with its column and what to type instead.

It must not know the market or the account. Whatever is legal in the language but cannot be executed yet is recognised and
refused as such, so that it is never read as something else.

    line   = stmt { ";" stmt } [ "!" ]
    order  = side size [symbol] [price] { clause }
    side   = buy | b | long | sell | s | short
    size   = NUM [k|m] | "$" NUM | NUM "$" | NUM "%e" | NUM "%b" | NUM "%p" | "r:" NUM ("%"|"$") | "#" 1..5 | "$size"
    price  = ("@"|"at") ref [ (+|-) NUM [t|%|bp] ]            none = market
    ref    = NUM | bid | ask | mid | last | mark | index | entry | be | liq
    clause = po | ioc | fok | gtc | ro | close | sl trig | tp trig [":" NUM "%"] | lev NUM | iso | cross
           | (stop|touch) trig | trail NUM [t|%|bp] [from price] | pos:(long|short|merged)
    trig   = NUM | (+|-) NUM [t|%|bp] | NUM "R"   [ ":" (mark|last|index) ] [ "lim" price ]
    manage = close [NUM%] [sel] [price] | cancel [sel|bids|asks|stops|last] | flat [sel] | rev [sel]
           | move sel price | qty sel NUM | lev NUM [iso|cross]
           | protect [sel] | be [sel] | sl exit | tp exit [":" NUM "%"] | trail NUM [t|%|bp] [from price]
           | margin (+|-)NUM | mode hedge|oneway | transfer NUM NAME in|out
    exit   = (ref | (+|-) NUM [t|%|bp] | NUM "R") [ ":" (mark|last|index) ] [ "lim" price ]
    sel    = id | symbol | glob | all | longs | shorts | marked
    state  = symbol NAME | theme NAME | group [NUM] | arm [NUM(s|m|h)] | help [TOPIC] | log | keys
           | rec start|stop | quit | q
    guard  = panic [flatten] | halt | ro on|off | resume [NAME] | override unknown | reconcile
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tui_trader.core.command import (
    MARGIN_WORDS,
    MODE_WORDS,
    AddMargin,
    Arm,
    BreakEven,
    CancelOrders,
    ChangeQty,
    ClosePosition,
    Command,
    Flatten,
    GroupPrices,
    Halt,
    Line,
    MoveOrder,
    Override,
    Panic,
    PlaceOrder,
    Protect,
    Quit,
    Reconcile,
    Record,
    Resume,
    Reverse,
    SelectorKind,
    SetLeverage,
    SetMode,
    SetRiskLimit,
    SetStop,
    SetTarget,
    SetTrail,
    ShowHelp,
    ShowKeys,
    ShowLog,
    ShowSymbol,
    SizeUnit,
    Transfer,
    UseTheme,
    canonical,
)
from tui_trader.core.decimals import HUNDRED, plain
from tui_trader.core.error import CommandError
from tui_trader.core.language.completion import complete
from tui_trader.core.language.cursor import Cursor
from tui_trader.core.language.read_name import read_selector, read_symbol
from tui_trader.core.language.read_order import order_clauses
from tui_trader.core.language.read_price import read_price
from tui_trader.core.language.read_size import read_size, shifted
from tui_trader.core.language.read_trigger import read_exit, read_trail
from tui_trader.core.language.words import NOT_YET, SIDES, VERBS
from tui_trader.core.types import Side

__all__ = ["canonical", "complete", "guard_size", "parse", "parse_one"]

_POSITION_SELECTORS = frozenset(
    {SelectorKind.ALL, SelectorKind.LONGS, SelectorKind.SHORTS, SelectorKind.MARKED, SelectorKind.NAME}
)
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def parse(text: str) -> Line:
    """Read a whole line; raises CommandError with a zero-based column and a fix. Nothing is executed when any part is wrong."""
    cursor = Cursor(text)
    commands: list[Command] = []
    while True:
        if cursor.ended:
            cursor.fail(
                "nothing after ';'" if commands else "nothing typed" if not cursor.next_char() else "a command is missing",
                fix="drop the ';'" if commands else "buy 0.5 @ bid, or help",
            )
        commands.append(_statement(cursor))
        if cursor.take(";"):
            continue
        immediate = cursor.take("!")
        cursor.skip()
        if cursor.text.startswith("&&", cursor.column):
            cursor.fail("'&&' is not available in this version", fix="use ';': it sends each command whatever the one before did")
        if cursor.next_char():
            cursor.fail("'!' ends the line" if immediate else f"unexpected {cursor.peek_run()!r}", fix="put ! at the very end")
        return Line(tuple(commands), immediate)


def parse_one(text: str) -> Command:
    """Read a line that holds exactly one command; raises CommandError."""
    line = parse(text)
    if len(line.commands) != 1:
        raise CommandError("one command expected", column=text.index(";"), fix="drop everything from the ';'")
    return line.commands[0]


def guard_size(command: Command, last: Decimal | None) -> CommandError | None:
    """Return the refusal of a market order whose bare size looks like a price: within 50 % of ``last``.

    With a price in the command the numbers cannot have been mistaken for each other, and the guard is silent.
    """
    if not isinstance(command, PlaceOrder) or command.price is not None or command.size.unit is not SizeUnit.BASE:
        return None
    if last is None or last <= 0 or abs(command.size.value - last) * 2 > last:
        return None
    number = plain(command.size.value)
    return CommandError(
        f"{number} looks like a price, not a size: did you mean '@ {number}'?",
        column=command.size.column,
        fix=f"{command.side} SIZE @ {number}, or name a price such as '@ {'ask' if command.side is Side.BUY else 'bid'}'",
    )


def _statement(cursor: Cursor) -> Command:
    verb = _verb(cursor)
    if verb in SIDES:
        return _order(cursor, SIDES[verb])
    command = _READERS[verb](cursor)
    if not cursor.ended:
        cursor.fail(f"unexpected {cursor.peek_run()!r} after {canonical(command)!r}", fix="separate commands with ';'")
    return command


def _verb(cursor: Cursor) -> str:
    cursor.skip()
    start = cursor.column
    typed = cursor.take_letters()
    if not typed:
        cursor.fail(f"a command expected, not {cursor.peek_run()!r}", fix="start with buy, sell, close, cancel, … or help")
    if typed not in VERBS and typed not in NOT_YET:
        found = sorted(word for word in (*VERBS, *NOT_YET) if word.startswith(typed))
        if not found:
            cursor.fail(f"unknown command {typed!r}", column=start, fix="help lists the commands")
        if len(found) > 1:
            cursor.fail(f"{typed!r} is ambiguous", column=start, fix=f"type more of {', '.join(found)}")
        typed = found[0]
    if typed in NOT_YET:
        cursor.fail(f"'{typed}' is not available in this version", column=start)
    return typed


def _order(cursor: Cursor, side: Side) -> PlaceOrder:
    size = read_size(cursor, side)
    symbol = read_symbol(cursor, side, size)
    return order_clauses(cursor, side, size, symbol)


def _close(cursor: Cursor) -> Command:
    percent = HUNDRED
    cursor.skip()
    start = cursor.column
    raw = cursor.peek_number()
    after = cursor.text[start + len(raw) : start + len(raw) + 1]
    glued = cursor.peek_run().endswith("%")  # 5k% and 1e5% are no order's name
    if raw and (glued or (not after.isalnum() and after not in ("-", "*", "?"))):
        percent = cursor.take_number("a percentage", fix="close 50%")
        if glued:
            cursor.end_number()
        if not cursor.take("%"):
            cursor.fail("close takes a percentage of the position", column=start, fix=f"close {plain(percent)}%")
        cursor.take_unit("p")
        cursor.end_number()
        if not 0 < percent <= HUNDRED:
            cursor.fail(
                "a part of a position is more than 0 % and at most 100 %", column=start, fix="close 100%, or rev to turn it"
            )
    elif cursor.next_char() == "%":
        cursor.fail("a number is missing before '%'", fix="close 50%")
    selector = read_selector(cursor, _POSITION_SELECTORS)
    price = read_price(cursor) if cursor.next_char() == "@" or cursor.peek_word() == "at" else None
    return ClosePosition(percent, selector, price)


def _cancel(cursor: Cursor) -> Command:
    return CancelOrders(read_selector(cursor, frozenset(SelectorKind)))


def _flat(cursor: Cursor) -> Command:
    return Flatten(read_selector(cursor, _POSITION_SELECTORS))


def _rev(cursor: Cursor) -> Command:
    return Reverse(read_selector(cursor, _POSITION_SELECTORS))


def _move(cursor: Cursor) -> Command:
    selector = read_selector(cursor, frozenset(SelectorKind))
    if selector is None:
        cursor.fail("which order to move is missing", fix="move b7 66700, or move marked +5t")
    return MoveOrder(selector, read_price(cursor, bare=True))


def _qty(cursor: Cursor) -> Command:
    selector = read_selector(cursor, frozenset(SelectorKind))
    if selector is None:
        cursor.fail("which order to resize is missing", fix="qty b7 0.5")
    cursor.skip()
    start = cursor.column
    value = cursor.take_number("a size", fix="qty b7 0.5")
    value = shifted(value, cursor.take_multiple())
    cursor.end_number()
    if not value:
        cursor.fail("a size of zero", column=start, fix="cancel the order instead")
    return ChangeQty(selector, value)


def _lev(cursor: Cursor) -> Command:
    cursor.skip()
    start = cursor.column
    value = cursor.take_number("a leverage", fix="lev 10")
    cursor.take_unit("x")
    cursor.end_number()
    if not value:
        cursor.fail("a leverage of zero", column=start, fix="lev 10")
    mode = cursor.take_word(*MARGIN_WORDS)
    return SetLeverage(value, MARGIN_WORDS[mode] if mode else None)


def _tp(cursor: Cursor) -> Command:
    target = read_exit(cursor, "tp")
    return SetTarget(target.trigger, target.portion)


def _margin(cursor: Cursor) -> Command:
    cursor.skip()
    start = cursor.column
    sign = cursor.next_char()
    if sign not in ("+", "-"):
        cursor.fail(
            "margin to add has a +, margin to take away a -" if not cursor.ended else "how much margin is missing",
            fix="margin +50, margin -20",
        )
    cursor.take(sign)
    value = _amount(cursor, "margin +50", start)
    return AddMargin(value if sign == "+" else -value)


def _risk_limit(cursor: Cursor) -> Command:
    cursor.skip()
    return SetRiskLimit(_amount(cursor, "risklimit 150", cursor.column))


def _mode(cursor: Cursor) -> Command:
    word = cursor.take_word(*MODE_WORDS)
    if not word:
        cursor.fail("hedge or oneway expected", fix="mode hedge keeps a long and a short leg, mode oneway one position")
    return SetMode(MODE_WORDS[word])


def _transfer(cursor: Cursor) -> Command:
    cursor.skip()
    fix = "transfer 100 USDT in moves it into the trading account, out takes it out"
    value = _amount(cursor, fix, cursor.column)
    currency = _name(cursor, "a currency", fix).upper()
    word = cursor.take_word("in", "out")
    if not word:
        cursor.fail("in or out expected", fix=fix)
    return Transfer(value, currency, word == "in")


def _amount(cursor: Cursor, fix: str, start: int) -> Decimal:
    value = cursor.take_number("an amount", fix=fix)
    value = shifted(value, cursor.take_multiple())
    cursor.end_number()
    if not value:
        cursor.fail("zero is not an amount", column=start, fix=fix)
    return value


def _name(cursor: Cursor, what: str, fix: str) -> str:
    name = cursor.peek_name()
    if not name:
        cursor.fail(f"{what} is missing" if cursor.ended else f"{what} expected, not {cursor.peek_run()!r}", fix=fix)
    if len(name) > 32:
        cursor.fail(f"{what} has at most 32 characters", fix=fix)
    cursor.column += len(name)
    return name


def _symbol(cursor: Cursor) -> Command:
    return ShowSymbol(_name(cursor, "a symbol", "symbol BTCUSDT"))


def _theme(cursor: Cursor) -> Command:
    return UseTheme(_name(cursor, "the name of a theme", "theme NAME"))


def _help(cursor: Cursor) -> Command:
    return ShowHelp("" if cursor.ended else _name(cursor, "a topic", "help buy").lower())


def _arm(cursor: Cursor) -> Command:
    if cursor.ended:
        return Arm()
    cursor.skip()
    start = cursor.column
    value = cursor.take_number("a time", fix="arm 5m")
    unit = cursor.take_unit(*_SECONDS)
    if not unit:
        cursor.fail("a time needs its unit", column=start, fix=f"arm {plain(value)}m for minutes, {plain(value)}s for seconds")
    seconds = value * _SECONDS[unit]
    if not seconds or seconds != seconds.to_integral_value() or seconds > 86_400:
        cursor.fail("a time is whole seconds, at most a day", column=start, fix="arm 5m")
    return Arm(int(seconds))


def _ro(cursor: Cursor) -> Command:
    word = cursor.take_word("on", "off")
    if not word:
        cursor.fail("on or off expected", fix="ro on lets out exits only, ro off entries again")
    return Halt(reducing=True) if word == "on" else Resume()


def _resume(cursor: Cursor) -> Command:
    return Resume("" if cursor.ended else _name(cursor, "the name of the venue", "resume phemex").lower())


def _override(cursor: Cursor) -> Command:
    if not cursor.take_word("unknown"):
        cursor.fail(
            "what is to be overridden is missing" if cursor.ended else "only 'unknown' can be overridden", fix="override unknown"
        )
    return Override()


def _group(cursor: Cursor) -> Command:
    if cursor.ended:
        return GroupPrices()
    cursor.skip()
    start = cursor.column
    step = cursor.take_number("a price step", fix="group 10")
    cursor.end_number()
    if not step:
        cursor.fail("a price step of zero", column=start, fix="group alone shows single ticks")
    return GroupPrices(step)


def _rec(cursor: Cursor) -> Command:
    word = cursor.take_word("start", "stop")
    if not word:
        cursor.fail("start or stop expected", fix="rec start")
    return Record(word == "start")


_READERS: dict[str, Callable[[Cursor], Command]] = {
    "close": _close,
    "cancel": _cancel,
    "flat": _flat,
    "rev": _rev,
    "move": _move,
    "qty": _qty,
    "lev": _lev,
    "protect": lambda cursor: Protect(read_selector(cursor, _POSITION_SELECTORS)),
    "be": lambda cursor: BreakEven(read_selector(cursor, _POSITION_SELECTORS)),
    "sl": lambda cursor: SetStop(read_exit(cursor, "sl").trigger),
    "tp": _tp,
    "trail": lambda cursor: SetTrail(read_trail(cursor)),
    "margin": _margin,
    "risklimit": _risk_limit,
    "mode": _mode,
    "transfer": _transfer,
    "symbol": _symbol,
    "theme": _theme,
    "quit": lambda cursor: Quit(),
    "q": lambda cursor: Quit(),
    "help": _help,
    "panic": lambda cursor: Panic(flatten=bool(cursor.take_word("flatten"))),
    "halt": lambda cursor: Halt(),
    "ro": _ro,
    "resume": _resume,
    "override": _override,
    "reconcile": lambda cursor: Reconcile(),
    "arm": _arm,
    "group": _group,
    "log": lambda cursor: ShowLog(),
    "keys": lambda cursor: ShowKeys(),
    "rec": _rec,
}
