"""COIN-M inside the exchange: inverse and USD-settled contracts, held against the venue's own printed numbers and formulas."""

from __future__ import annotations

import json
from decimal import ROUND_FLOOR
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_trader.core.clock import NS
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import ContractKind, Liquidity, OrderType, PositionSide, Side, TimeInForce
from tui_trader.sim.exchange import Exchange
from tui_trader.sim.ledger import INSURANCE, Ledger, average
from tui_trader.sim.margin import position_cost, trade_fee, trade_value, unrealised
from tui_trader.sim.market import SeededFlow
from tui_trader.sim.masks.phemex_stream import cost_factors
from tui_trader.sim.products import phemex_coin_instruments, phemex_instruments
from tui_trader.sim.terms import terms
from tui_trader.sim.types import Move, NewOrder, Refusal, SimOrder, SimPosition, SimStatus

BUY, SELL = Side.BUY, Side.SELL
LIMIT, MARKET, STOP, TRAIL = OrderType.LIMIT, OrderType.MARKET, OrderType.STOP, OrderType.TRAILING_STOP
MERGED = PositionSide.MERGED
BTCUSD, CETHUSD, ETHUSD = phemex_coin_instruments()
START = 1_700_000_000 * NS

PAYLOADS = Path(__file__).parents[1] / "venues" / "phemex" / "payloads"
AOP = [json.loads(line) for line in (PAYLOADS / "aop_docs_coinm.jsonl").read_text().splitlines()]
"""The venue's account messages of BTCUSD, as its documentation prints them."""


def rows(name: str) -> list[dict[str, Any]]:
    return [row for message in AOP for row in message.get(name, ())]


FILLS = [row for row in rows("orders") if row["execStatus"].endswith("Fill")]


# -- the venue's own numbers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", FILLS, ids=lambda row: row["clOrdID"])
def test_value_and_fee_of_a_recorded_execution(row: dict[str, Any]) -> None:
    value = trade_value(BTCUSD, D(row["execQty"]), D(row["execPriceEp"]).scaleb(-4))
    assert value.scaleb(8) == row["execValueEv"]
    assert trade_fee(BTCUSD, value, D(row["feeRateEr"]).scaleb(-8)).scaleb(8) == row["execFeeEv"]


def test_funding_of_the_documented_settlement() -> None:
    value = trade_value(BTCUSD, D(700), D("6947.3435"))
    assert value.scaleb(8) == 10_075_793
    assert trade_fee(BTCUSD, value, D("0.00004747")).scaleb(8) == 479


@pytest.mark.parametrize("row", rows("positions"), ids=lambda row: f"size {row['size']}")
def test_a_recorded_position(row: dict[str, Any]) -> None:
    cost = D(row["valueEv"]).scaleb(-8)
    position = SimPosition("BTCUSD", MERGED, qty=D(row["size"]), cost=cost, leverage=D(100))
    entry = average(BTCUSD, position.qty, cost)
    assert entry.quantize(D("0.0001"), rounding=ROUND_FLOOR) == D(row["avgEntryPriceEp"]).scaleb(-4)
    assert unrealised(BTCUSD, position, D(row["markPriceEp"]).scaleb(-4)).scaleb(8) == row["unrealisedPnlEv"]
    then = phemex_coin_instruments(["BTCUSD"])[0]
    object.__setattr__(then, "taker_fee", D("0.00075"))  # the fee of 2019
    assert position_cost(then, BUY, cost, D(100)).scaleb(8) == row["posCostEv"]
    factors = tuple(D(factor).scaleb(8) for factor in cost_factors(then, D(100)))
    assert factors == (row["buyValueToCostEr"], row["sellValueToCostEr"])


def test_the_documented_position_with_profit() -> None:
    """Contract reference, "Query trading account and positions with realtime unPnL"."""
    position = SimPosition("BTCUSD", MERGED, qty=D(5), cost=D("0.00026435"), leverage=D(100))
    assert unrealised(BTCUSD, position, D("23828.7555")) == D("0.00005452")


def test_a_receipt_of_the_old_linear_contract() -> None:
    """A market order of one ETHUSD contract at 226.75 left 1.1337 USD (quoted by ccxt from production)."""
    assert trade_value(ETHUSD, D(1), D("226.75")) == D("1.1337")


def test_listing() -> None:
    assert [(one.symbol, one.kind, one.settle, one.price_scale, one.value_scale) for one in (BTCUSD, CETHUSD, ETHUSD)] == [
        ("BTCUSD", ContractKind.INVERSE, "BTC", 4, 8),
        ("cETHUSD", ContractKind.INVERSE, "ETH", 4, 8),
        ("ETHUSD", ContractKind.LINEAR, "USD", 4, 4),
    ]
    assert (BTCUSD.tick, BTCUSD.lot, BTCUSD.contract_size, BTCUSD.max_qty) == (D("0.1"), D(1), D(1), D(20_000_000))
    assert (ETHUSD.tick, ETHUSD.contract_size, ETHUSD.max_leverage) == (D("0.05"), D("0.005"), D(20))
    assert (BTCUSD.tiers[0].notional, BTCUSD.tiers[0].maintenance_rate, BTCUSD.tiers[1].notional) == (D(100), D("0.005"), D(150))


# -- trading -----------------------------------------------------------------------------------------------------------


class Pit:
    """Ann and Bob at one contract."""

    def __init__(self, instrument: Instrument = BTCUSD, price: str = "50000", *, money: str = "10", **options: Any) -> None:
        self.instrument = instrument
        self.exchange = Exchange([instrument], seed=7, start_ns=START, **options)
        for who in ("ann", "bob", "cat"):
            self.exchange.open_account(who, {instrument.settle: D(money)}, {instrument.settle: D(money)})
        self.exchange.set_reference(instrument.symbol, D(price))

    def order(self, who: str, side: Side, qty: int, price: str | None = None, **terms: Any) -> SimOrder:
        kind = terms.pop("kind", LIMIT if price else MARKET)
        new = NewOrder("", self.instrument.symbol, side, kind, D(qty), D(price) if price else None, **terms)
        return self.exchange.submit(who, new)

    def trade(self, buyer: str, seller: str, qty: int, price: str) -> None:
        self.order(seller, SELL, qty, price)
        self.order(buyer, BUY, qty, price)

    def position(self, who: str) -> SimPosition:
        return self.exchange.position(who, self.instrument.symbol, MERGED)

    def balance(self, who: str) -> D:
        return self.exchange.wallet(who, self.instrument.settle)[0]


def test_profit_of_an_inverse_contract_is_in_its_coin() -> None:
    pit = Pit()
    pit.trade("ann", "bob", 10_000, "50000")
    pit.trade("cat", "ann", 10_000, "55000")
    fees = sum((fill.exec_fee for fill in pit.exchange.fills("ann")), D(0))
    value = D(10_000) * (1 / D(50_000) - 1 / D(55_000))
    assert pit.balance("ann") + fees - 10 == value.quantize(D("1e-8"), rounding="ROUND_UP")
    assert pit.exchange.fills("ann")[1].exec_realised == D("0.01818182")


@pytest.mark.parametrize(("leverage", "side"), [(10, BUY), (10, SELL), (50, BUY), (100, SELL)])
def test_an_isolated_inverse_position_is_liquidated_where_its_price_says(leverage: int, side: Side) -> None:
    pit = Pit()
    pit.exchange.set_leverage("ann", "BTCUSD", None, D(leverage), isolated=True)
    pit.trade(*(("ann", "bob") if side is BUY else ("bob", "ann")), 10_000, "50000")
    position = pit.position("ann")
    price = pit.exchange.liquidation_price("ann", position)
    assert price is not None
    assert (price < 50_000) is (side is BUY)
    margin, need = position.margin, position.cost * BTCUSD.tiers[0].maintenance_rate
    reserve = position.cost * BTCUSD.taker_fee * (1 + side.sign * D(1) / leverage)
    # Where the coin lost is what is above maintenance and the fee of leaving: s·Q·(1/entry − 1/price).
    lost = -side.sign * 10_000 * (1 / D(50_000) - 1 / price)
    assert abs(lost - (margin - need - reserve)) < D("1e-12")
    away = price + D("0.5") * side.sign
    pit.exchange.set_reference("BTCUSD", away)
    assert pit.position("ann").qty != 0
    pit.exchange.set_reference("BTCUSD", price - D("0.5") * side.sign)
    assert pit.position("ann").qty == 0
    assert {fill.kind for fill in pit.exchange.fills("ann")} == {"trade", "liquidation"}
    assert pit.balance("ann") >= 10 - margin - sum((fill.exec_fee for fill in pit.exchange.fills("ann")), D(0)) - D("1e-8")


def test_risk_limit_bounds_the_position_and_its_leverage() -> None:
    pit = Pit(money="1000")
    assert pit.order("ann", BUY, 5_100_000, "50000").refusal is Refusal.RISK_LIMIT
    pit.exchange.set_leverage("ann", "BTCUSD", None, D(100), isolated=False)
    assert pit.exchange.set_risk_limit("ann", "BTCUSD", D(120)) is Refusal.LIMIT_INVALID
    assert pit.exchange.set_risk_limit("ann", "BTCUSD", D(150)) is Refusal.NONE
    assert int(pit.position("ann").leverage) == 66
    assert pit.order("ann", BUY, 5_100_000, "50000").status is SimStatus.NEW
    assert pit.exchange.set_leverage("ann", "BTCUSD", None, D(80), isolated=False) is Refusal.NONE  # nothing is held yet
    pit.order("bob", SELL, 5_000_000, "50000")
    assert pit.exchange.set_risk_limit("ann", "BTCUSD", D(100)) is Refusal.NONE
    pit.order("bob", SELL, 50_000, "50000")


def test_margin_held_by_an_open_loss_cannot_be_taken_away() -> None:
    pit = Pit()
    pit.exchange.set_leverage("ann", "BTCUSD", None, D(10), isolated=True)
    pit.trade("ann", "bob", 10_000, "50000")
    assert pit.exchange.assign_margin("ann", "BTCUSD", MERGED, D("0.02")) is Refusal.NONE
    pit.exchange.set_reference("BTCUSD", D(47_000))  # a loss of 0.0128
    assert pit.exchange.assign_margin("ann", "BTCUSD", MERGED, D("-0.015")) is Refusal.MARGIN_LOSS
    assert pit.exchange.assign_margin("ann", "BTCUSD", MERGED, D("-0.03")) is Refusal.MARGIN_NOT_ADDED
    assert pit.exchange.assign_margin("ann", "BTCUSD", MERGED, D("-0.005")) is Refusal.NONE


def test_a_risk_limit_that_takes_more_margin_than_there_is_is_refused() -> None:
    pit = Pit(money="2.5")
    pit.exchange.set_leverage("ann", "BTCUSD", None, D(100), isolated=False)
    pit.trade("ann", "bob", 1_000_000, "50000")
    assert pit.position("ann").cost == 20
    assert pit.exchange.set_risk_limit("ann", "BTCUSD", D(550)) is Refusal.NONE  # 5.5 %: 1.1 and the fee of leaving
    pit.exchange.set_risk_limit("ann", "BTCUSD", D(100))
    pit.exchange.set_leverage("ann", "BTCUSD", None, D(100), isolated=False)
    assert pit.order("ann", BUY, 3_500_000, "49000").status is SimStatus.NEW
    assert pit.exchange.set_risk_limit("ann", "BTCUSD", D(550)) is Refusal.LIMIT_BALANCE
    assert (pit.position("ann").risk_limit, pit.position("ann").leverage) == (D(100), D(100))


def test_exits_may_not_come_with_an_entry_while_a_position_is_open() -> None:
    pit = Pit()
    assert pit.order("ann", BUY, 100, "50000", stop_loss=D(49_000)).status is SimStatus.NEW
    pit.order("bob", SELL, 100, "50000")
    assert pit.order("ann", BUY, 100, "49900", stop_loss=D(49_000)).refusal is Refusal.ATTACH_WITH_POSITION
    linear = Exchange(phemex_instruments(["BTCUSDT"]), seed=1, start_ns=START)
    for who in ("ann", "bob"):
        linear.open_account(who, {"USDT": D(100_000)})
    linear.submit("bob", NewOrder("", "BTCUSDT", SELL, LIMIT, D("0.1"), D(50_000)))
    for price in (50_000, 49_900):
        entry = NewOrder("", "BTCUSDT", BUY, LIMIT, D("0.1"), D(price), stop_loss=D(49_000))
        assert linear.submit("ann", entry).refusal is Refusal.NONE


# -- auto-deleveraging ---------------------------------------------------------------------------------------------------


def test_when_insurance_is_spent_the_most_profitable_position_of_the_other_side_is_closed() -> None:
    pit = Pit(insurance={"BTC": D(0)})
    pit.exchange.set_leverage("ann", "BTCUSD", None, D(50), isolated=True)
    for other, leverage in (("bob", 5), ("cat", 20)):
        pit.exchange.set_leverage(other, "BTCUSD", None, D(leverage), isolated=False)
        pit.trade("ann", other, 5_000, "50000")
    pit.exchange.set_reference("BTCUSD", D(45_000))
    assert pit.position("ann").qty == 0
    kinds = {who: [fill.kind for fill in pit.exchange.fills(who)] for who in ("bob", "cat")}
    assert kinds == {"bob": ["trade", "adl"], "cat": ["trade", "adl"]}
    first = min(pit.exchange.fills("bob") + pit.exchange.fills("cat"), key=lambda fill: (fill.kind != "adl", fill.seq))
    assert first.order.account == "cat"  # the higher leverage comes first
    assert first.liquidity is Liquidity.MAKER
    assert pit.exchange.position(INSURANCE, "BTCUSD", MERGED).qty == 0
    assert 49_000 - 10 < first.exec_price < 49_100  # bankruptcy of a fifty-fold long, not the market


def test_insurance_that_is_not_spent_takes_the_position_over() -> None:
    pit = Pit()
    pit.exchange.set_leverage("ann", "BTCUSD", None, D(50), isolated=True)
    pit.trade("ann", "bob", 5_000, "50000")
    pit.exchange.set_reference("BTCUSD", D(45_000))
    assert pit.position("ann").qty == 0
    assert [fill.kind for fill in pit.exchange.fills("bob")] == ["trade"]


# -- wallet and trading account -------------------------------------------------------------------------------------


def test_a_transfer_is_done_once_and_leaves_margin_alone() -> None:
    pit = Pit()
    first = pit.exchange.transfer("ann", "BTC", D(4), "link-1")
    assert isinstance(first, Move)
    assert pit.exchange.transfer("ann", "BTC", D(4), "link-1") is first
    assert (pit.balance("ann"), pit.exchange.accounts["ann"].wallet["BTC"]) == (D(14), D(6))
    assert pit.exchange.transfer("ann", "BTC", D(7)) is Refusal.WALLET_BALANCE
    assert pit.exchange.transfer("ann", "DOGE", D(1)) is Refusal.WALLET_UNKNOWN
    pit.trade("ann", "bob", 500_000, "50000")
    free = pit.balance("ann") - pit.exchange.wallet("ann", "BTC")[1]
    assert pit.exchange.transfer("ann", "BTC", -free - D("1e-8")) is Refusal.NO_BALANCE
    assert isinstance(pit.exchange.transfer("ann", "BTC", -free), Move)


def test_dollars_are_bought_and_sold_at_the_index() -> None:
    exchange = Exchange([BTCUSD, ETHUSD], seed=1, start_ns=START)
    exchange.open_account("ann", {"USD": D(0)}, {"BTC": D(1)})
    assert exchange.exchange_usd("ann", D("0.5")) is Refusal.NO_MARKET
    exchange.set_reference("BTCUSD", D(50_000))
    bought = exchange.exchange_usd("ann", D("0.5"))
    assert isinstance(bought, Move)
    assert (bought.amount, bought.wallet_amount, bought.wallet_currency) == (D(25_000), D("-0.5"), "BTC")
    sold = exchange.exchange_usd("ann", D(-10_000))
    assert isinstance(sold, Move)
    assert (exchange.wallet("ann", "USD")[0], exchange.accounts["ann"].wallet["BTC"]) == (D(15_000), D("0.7"))
    assert {name: exchange.accounts[INSURANCE].balances[name] for name in ("USD", "BTC")} == {"USD": D(-15_000), "BTC": D("0.3")}


# -- a living market ---------------------------------------------------------------------------------------------------


def test_the_seeded_market_trades_coin_margined_contracts_once_somebody_looks() -> None:
    flow = SeededFlow(always_on=())
    exchange = Exchange([BTCUSD, CETHUSD, ETHUSD], seed=5, start_ns=START, flow=flow)
    exchange.advance(START + 2 * NS)
    assert all(not exchange.listings[one.symbol].book.count(BUY) for one in (BTCUSD, CETHUSD, ETHUSD))  # nobody has
    for instrument in (BTCUSD, CETHUSD, ETHUSD):
        exchange.watch(instrument.symbol)
    for second in range(2, 62, 2):
        exchange.advance(START + second * NS)
    for instrument, low, high in ((BTCUSD, 80_000, 110_000), (CETHUSD, 2_500, 4_500), (ETHUSD, 2_500, 4_500)):
        bids, asks = exchange.book(instrument.symbol)
        assert min(len(bids), len(asks)) >= 30
        assert low < bids[0][0] < asks[0][0] < high
        assert all(instrument.on_tick(price) and instrument.on_lot(size) for price, size in (*bids, *asks))
        printed = [one for one in exchange.trades(instrument.symbol, 1_000) if one.seq]
        assert printed
        state = exchange.market(instrument.symbol)
        assert state.mark != state.index
        assert state.funding_rate
        assert exchange.ledger.open_interest[instrument.symbol] > 0
        day = state.turnover_24h / state.volume_24h  # in the settle coin, for one contract
        assert abs(day / instrument.value(D(1), state.last) - 1) < D("0.1")
        assert wealth(exchange.ledger, instrument) == 0


# -- whatever comes ----------------------------------------------------------------------------------------------------

PEOPLE = ("ann", "bob", "cat")
whoever = st.sampled_from(PEOPLE)
actions = st.lists(
    st.one_of(
        st.tuples(st.just("order"), whoever, st.sampled_from((BUY, SELL)), st.integers(1, 900), st.integers(-6, 6)),
        st.tuples(st.just("order"), whoever, st.sampled_from((BUY, SELL)), st.integers(1, 900), st.integers(-6, 6)),
        st.tuples(st.just("market"), whoever, st.sampled_from((BUY, SELL)), st.integers(1, 900)),
        st.tuples(st.just("trail"), whoever, st.sampled_from((BUY, SELL)), st.integers(1, 6)),
        st.tuples(st.just("close"), whoever, st.sampled_from((BUY, SELL)), st.integers(-6, 6)),
        st.tuples(st.just("mark"), st.integers(-30, 30)),
        st.tuples(st.just("funding"), st.integers(-100, 100)),
        st.tuples(st.just("lever"), whoever, st.integers(5, 100), st.booleans()),
        st.tuples(st.just("move"), whoever, st.integers(-60, 60)),
    ),
    min_size=15,
    max_size=60,
)


def perform(pit: Pit, action: tuple[Any, ...]) -> None:
    exchange, instrument = pit.exchange, pit.instrument
    middle = D(50_000) if instrument is BTCUSD else D(2_500)
    step = middle / 1_000
    match action:
        case ("order", who, side, lots, steps):
            pit.order(who, side, lots * 10, str(middle + step * steps))
        case ("market", who, side, lots):
            pit.order(who, side, lots * 10, tif=TimeInForce.IOC)
        case ("trail", who, side, steps):
            offset = step * steps * side.sign
            pit.order(who, side, 0, kind=TRAIL, peg_offset=offset, close_on_trigger=True, reduce_only=True)
        case ("close", who, side, steps):
            trigger = middle + step * steps
            pit.order(who, side, 0, kind=STOP, trigger_price=trigger, close_on_trigger=True, reduce_only=True)
        case ("mark", steps):
            exchange.set_reference(instrument.symbol, middle + step * steps)
        case ("funding", rate):
            exchange.market(instrument.symbol).funding_rate = D(rate) / 100_000
            exchange.advance(exchange.now_ns + 8 * 3600 * NS)
        case ("lever", who, leverage, isolated):
            exchange.set_leverage(who, instrument.symbol, None, D(leverage), isolated=isolated)
        case ("move", who, amount):
            exchange.transfer(who, instrument.settle, D(amount) / 100 * (1 if instrument.settle == "BTC" else 1_000))


def wealth(ledger: Ledger, instrument: Instrument) -> D:
    """Return all that there is, whatever the mark: balances, wallets, and what open positions were paid with."""
    sign = 1 if instrument.kind is ContractKind.INVERSE else -1
    total = D(0)
    for account in ledger.accounts.values():
        total += account.balances.get(instrument.settle, D(0)) + account.wallet.get(instrument.settle, D(0))
        for position in account.positions.values():
            if position.qty:
                total += sign * (position.cost if position.qty > 0 else -position.cost)
    return total


@pytest.mark.parametrize("instrument", [BTCUSD, ETHUSD], ids=lambda one: one.symbol)
def test_money_and_contracts_are_conserved_to_the_last_unit(instrument: Instrument) -> None:
    money = "0.05" if instrument is BTCUSD else "3000"

    @settings(max_examples=60, deadline=None)
    @given(actions)
    def play(story: list[tuple[Any, ...]]) -> None:
        pit = Pit(instrument, "50000" if instrument is BTCUSD else "2500", money=money)
        for action in story:
            perform(pit, action)
            ledger = pit.exchange.ledger
            assert wealth(ledger, instrument) == 6 * D(money)
            held = [position.qty for account in ledger.accounts.values() for position in account.positions.values()]
            assert sum(held) == 0
            unit = D(1).scaleb(-instrument.value_scale)
            for who in PEOPLE:
                assert pit.balance(who) % unit == 0
                check_formulas(pit, who)

    play()


def check_formulas(pit: Pit, who: str) -> None:
    """Hold a position against the published formulas, computed here from its executions alone."""
    instrument, position = pit.instrument, pit.position(who)
    fills = pit.exchange.fills(who)
    charges = pit.exchange.funding(who)
    told = terms(instrument, fills, charges)
    assert sum((term.pnl for term in told), D(0)) == position.realised
    assert sum((term.fees for term in told), D(0)) == position.fees
    assert position.qty == (told[-1].size * told[-1].side.sign if told and told[-1].size else 0)
    for fill in fills:
        price, qty = fill.exec_price, fill.exec_qty
        inverse = instrument.kind is ContractKind.INVERSE
        value = qty * instrument.contract_size / price if inverse else qty * instrument.contract_size * price
        unit = D(1).scaleb(-instrument.value_scale)
        assert 0 <= value - trade_value(instrument, qty, price) < unit
        assert 0 <= fill.exec_fee - trade_value(instrument, qty, price) * fill.fee_rate < unit
    if position.qty and not told[-1].closed:
        term = told[-1]
        assert (position.cost, abs(position.qty)) == (term.opened_value, term.opened)
        entry = position.entry
        expected = (
            term.opened * instrument.contract_size / term.opened_value
            if instrument.kind is ContractKind.INVERSE
            else term.opened_value / (term.opened * instrument.contract_size)
        )
        assert abs(entry - expected) < D("1e-8")
        mark, sign = pit.exchange.market(instrument.symbol).mark, (1 if position.qty > 0 else -1)
        q = abs(position.qty) * instrument.contract_size
        profit = sign * q * (1 / entry - 1 / mark) if instrument.kind is ContractKind.INVERSE else sign * q * (mark - entry)
        assert abs(pit.exchange.unrealised(position) - profit) <= D(1).scaleb(-instrument.value_scale)
