"""Orders that read well and make no sense: 18 classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal as D
from typing import Any

from tests.bad.row import Row, rng
from tests.core.risk_case import BTC, COIN, EXIT, LONG, facts, ticket
from tui_trader.core.clock import NS
from tui_trader.core.facts import Facts
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import OrderTicket
from tui_trader.core.risk import Rule
from tui_trader.core.types import OrderStatus, OrderType, PositionMode, PositionSide, Side, TimeInForce, TriggerSource


@dataclass(frozen=True, slots=True)
class Line:
    """A line that must be refused with words like ``says``; ``first`` is entered before it and may send."""

    text: str
    says: str
    first: str = ""


@dataclass(frozen=True, slots=True)
class Doubted:
    """A line that is staged, and that the first Enter doubts and does not send."""

    text: str
    says: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A ticket that no line can make, held against the controls: one of them objects, none of them fails."""

    ticket: OrderTicket
    rule: Rule
    facts: Facts
    instrument: Instrument | None = BTC
    hard: bool = True


def _lines(texts: Sequence[str], says: str) -> list[Any]:
    return [Line(text, says) for text in dict.fromkeys(texts)]


def _judged(rule: Rule, tickets: Sequence[OrderTicket], known: Facts | None = None, **change: Any) -> list[Any]:
    return [Judged(one, rule, known or facts(), **change) for one in tickets]


def _many(name: str, count: int, make: Callable[[Any], str]) -> list[str]:
    dice = rng(name)
    return [make(dice) for _ in range(count)]


def _price(dice: Any, low: int, high: int) -> str:
    return f"{dice.randrange(low * 2, high * 2) / 2:g}"


def _stop(**change: Any) -> OrderTicket:
    return ticket(**({"type": OrderType.STOP, "price": None, "trigger_price": D(11000)} | change))


LONG_HELD = facts(positions=(LONG,))
"""0.01 long, held merged."""

ROWS: tuple[Row, ...] = (
    Row(
        "qty in coins vs contracts vs quote (label!)",
        "prompt with !, controls",
        "refused with the unit beside the number; a price typed as a size is asked about",
        [
            *_lines(
                _many("contracts", 10, lambda d: f"buy {d.randrange(1, 99) / 100:g} SOLUSD @ 150"), r"multiple of the lot 1 c"
            ),
            *_lines(
                _many("quote", 10, lambda d: f"buy ${d.randrange(1, 30)} @ 67000"), r"less than one lot|below the smallest .* BTC"
            ),
            *_lines(_many("size is price", 14, lambda d: f"buy {_price(d, 40000, 100000)}"), r"looks like a price"),
            *_lines(_many("percent", 8, lambda d: f"sell {d.randrange(1, 100)}% BTCUSDT"), r"of what\?"),
        ],
    ),
    Row(
        "COIN-M price 0 (inverse divide)",
        "prompt with !, controls",
        "refused: not above zero; nothing is divided by it",
        [
            *_lines(
                [f"{side} 1 SOLUSD @ {zero}" for side in ("buy", "sell") for zero in ("0", "0.0", "00", "0k")], r"price of zero"
            ),
            *_lines(["buy 1 SOLUSD @ 150-150", "sell 1 SOLUSD @ 1-2", "buy 1 SOLUSD @ 150-100%"], r"makes a price of"),
            *_judged(
                Rule.SHAPE,
                [
                    ticket(instrument=COIN.id, qty=D(1), price=D(price), side=side, reduce_only=ro)
                    for price in ("0", "-0", "-1", "0E-8", "0E+5")
                    for side in Side
                    for ro in (False, True)
                ],
                instrument=COIN,
            ),
            *_judged(Rule.NO_MARK, [ticket(instrument=COIN.id, qty=D(1), price=D(5000))], facts(mark=D(0)), instrument=COIN),
        ],
    ),
    Row(
        "sell without position reduce-only",
        "prompt with !, controls",
        "refused: there is no position to reduce",
        [
            *_lines(
                _many("flat", 10, lambda d: f"sell {d.randrange(1, 50)} SOLUSD @ {_price(d, 140, 160)} ro"),
                r"no position to reduce|no .* price",
            ),
            *_lines(
                ["close SOLUSD", "close 50% SOLUSD", "rev SOLUSD", "sell 50%p SOLUSD", "sell $size SOLUSD"],
                r"no such position|no SOLUSD position|no bid price",
            ),
            *_judged(
                Rule.REDUCE_ONLY,
                [
                    ticket(side=s, reduce_only=True, type=t, price=p)
                    for s in Side
                    for t, p in ((OrderType.LIMIT, D(9999)), (OrderType.MARKET, None))
                ],
            ),
        ],
    ),
    Row(
        "reduce-only bigger than position",
        "staged and Enter, controls",
        "asked once more, with the size of the position",
        [
            *(
                Doubted(line, r"larger than the position of 0\.5")
                for line in _many("bigger", 12, lambda d: f"sell {0.5 + d.randrange(1, 900) / 1000:g} @ 67413 ro")
            ),
            *_judged(
                Rule.REDUCE_ONLY,
                [ticket(side=Side.SELL, qty=D(q), price=D(10001), reduce_only=True) for q in ("0.011", "1", "99")],
                LONG_HELD,
                hard=False,
            ),
        ],
    ),
    Row(
        "close that flips",
        "prompt with !, controls",
        "refused: it would turn the position around; rev does",
        [
            *_lines(
                _many("flip", 14, lambda d: f"sell {0.5 + d.randrange(1, 900) / 1000:g} @ 67413"),
                r"turn the long position of 0\.5 around",
            ),
            *_lines(["close 101%", "close 200%", "sell 101%p", "buy 150%p"], r"at most 100 %|more than the whole"),
            *_judged(Rule.FLIP, [ticket(side=Side.SELL, qty=D(q), price=D(10001)) for q in ("0.011", "0.02", "0.05")], LONG_HELD),
        ],
    ),
    Row(
        "post-only crossing",
        "prompt with !, controls",
        "refused with the price that would rest",
        [
            *_lines(_many("crossing", 12, lambda d: f"buy 0.01 @ {_price(d, 67413, 67500)} po"), r"would take the ask 67413"),
            *_lines(
                _many("crossing sell", 8, lambda d: f"sell 0.01 @ {_price(d, 67300, 67412)} po"), r"would take the bid 67412"
            ),
            *_lines(["buy 0.01 po", "sell 0.01 po", "buy 0.01 ro po"], r"needs a price"),
            *_judged(Rule.POST_ONLY, [ticket(tif=TimeInForce.POST_ONLY, price=D(p)) for p in ("10000.1", "10000.2", "10099")]),
        ],
    ),
    Row(
        "FOK/IOC on thin book",
        "prompt with !, controls",
        "nothing to take from: refused; else the venue fills what there is up to the limit and says so",
        [
            *_judged(
                Rule.BOOK,
                [
                    ticket(type=OrderType.MARKET, price=None, side=side, tif=tif)
                    for side in Side
                    for tif in (TimeInForce.IOC, TimeInForce.FOK)
                ],
                facts(best_bid=None, best_ask=None),
            ),
            *_judged(Rule.BOOK, [ticket(tif=tif) for tif in TimeInForce], facts(book_live=False)),
            *_judged(Rule.BOOK, [ticket(tif=TimeInForce.IOC)], facts(best_bid=D(10001), best_ask=D(10000))),
            *_lines([f"buy 0.01 ETHUSDT {tif}" for tif in ("ioc", "fok", "")], r"has no ask price|book"),
        ],
        (
            "tests/sim/test_exchange.py::test_fok_is_all_or_nothing",
            "tests/sim/test_exchange.py::test_ioc_does_not_rest",
        ),
    ),
    Row(
        "stop on wrong side of mark",
        "controls",
        "refused: it would fire at once",
        [
            *_judged(Rule.TRIGGER_SIDE, [_stop(side=Side.BUY, trigger_price=D(p)) for p in ("10000", "9999.9", "5000", "1000")]),
            *_judged(Rule.TRIGGER_SIDE, [_stop(side=Side.SELL, trigger_price=D(p)) for p in ("10000", "10000.1", "20000")]),
            *_judged(
                Rule.TRIGGER_SIDE,
                [_stop(type=OrderType.MARKET_IF_TOUCHED, side=Side.BUY, trigger_price=D(p)) for p in ("10000", "10001")],
            ),
            *_judged(Rule.TRIGGER_SIDE, [_stop(type=OrderType.STOP_LIMIT, price=D(9000), trigger_price=D(9000))]),
            *_judged(Rule.TRIGGER_SIDE, [_stop(trigger_source=source, trigger_price=D(9998)) for source in TriggerSource]),
        ],
    ),
    Row(
        "trigger type missing",
        "parse, controls",
        "refused: mark, last or index; a conditional without a trigger price contradicts itself",
        [
            *_lines(
                [f"buy 0.01 @ 67000 sl 66000:{word}" for word in ("", " ", "foo", "marc", "bymark", "1", "MARKS", "%")],
                r"mark, last or index|expected",
            ),
            *_judged(
                Rule.SHAPE,
                [
                    _stop(type=kind, price=D(9000) if kind.has_limit else None, trigger_price=None)
                    for kind in OrderType
                    if kind.is_conditional
                ],
            ),
            *_judged(Rule.SHAPE, [ticket(trigger_price=D(9000))]),
            *_judged(Rule.NO_MARK, [_stop(trigger_source=TriggerSource.INDEX)], facts(index=None)),
        ],
    ),
    Row(
        "TP/SL inverted",
        "parse, prompt with !, form, controls",
        "refused: which side it lies on, swap?",
        [
            *_lines(
                _many("inverted", 10, lambda d: f"buy 0.01 @ 67000 sl {_price(d, 67000, 80000)}"), r"stop of a buy lies below"
            ),
            *_lines(
                _many("inverted tp", 10, lambda d: f"buy 0.01 @ 67000 tp {_price(d, 50000, 67000)}"),
                r"target of a buy lies above",
            ),
            *_lines(
                _many("inverted sell", 10, lambda d: f"sell 0.01 @ 67000 sl {_price(d, 50000, 67000)}"),
                r"stop of a sell lies above",
            ),
            *_lines(
                _many("both", 6, lambda d: f"buy 0.01 sl {_price(d, 68000, 69000)} tp {_price(d, 66000, 67000)}"),
                r"lies above its stop|must lie",
            ),
            *_lines(["buy 0.01 @ bid sl 67500", "sell 0.01 @ ask tp 67500", "buy 0.01 sl 70000"], r"must lie (below|above)"),
            *_lines(["buy 0.01 @ 67000 sl +1%", "sell 0.01 @ 67000 sl -1%", "buy 0.01 tp -5t"], r"is on the [+-] side"),
            *_judged(
                Rule.EXITS,
                [
                    ticket(stop_loss=D("9999.1")),
                    ticket(take_profit=D("9998.9")),
                    ticket(side=Side.SELL, price=D(10001), stop_loss=D(10000)),
                ],
            ),
        ],
    ),
    Row(
        "GTD in past",
        "parse",
        "refused: a time is a length, with its unit, and not in the past",
        _lines(
            [f"buy 0.01 @ 67000 gtd {when}" for when in ("-5m", "0s", "2020-01-01", "yesterday", "1577836800", "", "8d", "1.5s")]
            + [f"sell 0.01 @ ask gtd -{n}{unit}" for n in (1, 30) for unit in "smhd"]
            + ["buy 0.01 gtd 5m"],
            r"a time (is|needs|expected)|is not a number|is glued|does not wait",
        ),
    ),
    Row(
        "leverage 0/101/1.5",
        "prompt with !, controls",
        "0 and above the instrument's most are refused before they leave; 1.5 is the venue's to judge",
        [
            *_lines(
                [f"lev {n}" for n in ("0", "0.0", "00", "-1", "+5", "ten", "1e1", "1_0_", "0x5")] + ["lev"],
                r"zero|missing|expected|exponents|number|glued",
            ),
            *_lines(
                [f"lev {n}" for n in ("101", "100.5", "1000", "101x", "125 iso", "999 cross")],
                r"leverage of \d+.* is above 100",
            ),
            *_lines(
                [f"buy 0.01 @ 67000 lev {n}" for n in ("0", "101", "500", "1e2", "ten")], r"zero|is above 100|exponents|expected"
            ),
            *_judged(Rule.LEVERAGE, [ticket()], facts(leverage=D(101))),
            *_judged(Rule.LEVERAGE, [ticket()], facts(leverage=D(0))),
            *_judged(Rule.LEVERAGE, [ticket()], facts(leverage=D(-1))),
        ],
    ),
    Row(
        "posSide vs mode",
        "prompt with !, controls",
        "refused with the leg that there is",
        [
            *_lines(
                [f"{side} 0.01 @ {at} pos:{leg}" for side, at in (("buy", 67000), ("sell", 67900)) for leg in ("long", "short")],
                r"one-way mode has no (long|short) leg",
            ),
            *_lines(
                [f"buy 0.01 @ 67000 pos:{leg}" for leg in ("up", "both", "1", "", "LONGS", "net")],
                r"long, short or merged expected",
            ),
            *_judged(
                Rule.POSITION_SIDE,
                [ticket(side=side, price=None, type=OrderType.MARKET) for side in Side],
                facts(mode=PositionMode.HEDGED),
            ),
            *_judged(Rule.POSITION_SIDE, [ticket(position_side=leg) for leg in (PositionSide.LONG, PositionSide.SHORT)]),
        ],
    ),
    Row(
        "symbol unknown / other venue's / lower case / delisted / look-alike",
        "prompt with !, controls",
        "unknown and look-alike refused by name; lower case is the same symbol; delisted cannot be traded",
        [
            *_lines(
                [
                    f"buy 0.01 {s} @ 67000"
                    for s in (
                        "XXXUSDT",
                        "BTCUSDTM",
                        "XBTUSD",
                        "BTC-USD-PERP",
                        "BTCUSDT.P",
                        "tBTCUSD",
                        "BTC_USDT",
                        "BTCUSDT-PERP",
                        "A" * 33,
                        "BTCUSDT2",
                    )
                ],
                r"lists no instrument|unexpected",
            ),
            *_lines(
                [
                    f"buy 0.01 {s} @ 67000"
                    for s in ("ВTCUSDT", "BТCUSDT", "BTCUSDТ", "ΒTCUSDT", "ＢTCUSDT", "BTC\u200bUSDT", "BTC\u00adUSDT")
                ],
                r"U\+[0-9A-F]{4} is not plain ASCII",
            ),
            *_lines(["buy 0.01 USD @ 67000", "buy 0.01 T @ 5", "buy 0.01 U @ 5"], r"could be|apart|unexpected"),
            *_lines(["buy 0.01 OLDUSDT @ 67000", "sell 0.01 oldusdt @ 67000"], r"cannot be traded now|no .* price|book"),
            *_judged(Rule.SYMBOL, [ticket()], instrument=None),
            *_judged(Rule.SYMBOL, [ticket()], instrument=COIN),
        ],
        ("tests/ui/test_trade_screen.py::test_find_a_symbol",),
    ),
    Row(
        "market order without mark",
        "controls",
        "refused: there is no mark, or it is too old",
        [
            *_judged(
                Rule.NO_MARK,
                [ticket(type=OrderType.MARKET, price=None, side=s, qty=q) for s in Side for q in (D("0.01"), D(1))],
                facts(mark=None),
            ),
            *_judged(Rule.NO_MARK, [ticket(type=OrderType.MARKET, price=None)], facts(mark=D(0))),
            *_judged(Rule.NO_MARK, [ticket(type=OrderType.MARKET, price=None)], facts(mark=D(-1))),
            *_judged(Rule.STALE_MARK, [ticket(type=OrderType.MARKET, price=None, side=s) for s in Side], facts(mark_fresh=False)),
            *_judged(Rule.STALE_MARK, [ticket()], facts(mark_fresh=False)),
        ],
    ),
    Row(
        "self-crossing own order",
        "staged and Enter, controls",
        "told with the order it would meet",
        [
            *(Doubted(line, r"own|your") for line in _many("self", 8, lambda d: f"sell 0.01 @ {_price(d, 66900, 67000)}")),
        ],
    ),
    Row(
        "duplicate within 2 s",
        "prompt with !, controls",
        "refused: the same order was sent … ms ago",
        [
            *(
                Line(line, r"the same order was sent \d+ ms ago", line)
                for line in _many("twice", 10, lambda d: f"buy 0.0{d.randrange(11, 99)} @ {_price(d, 66500, 67400)}")
            ),
            *_judged(Rule.DUPLICATE, [ticket()], facts(recent=((facts().now_ns - NS, ticket()),))),
            *_judged(Rule.DUPLICATE, [ticket()], facts(recent=((facts().now_ns - 2 * NS + 1, ticket()),))),
            *_judged(Rule.DUPLICATE, [EXIT], facts(positions=(LONG,), recent=((facts().now_ns - 1, EXIT),)), hard=False),
        ],
    ),
    Row(
        "amend of terminal order",
        "prompt, desk",
        "refused: no working order by that name; the order has ended",
        [
            *_lines(
                [
                    f"{verb} tt-ended-11 {value}"
                    for verb, value in (
                        ("qty", "0.2"),
                        ("qty", "1"),
                        ("move", "66001"),
                        ("move", "+5t"),
                        ("move", "@ bid"),
                        ("move", "-1%"),
                    )
                ],
                r"no working order matches",
            ),
            *_lines(
                ["cancel tt-ended-11", "cancel v-tt-ended-11", "cancel nothing-here", "cancel ended-11"],
                r"no working order matches",
            ),
            *(status for status in OrderStatus if status.is_terminal),
        ],
        ("tests/desk/test_orders.py::test_amends_that_cannot_be_meant_are_refused_here",),
    ),
)
