"""The order language: a table of lines, properties of the spelling, the guards, and completion."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trader.core import command as c
from tui_trader.core.error import CommandError
from tui_trader.core.grammar import canonical, complete, guard_size, parse, parse_one
from tui_trader.core.language.calculation import Name, Negative, Number, Operation
from tui_trader.core.language.condition import Comparison, Condition, Event, Figure, Happening, Subject
from tui_trader.core.language.condition import Test as Check
from tui_trader.core.language.read_calculation import NAMES
from tui_trader.core.language.words import CHASE_WORDS, CLAUSES, NO_SUCH_CLAUSE, NOT_YET, SCALE_WORDS, SHORT_FOR, VERBS
from tui_trader.core.types import MarginMode, PositionMode, PositionSide, Side, TimeInForce, TriggerSource

_TABLE = Path(__file__).with_name("grammar_cases.txt").read_text("ascii").splitlines()
GOOD = [tuple(line.split("  =>  ")) for line in _TABLE if "  =>  " in line and line[0] != "#"]
BAD = [tuple(line.split("  !!  ")) for line in _TABLE if "  !!  " in line and line[0] != "#"]


def test_the_table_is_whole() -> None:
    assert len(GOOD) + len(BAD) == sum(1 for line in _TABLE if line and line[0] != "#") >= 300


@pytest.mark.parametrize(("text", "spelling"), GOOD)
def test_reads(text: str, spelling: str) -> None:
    line = parse(text)
    assert c.spell_line(line) == spelling
    assert parse(spelling) == line


@pytest.mark.parametrize(("text", "verdict"), BAD)
def test_refuses_with_column_and_message(text: str, verdict: str) -> None:
    column, _, message = verdict.partition(": ")
    with pytest.raises(CommandError) as caught:
        parse(text)
    assert caught.value.message == message
    assert caught.value.column == int(column)
    assert caught.value.fix or "not available in this version" in message


@pytest.mark.parametrize("word", NOT_YET)
def test_words_for_later_are_never_read_as_something_else(word: str) -> None:
    with pytest.raises(CommandError, match="not available in this version"):
        parse(f"{word} 1")


def test_reserved_words_do_not_overlap() -> None:
    assert not set(VERBS) & set(NOT_YET)


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 0, "nothing typed"),
        (" ", 0, "nothing typed"),
        ("buy 1.5\n", 7, "a line break inside a command"),
        ("buy 1\n\n\r2", 5, "a line break inside a command"),
        ("buy １２３", 4, "character U+FF11 is not plain ASCII"),
        ("buy ٣", 4, "character U+0663 is not plain ASCII"),
        ("buy 1 ВTCUSDT", 6, "character U+0412 is not plain ASCII"),
        ("buy 1\x1b[31m", 5, "character U+001B is not plain ASCII"),
        ("buy " + "9" * 65, 4, f"'{'9' * 20}…' is not a number"),
        ("buy 1 " + " " * 500, 500, "a line may have 500 characters"),
    ],
)
def test_hostile_text(text: str, column: int, message: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse(text)
    assert (caught.value.column, caught.value.message) == (column, message)


def test_blanks_around_do_not_matter() -> None:
    assert parse("  buy\t1.5   BTCUSDT  @  bid  ") == parse("buy 1.5 BTCUSDT @ bid")


def test_forty_nines_are_a_number_for_risk_to_judge() -> None:
    order = parse_one("buy " + "9" * 40)
    assert isinstance(order, c.PlaceOrder)
    assert order.size.value == Decimal("9" * 40)


def test_values() -> None:
    assert parse_one("s $5k BTCUSDT @ ask+3t po sl +1%:mark tp -2%:50% iso pos:short") == c.PlaceOrder(
        side=Side.SELL,
        size=c.Size(Decimal(5000), c.SizeUnit.QUOTE),
        symbol="BTCUSDT",
        price=c.Price(ref=c.PriceRef.ASK, offset=c.Offset(Decimal(3), c.OffsetUnit.TICKS)),
        tif=TimeInForce.POST_ONLY,
        stop_loss=c.Trigger(c.Price(offset=c.Offset(Decimal(1), c.OffsetUnit.PERCENT)), source=TriggerSource.MARK),
        targets=(c.Target(c.Trigger(c.Price(offset=c.Offset(Decimal(-2), c.OffsetUnit.PERCENT))), Decimal(50)),),
        margin_mode=MarginMode.ISOLATED,
        position_side=PositionSide.SHORT,
    )


def test_percent_of_position_reduces() -> None:
    order = parse_one("sell 50%p")
    assert isinstance(order, c.PlaceOrder)
    assert order.reduce_only


def test_bare_percent_names_its_three_readings() -> None:
    with pytest.raises(CommandError) as caught:
        parse("buy 50%")
    assert caught.value.fix == "50%e of equity, 50%b of the available balance, 50%p of the position"


def test_one_command_only() -> None:
    with pytest.raises(CommandError, match="one command expected") as caught:
        parse_one("flat; quit")
    assert caught.value.column == 4


# -- the guard on a price typed as a size ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "refused"), [("49999.9", False), ("50000", True), ("100000", True), ("150000", True), ("150000.1", False)]
)
def test_a_size_within_half_of_last_is_taken_for_a_price(size: str, refused: bool) -> None:
    error = guard_size(parse_one(f"buy {size}"), Decimal(100_000))
    assert (error is not None) is refused
    if error:
        assert error.column == 4
        assert f"did you mean '@ {size}'?" in error.message


def test_the_guard_is_silent_when_the_numbers_cannot_be_confused() -> None:
    last = Decimal(50_000)
    assert guard_size(parse_one("buy 50000 @ ask"), last) is None
    assert guard_size(parse_one("buy $50000"), last) is None
    assert guard_size(parse_one("buy 50000"), None) is None
    assert guard_size(parse_one("buy 50000"), Decimal(0)) is None
    assert guard_size(parse_one("flat"), last) is None


# -- every value has one spelling --------------------------------------------------------------------------------------

numbers = st.decimals(min_value="0.00000001", max_value="1000000000", places=8).map(lambda d: d.normalize())
percents = st.decimals(min_value="0.01", max_value=100, places=2)
signed = st.decimals(min_value=-1000, max_value=1000, places=4)
offsets = st.builds(c.Offset, signed, st.sampled_from(c.OffsetUnit))
maybe = st.none() | offsets
prices = st.builds(c.Price, number=numbers, offset=maybe) | st.builds(c.Price, ref=st.sampled_from(c.PriceRef), offset=maybe)
_taken = {*CLAUSES, *NO_SUCH_CLAUSE, "at", "posside", "k", "m", "t", "bp", "r"}
_factor = re.compile(r"x[0-9.]+\Z", re.IGNORECASE)
symbols = st.from_regex(r"[A-Za-z]{1,6}[A-Za-z0-9._-]{2,12}", fullmatch=True).filter(
    lambda s: s.lower() not in _taken and not _factor.match(s)  # in a scale that is how fast sizes grow
)
words = {str(kind) for kind in c.SelectorKind}
order_kinds = st.sampled_from([kind for kind in c.SelectorKind if kind is not c.SelectorKind.NAME])
names = symbols.filter(lambda s: s.lower() not in words).map(lambda s: c.Selector(c.SelectorKind.NAME, s))
position_selectors = names | st.sampled_from(["all", "longs", "shorts", "marked"]).map(lambda k: c.Selector(c.SelectorKind(k)))
order_selectors = names | order_kinds.map(c.Selector)
sizes = (
    st.builds(c.Size, numbers, st.sampled_from([c.SizeUnit.BASE, c.SizeUnit.QUOTE, c.SizeUnit.EQUITY, c.SizeUnit.AVAILABLE]))
    | st.builds(c.Size, percents, st.just(c.SizeUnit.POSITION))
    | st.builds(c.Size, st.integers(1, 5).map(Decimal), st.just(c.SizeUnit.PRESET))
    | st.just(c.Size(Decimal(1), c.SizeUnit.SAME))
)
sources = st.none() | st.sampled_from(TriggerSource)
limits = st.none() | st.builds(c.Price, number=numbers, offset=maybe) | offsets.map(lambda offset: c.Price(offset=offset))
distances = st.builds(c.Offset, st.decimals(min_value="0.01", max_value=99, places=2), st.sampled_from(c.OffsetUnit))
trails = st.builds(c.Trail, distances, st.none() | prices)
exits = st.builds(c.Trigger, prices | offsets.map(lambda offset: c.Price(offset=offset)), source=sources, limit=limits)
portions = st.none() | st.decimals(min_value="0.01", max_value=33, places=2)


@st.composite
def orders(draw: st.DrawFn) -> c.PlaceOrder:
    side, size, price = draw(st.sampled_from(Side)), draw(sizes), draw(st.none() | prices)
    reducing = size.unit is c.SizeUnit.POSITION or draw(st.booleans())
    far = draw(st.decimals(min_value="0.01", max_value=50, places=2))
    unit = draw(st.sampled_from(c.OffsetUnit))
    stop, targets, trigger, trail, touch = None, [], None, None, False
    match draw(st.sampled_from(["", "", "stop", "touch", "trail"])):
        case "trail" if reducing:
            trail, price = draw(trails), None
        case "trail":
            trail = c.Trail(draw(distances))
        case "stop" | "touch" as word:
            touch = word == "touch"
            away = c.Price(offset=c.Offset(far * (-side.sign if touch else side.sign), unit))
            trigger = c.Trigger(away, source=draw(sources))
    if not reducing and trail is None and draw(st.booleans()):
        stop = c.Trigger(c.Price(offset=c.Offset(-far * side.sign, unit)), source=draw(sources), limit=draw(limits))
    for _ in range(draw(st.integers(0, 3)) if not reducing else 0):
        level = c.Price(offset=c.Offset(far * side.sign, unit))
        goal = c.Trigger(level, source=draw(sources), limit=draw(limits))
        if (stop or trail) and draw(st.booleans()):
            goal = c.Trigger(multiple=draw(numbers), source=draw(sources), limit=draw(limits))
        targets.append(c.Target(goal, draw(portions)))
    if (stop or (trail and not reducing)) and draw(st.booleans()):
        size = c.Size(draw(percents), draw(st.sampled_from([c.SizeUnit.RISK_PERCENT, c.SizeUnit.RISK_QUOTE])))
    tifs = [None, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK] + ([TimeInForce.POST_ONLY] if price else [])
    if trigger and not price:
        tifs = [None, TimeInForce.GTC]
    return c.PlaceOrder(
        side=side,
        size=size,
        symbol=draw(st.just("") | symbols),
        price=price,
        trigger=trigger,
        touch=touch,
        trail=trail,
        tif=draw(st.sampled_from(tifs)),
        reduce_only=reducing,
        close=reducing and draw(st.booleans()),
        stop_loss=stop,
        targets=tuple(targets),
        leverage=draw(st.none() | numbers),
        margin_mode=draw(st.none() | st.sampled_from(MarginMode)),
        position_side=draw(st.none() | st.sampled_from(PositionSide)),
        **draw(places),
    )


times = st.integers(1, 86_400)
places = st.fixed_dictionaries({"venue": st.sampled_from(["", "phemex"]), "account": st.just("") | symbols, "dry": st.booleans()})


@st.composite
def scales(draw: st.DrawFn) -> c.Scale:
    order = draw(orders())
    while order.trigger or order.trail:
        order = draw(orders())
    tif = draw(st.none() | st.sampled_from([TimeInForce.GTC, TimeInForce.POST_ONLY]))
    ends = prices | offsets.map(lambda offset: c.Price(offset=offset))
    start, end = draw(ends), draw(ends)
    hypothesis.assume(start != end and not (order.stop_loss and order.stop_loss.price and order.stop_loss.price.number))
    factor = draw(st.none() | st.decimals(min_value="0.1", max_value=10, places=2))
    shape = draw(st.sampled_from(c.Shape)) if factor is None else c.Shape.EVEN
    good_for = draw(st.none() | times) if tif is None else None
    bare = replace(order, price=None, tif=tif, good_for=good_for)
    return c.Scale(bare, draw(st.integers(2, 50)), start, end, shape, factor)


@st.composite
def chases(draw: st.DrawFn) -> c.Chase:
    order = draw(orders())
    while order.trigger or order.trail:
        order = draw(orders())
    most, seconds = draw(st.none() | distances), draw(st.none() | times)
    then = draw(st.sampled_from(c.Then)) if most or seconds else c.Then.STOP
    tif = draw(st.none() | st.just(TimeInForce.POST_ONLY))
    return c.Chase(replace(order, price=None, tif=tif), most, seconds, then)


figures = st.sampled_from(Figure)


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    figure = draw(figures)
    return Subject(figure, "" if figure.of_account else draw(st.just("") | plain_symbols))


_watched = {*(str(figure) for figure in Figure), *(str(event) for event in Event), "and", "or", "run", "bell", "say", "repeat"}
plain_symbols = symbols.filter(lambda s: s.lower() not in _watched)
terms = st.builds(
    Check, subjects(), st.sampled_from(Comparison), (numbers | numbers.map(lambda value: -value)) | subjects()
) | st.builds(Happening, st.sampled_from(Event), st.just("") | plain_symbols)
conditions = st.builds(Condition, st.lists(st.lists(terms, min_size=1, max_size=2).map(tuple), min_size=1, max_size=2).map(tuple))
texts = st.text(alphabet="".join(chr(code) for code in range(32, 127)), min_size=1, max_size=30).filter(lambda s: s.strip() == s)
programs = st.lists(texts, min_size=1, max_size=3).map(tuple)
names_of_sums = st.sampled_from(sorted(NAMES)).map(Name)
expressions = st.recursive(
    numbers.map(Number) | names_of_sums,
    lambda inner: inner.map(Negative) | st.builds(Operation, st.sampled_from("+-*/"), inner, inner),
    max_leaves=8,
)


commands = (
    orders()
    | st.builds(c.ClosePosition, percents, st.none() | position_selectors, st.none() | prices)
    | st.builds(c.CancelOrders, st.none() | order_selectors)
    | st.builds(c.Flatten, st.none() | position_selectors)
    | st.builds(c.Reverse, st.none() | position_selectors)
    | st.builds(c.MoveOrder, order_selectors, prices | offsets.map(lambda offset: c.Price(offset=offset)))
    | st.builds(c.Protect, st.none() | position_selectors)
    | st.builds(c.BreakEven, st.none() | position_selectors)
    | st.builds(c.SetStop, exits)
    | st.builds(c.SetTarget, exits | st.builds(c.Trigger, multiple=numbers, source=sources, limit=limits), portions)
    | st.builds(c.SetTrail, trails)
    | st.builds(c.AddMargin, numbers | numbers.map(lambda value: -value))
    | st.builds(c.SetMode, st.sampled_from(PositionMode))
    | st.builds(c.Transfer, numbers, st.sampled_from(["USDT", "BTC"]), st.booleans())
    | st.builds(c.ChangeQty, order_selectors, numbers)
    | st.builds(c.SetLeverage, numbers, st.none() | st.sampled_from(MarginMode))
    | st.builds(c.ShowSymbol, symbols)
    | st.builds(c.UseTheme, symbols)
    | st.builds(c.ShowHelp, st.just("") | symbols.map(str.lower))
    | st.builds(c.Arm, st.none() | st.integers(1, 86_400))
    | st.builds(c.GroupPrices, st.none() | numbers)
    | st.just(c.FilterTape())
    | st.builds(c.FilterTape, numbers, st.booleans())
    | st.builds(c.Record, st.booleans())
    | st.sampled_from([c.Quit(), c.Panic(), c.ShowLog(), c.ShowKeys(), c.ShowConnections(), c.ShowLimits()])
    | scales()
    | chases()
    | st.builds(c.WatchSymbols, st.lists(plain_symbols, min_size=1, max_size=3, unique=True).map(tuple), st.booleans())
    | st.builds(
        c.SetAlert,
        conditions,
        st.just(()) | programs,
        st.booleans(),
        st.booleans(),
        st.none() | st.just(Decimal(0)) | percents,
    )
    | st.builds(c.EndRunning, st.integers(1, 9999))
    | st.just(c.EndRunning(everything=True))
    | st.builds(c.Calculate, expressions)
    | st.builds(c.CalculateSize, orders() | scales() | chases())
    | st.builds(c.Note, texts)
    | st.builds(c.NameLine, st.just("half"), st.sampled_from(["", "close 50%", 'note "a \\"b\\""']))
    | st.builds(c.BindKey, st.sampled_from(["f5", "ctrl+e", "^"]), st.sampled_from(["", "buy #2 @ bid po"]))
    | st.builds(c.Export, st.sampled_from(["today", "7d", "2026-01-31"]), st.booleans())
    | st.builds(c.Replay, texts, st.integers(1, 1000).map(Decimal))
    | st.builds(c.UseLayout, st.just("") | symbols)
    | st.builds(c.UseAccount, st.sampled_from(["paper", "live"]), st.just("") | symbols)
)
later = st.sampled_from([c.Flatten(), c.CancelOrders(c.Selector(c.SelectorKind.ALL)), c.Halt(), c.BreakEven()])
lines_for_later = st.lists(later, min_size=1, max_size=2).map(lambda some: c.Line(tuple(some)))


@given(commands)
def test_reading_a_spelling_gives_the_value_back(command: c.Command) -> None:
    assert parse_one(canonical(command)) == command


@given(st.builds(c.RunWhen, conditions, lines_for_later) | st.builds(c.RunEvery, st.integers(5, 86_400), lines_for_later))
def test_lines_that_hold_a_line_are_read_back_too(command: c.Command) -> None:
    assert parse_one(canonical(command)) == command


@given(st.lists(commands, min_size=1, max_size=3), st.booleans(), st.booleans())
def test_reading_a_spelled_line_gives_the_line_back(parts: list[c.Command], immediate: bool, strict: bool) -> None:
    conditional = any(isinstance(part, c.SetAlert) for part in parts)  # there && goes on with the condition
    line = c.Line(tuple(parts), immediate, tuple(range(1, len(parts))) if strict and not conditional else ())
    text = c.spell_line(line)
    if len(text) <= 500:
        assert parse(text) == line


_ALPHABET = "buyselcotpr 0123456789.,_@%$#:;!+-kmR&x*?"
_FRAGMENTS = sorted({*VERBS, *CLAUSES, *NAMES, *SCALE_WORDS, *CHASE_WORDS, *(str(figure) for figure in Figure)})
_PIECES = [*_FRAGMENTS, "1", "67000", "0.15%", "-1%", "2R", "5m", "x2", "@", "&&", ";", "!", ":", "(", ")", ">", '"', "BTCUSDT"]


@given(
    st.text(alphabet=_ALPHABET, max_size=40)
    | st.text(max_size=20)
    | st.lists(st.sampled_from(_PIECES), max_size=12).map(" ".join)
    | st.lists(st.sampled_from(_PIECES), max_size=8).map("".join)
)
def test_any_text_is_read_or_refused_at_a_column_inside_it(text: str) -> None:
    column, line = _outcome(text)
    assert 0 <= column <= len(text)
    if line is not None:
        assert parse(c.spell_line(line)) == line


def _outcome(text: str) -> tuple[int, c.Line | None]:
    try:
        return 0, parse(text)
    except CommandError as error:
        return error.column, None


# -- completion --------------------------------------------------------------------------------------------------------

SYMBOLS = ("BTCUSDT", "ETHUSDT", "BTCUSD")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("can", ["cancel"]),
        ("c", ["chase", "close", "cancel", "calc", "cod", "conn"]),
        ("buy 1 && can", ["cancel"]),
        ("scale buy $5k in 8 from b", ["bid", "be"]),
        ("scale buy $5k in 8 from bid-1% to lo u", ["up"]),
        ("scale buy $5k in 8 from bid-1% to lo up e", []),
        ("chase s", ["sell"]),
        ("chase sell 1 max 1% for 5m then ", ["stop", "market"]),
        ("size s", ["sell", "scale"]),
        ("size scale buy 1 eth", ["ETHUSDT"]),
        ("alert BTCUSDT ma", ["mark", "margin"]),
        ("alert BTCUSDT > 68000 be", ["bell"]),
        ("when day < -300 && eq", ["equity"]),
        ("when day < -300 : fl", ["flat"]),
        ("every 5m : can", ["cancel"]),
        ("calc (a", ["ask", "avail", "atr"]),
        ("export t", ["today"]),
        ("export today c", ["csv"]),
        ("watch ETHUSDT btcusdt", []),
        ("watch ETHUSDT btcu", ["BTCUSDT", "BTCUSD"]),
        ("buy 1 btc", ["BTCUSDT", "BTCUSD"]),
        ("buy 1 BTCUSDT @ m", ["mid", "mark"]),
        ("buy 1 BTCUSDT @m", ["mid", "mark"]),
        ("buy 1 BTCUSDT @ bid p", ["po", "pos"]),
        ("buy 1 @ bid po pos:s", ["short"]),
        ("buy 1 sl 49000:", ["mark", "last", "index"]),
        ("buy ", []),
        ("cancel b", ["bids", "BTCUSDT", "BTCUSD"]),
        ("flat all; cancel sto", ["stops"]),
        ("symbol e", ["ETHUSDT"]),
        ("rec ", ["start", "stop"]),
        ("lev 10 ", ["iso", "cross"]),
        ("close 50% lo", ["longs"]),
        ("move a2 be", []),
        ("zzz q", []),
        ("help pan", ["panic"]),
    ],
)
def test_completes(text: str, words: list[str]) -> None:
    assert complete(text, SYMBOLS) == words


def test_completion_offers_every_verb_first() -> None:
    assert set(complete("", SYMBOLS)) == {word for word in VERBS if len(word) > 1} - SHORT_FOR.keys()


def test_a_risk_limit_is_an_amount() -> None:
    assert parse_one("risklimit 150") == c.SetRiskLimit(Decimal(150))
    assert canonical(c.SetRiskLimit(Decimal("0.5"))) == "risklimit 0.5"
    with pytest.raises(CommandError, match="zero is not an amount"):
        parse("risklimit 0")
