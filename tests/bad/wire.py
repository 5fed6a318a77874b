"""What a venue may send instead of a message: 25 classes of JSON, each made out of good frames and answers of the venue.

A good message is damaged at every place it has, so that one class is many cases; a seed picks some of them.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.bad.row import Row, rng

T0 = 1_700_057_531_000_000_000
"""UTC nanoseconds of the market that the frames are told to."""

ORDER = {
    "orderID": "v-wire-1", "clOrdID": "tt-wire-1",
    "symbol": "BTCUSDT", "side": "Buy", "ordType": "Limit", "ordStatus": "New",
    "timeInForce": "GoodTillCancel", "priceRp": "67000", "orderQtyRq": "0.1", "cumQtyRq": "0", "cumValueRv": "0",
    "execSeq": 90_000, "transactTimeNs": T0, "execStatus": "New",
    "execID": "00000000-0000-0000-0000-000000000000", "posSide": "Merged",
    "message": "No error", "code": 0, "cxlRejReason": 0, "stopPxRp": "0", "execInst": "None", "currency": "USDT",
}  # fmt: skip
FILL = ORDER | {
    "ordStatus": "PartiallyFilled", "cumQtyRq": "0.05", "cumValueRv": "3350", "execQtyRq": "0.05", "execPriceRp": "67000",
    "execFeeRv": "0.33", "execValueRv": "3350", "execID": "e-1", "execStatus": "TakerFill", "execSeq": 90_001,
    "tradeType": "Trade",
    "lastLiquidityInd": "RemovedLiquidity",
}  # fmt: skip
POSITION = {
    "symbol": "BTCUSDT", "side": "Buy", "posSide": "Merged", "posMode": "OneWay", "sizeRq": "0.5", "size": "0.5",
    "avgEntryPriceRp": "67044", "leverageRr": "-10", "currency": "USDT", "positionMarginRv": "100", "liquidationPriceRp": "59020",
    "execSeq": 90_002, "transactTimeNs": T0, "curTermRealisedPnlRv": "0", "accountID": 1, "valueRv": "33522",
}  # fmt: skip
ACCOUNT = {"currency": "USDT", "accountBalanceRv": "12356.07", "totalUsedBalanceRv": "3746.07", "accountID": 1, "userID": 1}

BOOK = {
    "depth": 30, "orderbook_p": {"asks": [["67413", "0.2"]], "bids": [["67412", "2.3"]]}, "sequence": 5_000, "symbol": "BTCUSDT",
    "timestamp": T0, "type": "incremental",
}  # fmt: skip
FRAMES: dict[str, Any] = {
    "book": BOOK,
    "snapshot": BOOK | {"type": "snapshot"},
    "trades": {"sequence": 9, "symbol": "BTCUSDT", "type": "incremental", "trades_p": [[T0, "Buy", "67412", "0.1"]]},
    "ticker": {
        "market24h_p": {"closeRp": "67412", "symbol": "BTCUSDT", "markPriceRp": "67411", "fundingRateRr": "0.0001"},
        "timestamp": T0,
    },
    "table": {
        "method": "perp_market24h_pack_p.update",
        "fields": ["symbol", "markRp", "closeRp"],
        "data": [["BTCUSDT", "67411", "67412"]],
        "timestamp": T0,
    },
    "order": {"orders_p": [ORDER], "positions_p": [], "accounts_p": [], "sequence": 1, "timestamp": T0, "type": "incremental"},
    "fill": {
        "orders_p": [FILL],
        "positions_p": [POSITION],
        "accounts_p": [ACCOUNT],
        "sequence": 2,
        "timestamp": T0,
        "type": "incremental",
    },
    "reply": {"id": 7, "error": None, "result": {"status": "success"}},
}
ANSWERS: dict[str, Any] = {
    "place": {"code": 0, "msg": "", "data": ORDER | {"ordStatus": "Created", "execStatus": "PendingNew"}},
    "open_orders": {"code": 0, "msg": "", "data": {"rows": [ORDER], "nextPageArg": ""}},
    "positions": {"code": 0, "msg": "", "data": {"account": ACCOUNT, "positions": [POSITION]}},
    "server_time": {"code": 0, "msg": "", "data": {"serverTime": T0 // 1_000_000}},
    "book": {"error": None, "id": 0, "result": BOOK | {"type": "snapshot"}},
}
PICKED = 20
"""Cases of one class that are made of frames, and as many made of answers."""

_TOKEN = "@@token@@"


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes in place of a frame of a kind, or of an answer to a request of a kind."""

    kind: str
    raw: bytes
    answer: bool = False
    refused: bool = False
    """Whether nothing at all may be taken from it."""


def places(message: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in a message, the innermost first."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(message, dict):
        inner = list(message.items())
    elif isinstance(message, list):
        inner = list(enumerate(message))
    for key, value in inner:
        yield from places(value, (*path, key))
        yield (*path, key)


def at(message: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        message = message[key]
    return message


def put(message: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a copy of a message with another value at one place."""
    changed = copy.deepcopy(message)
    at(changed, path[:-1])[path[-1]] = value
    return changed


def raw(message: Any, token: str = "") -> bytes:
    """Return a message as sent; a place that holds the mark gets ``token`` as it is written."""
    return json.dumps(message).replace(f'"{_TOKEN}"', token).encode("utf-8", "surrogatepass")


def everywhere(
    name: str, change: Callable[[Any, tuple[Any, ...]], bytes | None], *, picked: int = PICKED, refused: bool = False
) -> list[Sent]:
    """Return cases of a class: good messages damaged by ``change`` at places drawn for it; None leaves a place out."""
    dice = rng(name)
    cases: list[Sent] = []
    for sources, answer in ((FRAMES, False), (ANSWERS, True)):
        found = []
        for kind, message in sources.items():
            for path in places(message):
                made = change(message, path)
                if made is not None:
                    found.append(Sent(kind, made, answer, refused))
        cases += dice.sample(found, min(picked, len(found)))
    return cases


def whole(*raws: bytes, refused: bool = True) -> list[Sent]:
    """Return the same bytes in place of every frame and answer."""
    kinds = [*((kind, False) for kind in FRAMES), *((kind, True) for kind in ANSWERS)]
    return [Sent(kind, one, answer, refused) for one in raws for kind, answer in kinds]


def around(name: str, damage: Callable[[bytes], bytes], *, refused: bool = True) -> list[Sent]:
    """Return every good message with its bytes damaged."""
    kinds = [*((kind, m, False) for kind, m in FRAMES.items()), *((kind, m, True) for kind, m in ANSWERS.items())]
    return [Sent(kind, damage(raw(message)), answer, refused) for kind, message, answer in kinds]


def token(*tokens: str) -> Callable[[Any, tuple[Any, ...]], bytes | None]:
    """Return what writes one of ``tokens`` in the place of a number."""
    turn = 0

    def change(message: Any, path: tuple[Any, ...]) -> bytes | None:
        nonlocal turn
        value = at(message, path)
        if isinstance(value, (dict, list)) or value is None or path[-1] in ("symbol", "type", "side", "method"):
            return None
        turn += 1
        return raw(put(message, path, _TOKEN), tokens[turn % len(tokens)])

    return change


def values(
    *instead: Any, only: Callable[[Any, Any], bool] = lambda key, value: True
) -> Callable[[Any, tuple[Any, ...]], bytes | None]:
    """Return what puts one of some values in the places that ``only`` likes."""
    turn = 0

    def change(message: Any, path: tuple[Any, ...]) -> bytes | None:
        nonlocal turn
        if not only(path[-1], at(message, path)):
            return None
        turn += 1
        return raw(put(message, path, instead[turn % len(instead)]))

    return change


def _without(message: Any, path: tuple[Any, ...]) -> bytes | None:
    if isinstance(path[-1], int):
        return None
    changed = copy.deepcopy(message)
    del at(changed, path[:-1])[path[-1]]
    return raw(changed)


def _more(message: Any, path: tuple[Any, ...]) -> bytes | None:
    if not isinstance(at(message, path), dict):
        return None
    return raw(put(message, path, at(message, path) | {"newThingRp": [1, {"x": None}], "zz": "\u202e", "": 0}))


def _swapped(message: Any, path: tuple[Any, ...]) -> bytes | None:
    value = at(message, path)
    if isinstance(value, bool) or value is None or isinstance(value, (dict, list)):
        return None
    if isinstance(value, int):
        return raw(put(message, path, str(value)))
    try:
        number = float(value)
    except ValueError:
        return raw(put(message, path, 17))
    return raw(put(message, path, int(number) if number == int(number) else number))


def _twice(message: Any, path: tuple[Any, ...]) -> bytes | None:
    if isinstance(path[-1], int) or isinstance(at(message, path), (dict, list)):
        return None
    key = json.dumps(path[-1])
    return raw(put(message, path, _TOKEN), f'"junk", {key}: {json.dumps(at(message, path))}')


def _is_number(key: Any, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return key not in ("clOrdID", "orderID")


def _is_word(key: Any, value: Any) -> bool:
    return (
        isinstance(value, str)
        and not _is_number(key, value)
        and key not in ("clOrdID", "orderID", "symbol", "execID", "message", "msg")
    )


def _is_size(key: Any, value: Any) -> bool:
    return _is_number(key, value) and isinstance(value, str)


def _is_time(key: Any, value: Any) -> bool:
    return isinstance(key, str) and "ime" in key and isinstance(value, int)


def _is_id(key: Any, value: Any) -> bool:
    return key in ("clOrdID", "orderID", "execID")


def _is_sequence(key: Any, value: Any) -> bool:
    return key in ("sequence", "execSeq", "depth", "id")


def _bad_utf8(message: bytes) -> bytes:
    dice = rng(f"utf8 {message[:40]!r}")
    where = dice.randrange(1, len(message) - 1)
    return message[:where] + dice.choice([b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x80"]) + message[where:]


_RENAMED = (("timestamp", "timestmp"), ("serverTime", "servertime"), ("transactTimeNs", "transactTime"))


def _renamed() -> list[Sent]:
    cases = []
    for right, wrong in _RENAMED:
        for sources, answer in ((FRAMES, False), (ANSWERS, True)):
            for kind, message in sources.items():
                text = raw(message)
                if f'"{right}"'.encode() in text:
                    cases.append(Sent(kind, text.replace(f'"{right}"'.encode(), f'"{wrong}"'.encode()), answer))
    return cases


LEGACY = {
    "sequence": 3, "timestamp": T0, "type": "incremental",
    "accounts": [{"currency": "BTC", "accountBalanceEv": 50_649, "totalUsedBalanceEv": 0, "accountID": 1, "userID": 1}],
    "orders": [
        {key: value for key, value in ORDER.items() if not key.endswith(("Rp", "Rq", "Rv"))}
        | {"priceEp": 670_000_000, "orderQty": 1, "cumQty": 0, "cumValueEv": 0, "symbol": "BTCUSD"}
    ],
    "positions": [],
}  # fmt: skip
"""The older family, whose numbers are scaled integers."""


def _scaled() -> list[Sent]:
    huge = [2**63, 2**63 - 1, 2**64, -(2**63) - 1, 10**30, "9223372036854775808", 1.5, "1e30"]
    found = []
    for path in places(LEGACY):
        if str(path[-1])[-2:] in ("Ep", "Ev", "Er"):
            found += [Sent("legacy", raw(put(LEGACY, path, value))) for value in huge]
    return found


ROWS: tuple[Row, ...] = tuple(
    Row(name, "PhemexFeed.receive and PhemexOrders.parse, then Desk.absorb", expected, cases)
    for name, expected, cases in (
        ("empty", "set aside", whole(b"", b" ", b"\n", b"\x00")),
        ("null", "set aside", whole(b"null", b" null ", refused=True)),
        (
            "[] for {}",
            "set aside",
            [
                *whole(b"[]", b"[[]]", b"[{}]", b"[1, 2]", b"{}"),
                *everywhere("brackets", values([], {}, only=lambda k, v: isinstance(v, (dict, list)))),
            ],
        ),
        (
            "missing field",
            "set aside, or taken without what the field would have said",
            everywhere("missing", _without, picked=60),
        ),
        ("extra field", "taken, the new field skipped", everywhere("extra", _more, picked=30)),
        ("string<->number swaps", "read exactly or set aside", everywhere("swaps", _swapped, picked=50)),
        (
            "float for int",
            "read exactly or set aside",
            everywhere("float", token("1.5", "0.1", "67000.25", "1E2", "3.0"), picked=40),
        ),
        ("1e400", "set aside", everywhere("1e400", token("1e400", "-1e400", "1e-400", "1E999999999", "9e9999"), picked=30)),
        (
            "NaN/Infinity tokens",
            "the whole message is set aside",
            everywhere("nan", token("NaN", "Infinity", "-Infinity", "nan", "+1", "01", ".5", "5."), picked=30, refused=True),
        ),
        ("duplicate key (last wins)", "the last one counts", everywhere("twice", _twice, picked=30)),
        (
            "> 2^64 int (becomes float)",
            "exact or set aside, never rounded",
            everywhere("2^64", token(str(2**64), str(2**64 + 1), "-" + str(2**64), "9" * 30, "9" * 400), picked=40),
        ),
        ("-0.0", "zero", everywhere("-0.0", token("-0.0", "-0", '"-0.0"', '"-0"', "-0e10"), picked=30)),
        (
            "depth 1025 (refused)",
            "set aside",
            whole(
                b"[" * 1025 + b"]" * 1025,
                b'{"a":' * 1025 + b"1" + b"}" * 1025,
                b"[" * 100_000,
                b'{"orders_p":' + b"[" * 3000 + b"]" * 3000 + b"}",
            ),
        ),
        (
            "lone surrogate \\ud800 (refused)",
            "set aside",
            everywhere("surrogate", token(r'"\ud800"', r'"a\udfffb"', r'"\ud800\ud800"'), picked=25, refused=True),
        ),
        (
            "bad UTF-8",
            "set aside",
            [
                *around("utf8", _bad_utf8, refused=False),
                *around("latin", lambda m: m.replace(b"BTC", b"\xc2BTC").replace(b"USDT", b"\xe9USDT"), refused=False),
            ],
        ),
        ("BOM (refused)", "set aside", around("bom", lambda m: b"\xef\xbb\xbf" + m)),
        (
            "two documents",
            "set aside",
            [*around("two", lambda m: m + m), *around("lines", lambda m: m + b"\n{}"), *around("cut", lambda m: m[:-1])],
        ),
        (
            "50 MB",
            "set aside by the connection above its bound; a large frame costs itself",
            [*around("large", lambda m: m[:-1] + b', "pad": "' + b"x" * 300_000 + b'"}', refused=False)],
        ),
        (
            "unknown enum",
            "the row is set aside and says the word",
            everywhere("enum", values("Nonsense", "BUY", "", "buy", "\u202eBuy", only=_is_word), picked=40),
        ),
        (
            "unknown `type`",
            "set aside, or counted and ignored",
            everywhere("type", values("", "delta", "SNAPSHOT", 1, None, only=lambda k, v: k in ("type", "method")), picked=30),
        ),
        ("negative qty", "set aside", everywhere("negative", values("-1", "-0.001", "-67000", only=_is_size), picked=50)),
        ("scale overflow (Ev > 2^63)", "exact or set aside", _scaled()),
        (
            "timestamps 0/ns-vs-ms/future/`timestmp` typo",
            "taken; the time is not believed beyond what it is used for",
            [*everywhere("time", values(0, T0 // 1_000_000, T0 * 2, -1, 2**63, only=_is_time), picked=25), *_renamed()],
        ),
        (
            "ids > 40 chars",
            "up to 64 printable characters are an id, more is set aside",
            everywhere("ids", values("x" * 41, "x" * 64, "x" * 65, "x" * 10_000, "\x1b[31m", "", only=_is_id), picked=30),
        ),
        ("seq as string", "set aside", everywhere("seq", values("12", "x", "", 1.5, True, [], only=_is_sequence), picked=30)),
    )
)
