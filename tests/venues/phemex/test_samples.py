"""Every sample of the official documents, and every one that ccxt's developers pasted, means what stands beside it here.

The values in the tables were read off the samples (``raw`` in the two files), not off the decoder. Each row is either told, or it
is a request, or it says why nothing here reads it; a row that is none of these fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.venues.phemex.told import lines as told
from tui_trader.core.event import OrderChanged, PositionChanged, PositionsSnapshot
from tui_trader.core.instrument import Instrument
from tui_trader.core.position import Position, unrealised
from tui_trader.core.types import ContractKind, InstrumentId
from tui_trader.venues.base import Lane, Outcome, Reply, Request, RequestKind
from tui_trader.venues.phemex import products
from tui_trader.venues.phemex.feed import PhemexFeed
from tui_trader.venues.phemex.orders import PhemexOrders
from tui_trader.venues.phemex.wire import decode_body

D = Decimal
Sample = Callable[[int], str]

KINDS = {
    "place": RequestKind.CREATE,
    "amend": RequestKind.AMEND,
    "cancel": RequestKind.CANCEL,
    "cancel_several": RequestKind.CANCEL,
    "cancel_all": RequestKind.CANCEL,
    "set_position_mode": RequestKind.SETTING,
    "set_leverage": RequestKind.SETTING,
    "transfer": RequestKind.TRANSFER,
}
OURS = "137e1928-5d25-fecd-dbd1-705ded659a4f"
XEM = ["buy XEMUSDT long 186 @ 0.0535 mark 0.053036917 10x cross liq 0.0001", "flat XEMUSDT short 10x cross"]
USDT_LEGS = ["balance 730.97309163 used 1.02037554 USDT", "positions in USDT", *XEM]
OPEN_2020 = [
    "open orders of BTCUSD",
    "armed buy limit_if_touched BTCUSD 0/1 price 8400 gtc",
    "live sell limit BTCUSD 0/1 price 9904 gtc",
]
PAST_2019 = ["old canceled sell limit BTCUSD 0/12 price 7572 gtc", "old filled sell limit BTCUSD 700/700 price 7150 gtc"]
BOOK_2020 = "book BTCUSD [[87700000, 2000000], [87695000, 200000]] | [[87705000, 1000000], [87710000, 200000]]"
PLACEHOLDER = "reduce_only"

ANSWERS: dict[int, tuple[str, str, list[str]]] = {
    0: ("server_time", "", []),
    1: ("place", OURS, ["acked sell limit BTCUSD 0/1 price 9897 gtc"]),
    10: ("cancel", "4b19fd1e-a1a7-2986-d02a-0288ad5137d4", ["acked buy limit BTCUSD 0/1 price 8004 gtc cancel pending"]),
    11: ("positions", "BTC", ["balance 0 used 0 BTC", "positions in BTC", "flat BTCUSD merged 100x cross"]),
    12: (
        "positions",
        "BTC",
        [
            "balance 8795.99942377 used 0.00000285 BTC",
            "positions in BTC",
            "buy BTCUSD merged 5 @ 18914.3181 mark 23828.7555 100x cross liq none",
        ],
    ),
    13: ("open_orders", "BTCUSD", OPEN_2020),
    14: ("closed_orders", "BTCUSD", PAST_2019),
    15: ("order_by_id", "uuid-1577463487504", ["filled sell limit BTCUSD 700/700 price 7150 gtc"]),
    16: (
        "fills",
        "BTCUSD",
        [
            "fill sell BTCUSD 700 @ 7150 fee -0.00002447 BTC maker trade at 1578026629824704800",
            "funding BTCUSD 0.00000479 BTC rate 0.00004747 at 1578009600000000000",
        ],
    ),
    17: ("book", "BTCUSD", [f"{BOOK_2020} depth 30 sequence 455476965"]),
    18: ("book", "BTCUSD", [f"{BOOK_2020} depth 0 sequence 455476965"]),
    24: ("funding_history", "string", ["funding string 0 string rate 0 at 0"]),
    25: ("fee_rates", "ETH", ["fees cETHUSD maker 0.00006 taker 0.00055"]),
    26: ("funds_journal", "USDT", ["REALIZED_PNL -0.01010945 USDT to 1464.64081733 at 1682035200000000000"]),
    46: ("place", OURS, [f"acked sell limit BTCUSDT 0.01/0.01 price 98970000 trigger_price 1271.9 gtc {PLACEHOLDER}"]),
    48: ("place", OURS, [f"acked sell limit BTCUSDT 0.01/0.01 trigger_price 1271.9 gtc {PLACEHOLDER}"]),
    49: (
        "amend",
        OURS,
        [
            "acked sell limit BTCUSDT 0.01/0.01 price 1271.9 trigger_price 1271.9 take_profit 1271.9 stop_loss 1271.9 gtc "
            f"{PLACEHOLDER} amend pending"
        ],
    ),
    50: ("cancel", OURS, [f"acked sell limit BTCUSDT 0.01/0.01 trigger_price 0.01 gtc {PLACEHOLDER} cancel pending"]),
    51: ("cancel_several", "BTCUSDT", []),
    52: ("cancel_all", "BTCUSDT", []),
    54: ("positions", "USDT", USDT_LEGS),
    56: ("set_position_mode", "BTCUSDT", []),
    58: (
        "open_orders",
        "BTCUSDT",
        ["open orders of BTCUSDT", "live sell limit BTCUSDT 0/0.005 price 22490.4 gtc close_on_trigger"],
    ),
    59: ("closed_orders", "ETHUSDT", ["old filled buy limit ETHUSDT 0.78/0.78 price 1271.9 gtc"]),
    61: (
        "book",
        "BTCUSDT",
        [
            "book BTCUSDT [['20672.4', '0.818'], ['20672.2', '0.614']] | [['20675.7', '0.736'], ['20676.2', '0.613']] depth 30 "
            "sequence 77770771"
        ],
    ),
    64: ("order_history", "BTCUSDT", ["old filled buy market BTCUSDT 0.001/0.001 ioc"]),
    65: ("funding_history", "ETHUSDT", ["funding ETHUSDT 0.02116552 USDT rate 0.0001 at 1671004800021000000"]),
    85: ("positions", "USDT", USDT_LEGS),
    86: (
        "closed_orders",
        "ETHUSDT",
        [
            "old filled buy limit ETHUSDT 0.78/0.78 price 1271.9 gtc",
            "old filled buy limit ETHUSDT 0.78/0.78 price 1271.9 gtc",
            "old filled buy limit ETHUSDT 0.07/0.07 price 1271.9 gtc",
        ],
    ),
    89: ("fills", "BTCUSDT", ["fill sell BTCUSDT 0.001 @ 16600 fee 0.00166 USDT maker trade at 1669407633926215067"]),
    93: ("set_leverage", "BTCUSD", []),
    94: ("open_orders", "BTCUSD", [*OPEN_2020, "live buy limit BTCUSD 0/1 price 8004 gtc"]),
}
"""By place in docs_samples.jsonl: the question, what it is about, and what the answer says."""

MARKET_2020 = (
    "ticker BTCUSD last=8742.5 mark=8745.3092 index=8745.0676 open_24h=9071 high_24h=9208 low_24h=8713 volume_24h=125287131 "
    "turnover_24h=13993.62834123 open_interest=7821141 funding_rate=0.0001"
)
FRAMES: dict[int, list[str]] = {
    28: ["PongReceived"],
    32: [
        "book BTCUSD [[86760000, 18995], [86755000, 6451]] | [[86765000, 19609], [86770000, 7402]] depth 30 sequence 1191904",
    ],
    33: ["change BTCUSD [] | [[86775000, 4621]] depth 30 sequence 1191905"],
    36: ["all trades BTCUSD buy 12 @ 8673.5, buy 51 @ 8673.5, buy 52 @ 8673.5, buy 56 @ 8673.5"],
    37: ["trades BTCUSD buy 21 @ 8673"],
    39: [
        "all candles BTCUSD 1589846400 9733.5 9909 9449 9784 212484260; 1589932800 9784 9848 9299 9516.5 246294692; "
        "1590019200 9516 9516 9516 9516 164"
    ],
    40: ["candles BTCUSD 1590019200 9516 9575 9258.5 9365.5 84414679"],
    41: [
        "live buy limit BTCUSD 0/4 price 8677 gtc",
        "filled buy limit BTCUSD 4/4 price 8677 gtc",
        "fill buy BTCUSD 4 @ 8677 fee 0.00000035 BTC taker trade at 1573717286765896400",
        "buy BTCUSD merged 13 @ 8684.3828 mark 8673.2335 100x cross liq 13",
        "balance 0.99999989 used 0.00001803 BTC",
    ],
    43: [MARKET_2020],
    45: ["ticker BTCUSD index=9338.5362"],
    69: ["answer to 1234: granted"],
    73: [
        "change BTCUSDT [['20703.1', '0'], ['20701.3', '0'], ['20701.2', '0'], ['20700.5', '1.622'], ['20473.7', '1.074'], "
        "['20441.3', '0.904']] | [['20702.9', '0.718'], ['20703.9', '0.524'], ['20704.9', '0'], ['20720.8', '0']] depth 30 "
        "sequence 77668172"
    ],
    74: ["change BTCUSDT [['20700.5', '0'], ['20340.5', '0.06']] | [] depth 30 sequence 77668209"],
    76: ["trades BTCUSDT sell 0.649 @ 20700.3"],
    77: ["all trades BTCUSDT buy 0.001 @ 20699, sell 0.669 @ 20703.6"],
    79: [
        "all candles BTCUSDT 1666856280 20712.7 20712.7 20689.1 20689.5 4.407; 1666856340 20686.2 20695.4 20686.2 20691.6 2.742",
    ],
    80: ["candles BTCUSDT 1666856520 20684.8 20684.8 20675.2 20675.2 3.547"],
    102: ["answer to 1580631267153: granted"],
    103: ["ticker BTCUSD index=9339.0304"],
    104: ["ticker BTCUSD index=9340.3484"],
}

REQUESTS = (2, 3, 4, 5, 6, 7, 8, 9, 27, 29, 30, 31, 34, 35, 38, 42, 44, 47, 67, 68, 70, 71, 75, 78, 81, 82, 83, 92, 97)
"""What a client sends; held against ours in test_coin_m.py and test_requests.py where we send it."""

NOT_READ = {
    19: "recent trades by REST: the feed brings them",
    20: "24-hour ticker by REST: the feed brings it",
    21: "a schema",
    22: "public trades of the past are not shown",
    23: "past funding rates are not shown",
    53: "a schema: symbol and currency are exchanged for placeholders",
    55: "risk units of a unified account by REST are not asked for",
    57: "a margin table: held in test_products.py in the product list's own shape",
    60: "trades with shortened ids: those of api-data are asked for, which have whole ones",
    62: "24-hour ticker by REST: the feed brings it",
    63: "24-hour ticker by REST: the feed brings it",
    66: "next funding by REST: the ticker has the rate, the product list the interval",
    72: "a schema",
    84: "a schema, as 53",
    87: "trades with shortened ids, as 60",
    88: "24-hour ticker by REST: the feed brings it",
    90: "fees by the day: every execution tells its own",
    91: "risk units of a unified account are not subscribed to",
    95: "a schema",
    96: "a movement between main and sub account is not offered",
    98: "a schema",
    99: "a schema",
    100: "a schema",
    101: "aop_v1: a channel that the current reference no longer has",
}


@pytest.fixture
def sample(lines: Callable[[str], list[Any]]) -> Sample:
    rows = lines("docs_samples.jsonl")
    return lambda number: str(rows[number]["raw"])


@pytest.fixture
def pasted(lines: Callable[[str], list[Any]]) -> Sample:
    rows = lines("ccxt_comment_samples.jsonl")
    return lambda number: str(rows[number]["raw"])


@pytest.fixture
def orders(legacy_2021: list[Instrument]) -> PhemexOrders:
    made = PhemexOrders()
    made.list_instruments(legacy_2021)
    return made


@pytest.fixture
def feed(legacy_2021: list[Instrument]) -> PhemexFeed:
    made = PhemexFeed(Lane.PRIVATE)
    made.list_instruments(legacy_2021)
    return made


def answered(orders: PhemexOrders, what: str, ref: str, body: str) -> list[str]:
    request = Request(KINDS.get(what, RequestKind.READ), what, "GET", "/x", ref=ref)
    verdict = orders.parse(request, Reply(200, {}, body.encode()))
    assert verdict.outcome is Outcome.ACK, verdict
    return told(verdict.events)


@pytest.mark.parametrize("number", ANSWERS)
def test_documented_answer(orders: PhemexOrders, sample: Sample, number: int) -> None:
    what, ref, says = ANSWERS[number]
    assert answered(orders, what, ref, sample(number)) == says


@pytest.mark.parametrize("number", FRAMES)
def test_documented_frame(feed: PhemexFeed, sample: Sample, number: int) -> None:
    assert told(feed.receive(sample(number).encode(), 1)) == FRAMES[number]


def test_no_documented_sample_is_passed_over(lines: Callable[[str], list[Any]]) -> None:
    spoken_for = [*ANSWERS, *FRAMES, *REQUESTS, *NOT_READ]
    assert sorted(spoken_for) == list(range(len(lines("docs_samples.jsonl"))))


# -- what ccxt's developers pasted ------------------------------------------------------------------------------------------

PASTED_ANSWERS: dict[int, tuple[str, str, list[str]]] = {
    11: (
        "book",
        "sETHUSDT",
        [
            "book sETHUSDT [[23360000000, 32995000], [23359000000, 221887000], [23356000000, 284599000]] | "
            "[[23415000000, 105262000], [23416000000, 147914000], [23419000000, 160914000]] depth 30 sequence 1592059928"
        ],
    ),
    19: ("fills", "BTCUSD", ["fill sell BTCUSD 700 @ 7150 fee -0.00002447 BTC maker trade at 1578026629824704800"]),
    23: ("positions", "USDT", ["balance 99.93143972 used 0.40456 USDT", "positions in USDT"]),
    24: ("positions", "BTC", ["balance 0.01254744 used 0 BTC", "positions in BTC"]),
    27: ("positions", "BTC", ["balance 0.01254744 used 0 BTC", "positions in BTC", "flat BTCUSD merged 100x cross"]),
    30: ("order_by_id", "7a1ad384-44a3-4e54-a102-de4195a29e32", ["acked buy market ETHUSD 0/1 ioc reduce_only"]),
    31: ("order_by_id", "ccxt2022843dffac9477b497", ["live buy limit LTCUSDT 0/0.1 price 40 gtc"]),
    32: ("closed_orders", "LTCUSDT", ["old live buy limit LTCUSDT 0/0.2 price 50 gtc"]),
    34: ("place", "", ["acked buy market ETHUSD 0/1 ioc"]),
    37: ("fills", "BTCUSD", ["fill buy BTCUSD 5 @ 18299 fee 0.00000021 BTC taker trade at 1606054879331565300"]),
    48: ("transfer", "", ["transfer 0.001 USD from wallet to trading account done 8564eba4 at 0"]),
    49: ("transfers", "BTC", ["transfer 0.00067932 BTC from wallet to trading account done 87c071a3 at 1652832467000000000"]),
    50: ("transfer", "", ["transfer 0.001 USD from wallet to trading account done 8564eba4 at 0"]),
    51: ("transfers", "BTC", ["transfer 0.00067932 BTC from wallet to trading account done 87c071a3 at 1652832467000000000"]),
}
WRAPPED = {19: "[%s]", 30: "%s", 31: "%s", 32: "[%s]", 50: "%s", 51: "[%s]"}
"""Rows that were pasted without the envelope that they came in."""

PASTED_FRAMES: dict[int, tuple[str, list[str]]] = {
    20: ('{"orders_p":[%s],"type":"incremental"}', ["live buy market BTCUSDT 0/0.003 ioc"]),
    60: ('{"market24h":%s}', ["LTCUSD"]),
    63: ("%s", ["LTCUSD"]),
    67: ('{"accounts":%s}', ["balance 0 used 0 BTC"]),
    68: ('{"accounts_p":%s}', ["balance 1508.452588802237 used 343.132599666883 USDT"]),
    69: ("%s", ["all trades sBTCUSDT buy 0.020186 @ 9639.38, sell 0.014018 @ 9637.04, buy 0.01431 @ 9640.2"]),
    70: ("%s", ["all trades BTCUSDT buy 2.455 @ 23800.4"]),
    71: (
        "%s",
        [
            "all candles sBTCUSDT 1592905080 9606.84 9607.18 9606.84 9607.18 0.048805; "
            "1592905140 9607.16 9607.17 9605.6 9606.88 0.042849; 1592905200 9607.09 9607.09 9604 9604 0.008481"
        ],
    ),
    72: ("%s", ["candles BTCUSDT 1677094560 23746.1 23757.6 23736.9 23754.8 34.273"]),
    73: (
        "%s",
        [
            "book sBTCUSDT [[959941000000, 8385300], [959939000000, 10296600], [959930000000, 3672400]] | "
            "[[960316000000, 6993800], [960318000000, 13183000], [960319000000, 9170200]] depth 30 sequence 1805784701"
        ],
    ),
    74: ("%s", ["book BTCUSDT [['23787.8', '1.836']] | [['23788.5', '0.13']] depth 30 sequence 1230347368"]),
    76: ('{"orders_p":[%s],"type":"incremental"}', ["live buy market BTCUSDT 0/0.003 ioc"]),
    79: ("%s", ["flat BTCUSD merged 100x cross", "balance 0 used 0 BTC"]),
    15: (
        '{"market24h_p":%s}',
        [
            "ticker BTCUSDT last=16820.5 mark=16830.97534951 index=16830.15651565 open_24h=16851.7 high_24h=16962.1 "
            "low_24h=16785 volume_24h=7406.95 turnover_24h=124835296.0538 open_interest=1323.596 funding_rate=0.0001"
        ],
    ),
}
LTCUSD = (
    "ticker LTCUSD last=44.28 mark=44.2659 index=44.2621 open_24h=43.22 high_24h=44.54 low_24h=42.84 volume_24h=934292 "
    "turnover_24h=813323.8294 open_interest=744183 funding_rate=0.0001"
)
SAME = {45: 15, 64: 61, 47: 0, 16: 13, 17: 14, 43: 14, 44: 14, 10: 2, 25: 23, 26: 22, 78: 66, 57: 54, 58: 55, 59: 56, 3: 1}
"""Samples that were pasted more than once, in part or whole."""

PASTED_LISTS = {0, 1, 2, 4, 5, 9, 46}
"""Parts of product lists: held together below."""

PASTED_NOT_READ = {
    6: "leverages to choose from: the limits of risk say the most",
    7: "risk limits of USDⓈ-M follow the leverage: the margin tables are read",
    8: "as 6",
    12: "candles by REST are not asked for: the feed begins with a thousand",
    13: "spot ticker by REST",
    14: "24-hour ticker by REST: the feed brings it",
    18: "public trades by REST: the feed brings them",
    21: "trades with shortened ids are not asked for",
    22: "a spot wallet",
    28: "a spot order",
    29: "a spot order",
    33: "a spot order",
    35: "spot orders",
    36: "spot trades",
    38: "trades with shortened ids are not asked for",
    39: "an address to deposit to",
    40: "a deposit",
    41: "a deposit",
    42: "closed positions are not asked for",
    52: "past funding rates are not shown",
    53: "money does not leave the venue through this program",
    54: "conversion is not offered",
    55: "conversion is not offered",
    56: "conversion is not offered",
    61: "a row of the table in 65: held with it below",
    62: "a spot ticker",
    65: "the columns of the table: held with 61 below",
    66: "spot wallets",
    75: "spot trades",
    77: "spot orders",
}


@pytest.mark.parametrize("number", PASTED_ANSWERS)
def test_pasted_answer(orders: PhemexOrders, pasted: Sample, number: int) -> None:
    what, ref, says = PASTED_ANSWERS[number]
    body = pasted(number)
    if number in (23, 24):  # the account alone was pasted; a call that has no positions says so with an empty list
        body = re.sub(r"\}\s*(?=\}\s*\Z)" if number == 23 else r"\}\s*(?=\}\s*\}\s*\Z)", '},"positions":[]', body, count=1)
    if number in WRAPPED or number == 23:
        body = f'{{"code":0,"msg":"","data":{WRAPPED.get(number, "%s") % body}}}'
    assert answered(orders, what, ref, body) == says


@pytest.mark.parametrize("number", PASTED_FRAMES)
def test_pasted_frame(feed: PhemexFeed, pasted: Sample, number: int) -> None:
    frame, says = PASTED_FRAMES[number]
    # ccxt prints integers of more than 53 bits as text; on the wire they are numbers.
    raw = re.sub(r'"(timestamp|actionTimeNs|transactTimeNs)":\s*"(\d+)"', r'"\1":\2', pasted(number))
    assert told(feed.receive((frame % raw).encode(), 1)) == [LTCUSD if text == "LTCUSD" else text for text in says]


def test_the_packed_table(feed: PhemexFeed, pasted: Sample) -> None:
    frame = '{"method":"perp_market24h_pack_p.update","type":"snapshot","timestamp":1,"fields":%s,"data":[%s]}'
    assert told(feed.receive((frame % (pasted(65), pasted(61))).encode(), 1)) == [
        "ticker STXUSDT last=0.71737 mark=0.71720205 index=0.71720205 open_24h=0.64649 high_24h=0.8628 low_24h=0.61215 "
        "volume_24h=4519387 turnover_24h=3210827.98166 open_interest=697635 funding_rate=0.0001"
    ]


def test_the_pasted_product_lists(pasted: Sample) -> None:
    parts = {name: decode_body(pasted(number).encode()) for name, number in (("currencies", 2), ("riskLimits", 5))}
    newer = decode_body(pasted(4).encode())
    older = [row | {"type": "Perpetual", "status": "Listed"} for row in decode_body(pasted(9).encode())["data"]]
    listed, bad = products.perpetuals(parts | {"perpProductsV2": newer, "products": older})
    assert bad == []
    known = {one.symbol: one for one in listed}
    btcusdt, btcusd = known["BTCUSDT"], known["BTCUSD"]
    assert (btcusdt.settle, btcusdt.tick, btcusdt.kind) == ("USDT", D("0.1"), ContractKind.LINEAR)
    assert (btcusd.kind, btcusd.settle, btcusd.tick, btcusd.contract_size) == (ContractKind.INVERSE, "BTC", D("0.5"), D(1))
    assert (btcusd.value_scale, btcusd.price_scale, btcusd.max_qty) == (8, 4, D(1000000))
    assert [(tier.notional, tier.maintenance_rate) for tier in btcusd.tiers[:2]] == [(D(100), D("0.005")), (D(150), D("0.01"))]
    assert json.loads(pasted(0))[1] == json.loads(pasted(5))[0]["riskLimits"][1]
    whole, bad = products.perpetuals(decode_body(pasted(46).encode())["data"])
    assert {one.symbol for one in whole} == {"BTCUSD"}
    pairs, bad = products.spot({"products": [decode_body(pasted(1).encode())], "currencies": parts["currencies"]})
    assert [(pair.symbol, pair.tick, pair.lot) for pair in pairs] == [("sBTCUSDT", D("0.01"), D("0.000001"))]


def test_no_pasted_sample_is_passed_over(lines: Callable[[str], list[Any]]) -> None:
    spoken_for = [*PASTED_ANSWERS, *PASTED_FRAMES, *SAME, *PASTED_LISTS, *PASTED_NOT_READ]
    assert sorted(spoken_for) == list(range(len(lines("ccxt_comment_samples.jsonl"))))
    assert set(SAME.values()) <= {*spoken_for} - {*SAME}


# -- profit to the last digit -----------------------------------------------------------------------------------------------

UNLISTED = Instrument(InstrumentId("phemex", "XEMUSDT"), ContractKind.LINEAR, "XEM", "USDT", "USDT", D("0.0001"), D(1))
ETHUSDT = Instrument(InstrumentId("phemex", "ETHUSDT"), ContractKind.LINEAR, "ETH", "USDT", "USDT", D("0.01"), D("0.01"))


def test_profit_and_value_of_every_open_position_in_the_samples(
    lines: Callable[[str], list[Any]], legacy_2021: list[Instrument]
) -> None:
    """Linear rows agree exactly, inverse ones after rounding to the decimals that the venue keeps bitcoin to."""
    known = {one.symbol: one for one in (*legacy_2021, UNLISTED, ETHUSDT)}
    orders, feed = PhemexOrders(), PhemexFeed(Lane.PRIVATE)
    orders.list_instruments(list(known.values()))
    feed.list_instruments(list(known.values()))
    seen = []
    samples = [(row["raw"], row.get("schematic")) for row in lines("docs_samples.jsonl")]
    samples += [(row["raw"], False) for row in lines("ccxt_comment_samples.jsonl")]
    samples += [(json.dumps(row), False) for row in lines("aop_docs_coinm.jsonl") + lines("aop_p_docs_2023.jsonl")]
    for raw, schematic in samples:
        if schematic or '"positions' not in raw:
            continue
        document = decode_body(raw.encode())
        body = document.get("data") or document
        rows = body.get("positions") or body.get("positions_p") or []
        if isinstance(body.get("orders"), dict):
            continue
        if "data" in document:
            request = Request(RequestKind.READ, "positions", "GET", "/x", ref=body["account"]["currency"])
            events = orders.parse(request, Reply(200, {}, raw.encode())).events
        else:
            events = feed.receive(re.sub(r'"timestamp":\s*"(\d+)"', r'"timestamp":\1', raw).encode(), 1)
        for position, row in zip(_positions(events), rows, strict=True):
            if position.is_flat:
                continue
            instrument = known[position.instrument.symbol]
            profit = unrealised(position, instrument, position.mark_then)
            value = instrument.value(position.qty, position.entry)
            exact = instrument.kind is ContractKind.LINEAR
            assert _same(profit, row, "unRealisedPnl", "unrealisedPnl", exact=exact), row
            assert _same(value, row, "value", exact=exact), row
            seen.append(f"{position.instrument.symbol} {position.qty}")
    assert seen == ["BTCUSD 5", "BTCUSD 13", "XEMUSDT 186", "XEMUSDT 186", "BTCUSD 9", "BTCUSD 13"]


def _positions(events: Any) -> list[Position]:
    found: list[Position] = []
    for event in events:
        if isinstance(event, PositionsSnapshot):
            found += event.positions
        elif isinstance(event, PositionChanged):
            found.append(event.position)
    return found


def _same(ours: Decimal, row: dict[str, Any], *names: str, exact: bool) -> bool:
    for name in names:
        if f"{name}Rv" in row:
            return ours == D(row[f"{name}Rv"]) if exact else False
        if f"{name}Ev" in row:
            return round(ours * 10**8) == row[f"{name}Ev"]
    return False


def test_orders_of_the_recorded_streams_add_up_to_their_positions(lines: Callable[[str], list[Any]]) -> None:
    feed = PhemexFeed(Lane.PRIVATE)
    for row in lines("aop_docs_coinm.jsonl"):
        events = feed.receive(json.dumps(row).encode(), 1)
        filled = {event.report.venue_id: event.report.filled for event in events if isinstance(event, OrderChanged)}
        for position in _positions(events):
            before = {9: 0, 13: 9}[int(position.qty)]
            assert position.qty - before == sum(filled.values())
