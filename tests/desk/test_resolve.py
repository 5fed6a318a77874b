"""Words become numbers by the market and the account of this moment, on the contract's grid, or a refusal that helps."""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.desk.conftest import BTC, ETH, Market, linear
from tui_trader.core.account import Balance
from tui_trader.core.command import Offset, OffsetUnit, PlaceOrder, Price, PriceRef, Size, SizeUnit, Trigger
from tui_trader.core.error import CommandError
from tui_trader.core.event import BalanceChanged, InstrumentsListed, LinkChanged, TickerChanged, TradesPrinted
from tui_trader.core.grammar import parse_one
from tui_trader.core.tape import Trade
from tui_trader.core.types import ContractKind, InstrumentId, LinkState, PositionMode, PositionSide, Side
from tui_trader.desk.resolve import Presets, Resolver, leg_for


@pytest.fixture
def resolver(market: Market) -> Resolver:
    return Resolver(market.store, Presets())


def typed(line: str) -> PlaceOrder:
    command = parse_one(line)
    assert isinstance(command, PlaceOrder)
    return command


def price_of(resolver: Resolver, text: str, side: Side = Side.BUY) -> D:
    price = typed(f"{side} 1 @ {text}").price
    assert price is not None
    return resolver.price(BTC, price, side)


def size_of(resolver: Resolver, text: str, *, price: str = "100", side: Side = Side.BUY, stop: str | None = None) -> D:
    line = f"{side} {text} @ 100" + (f" sl {stop}" if stop else "")
    return resolver.size(BTC, typed(line).size, price=D(price), side=side, stop=D(stop) if stop else None)


@pytest.mark.parametrize(
    ("text", "side", "number"),
    [
        ("bid", Side.BUY, "100"),
        ("ask", Side.BUY, "100.2"),
        ("mid", Side.BUY, "100.1"),
        ("last", Side.BUY, "100.1"),
        ("mark", Side.SELL, "100.1"),
        ("index", Side.SELL, "100.3"),
        ("bid-2t", Side.BUY, "99.8"),
        ("ask+3t", Side.SELL, "100.5"),
        ("bid-1%", Side.BUY, "99"),
        ("mark+5bp", Side.BUY, "100.1"),
        ("mark+5bp", Side.SELL, "100.2"),
        ("bid+0.05", Side.BUY, "100"),
        ("bid+0.05", Side.SELL, "100.1"),
        ("99.5", Side.BUY, "99.5"),
    ],
)
def test_prices(resolver: Resolver, text: str, side: Side, number: str) -> None:
    assert price_of(resolver, text, side) == D(number)


def test_the_last_print_is_newer_than_the_ticker(market: Market, resolver: Resolver) -> None:
    market.tell(TradesPrinted(BTC, [Trade(1, Side.BUY, D("101.5"), D(1))], False))
    assert resolver.reference(BTC, PriceRef.LAST) == D("101.5")


def test_prices_of_the_position(market: Market, resolver: Resolver) -> None:
    with pytest.raises(CommandError, match="no BTCUSDT position to take entry from"):
        resolver.reference(BTC, PriceRef.ENTRY)
    market.hold("2", "90", liquidation=D("60.5"))
    assert resolver.reference(BTC, PriceRef.ENTRY) == 90
    assert resolver.reference(BTC, PriceRef.LIQUIDATION) == D("60.5")
    assert D(90) < resolver.reference(BTC, PriceRef.BREAK_EVEN) < D(91), "fees are in it"


def test_a_typed_price_off_the_grid_is_refused_with_both_neighbours(resolver: Resolver) -> None:
    with pytest.raises(CommandError, match=r"100\.05 is not a multiple of the tick 0\.1") as caught:
        price_of(resolver, "100.05")
    assert caught.value.fix == "100 or 100.1"


def test_no_price_comes_from_a_book_in_doubt(market: Market, resolver: Resolver) -> None:
    market.tell(LinkChanged("phemex", "public", LinkState.DOWN))
    for ref in (PriceRef.BID, PriceRef.ASK, PriceRef.MID):
        with pytest.raises(CommandError, match=f"no {ref} price now"):
            resolver.reference(BTC, ref)


def test_a_distance_that_leads_below_zero_is_refused(resolver: Resolver) -> None:
    with pytest.raises(CommandError, match="makes a price of -900"):
        price_of(resolver, "bid-1000")


def test_an_unlisted_instrument_is_refused(resolver: Resolver) -> None:
    with pytest.raises(CommandError, match="XRPUSDT is not in the venue's product list"):
        resolver.instrument(InstrumentId("phemex", "XRPUSDT"))


@pytest.mark.parametrize(
    ("text", "qty"),
    [
        ("0.5", "0.5"),
        ("$1000", "10"),
        ("1k$", "10"),
        ("10%e", "10"),
        ("10%b", "10"),
        ("#1", "2.5"),
        ("#5", "50"),
        ("$333", "3.33"),
        ("$999.999", "9.999"),
    ],
)
def test_sizes(resolver: Resolver, text: str, qty: str) -> None:
    assert size_of(resolver, text) == D(qty)


def test_available_is_less_than_equity_when_margin_is_tied_up(market: Market, resolver: Resolver) -> None:
    from tui_trader.core.account import Balance
    from tui_trader.core.event import BalanceChanged

    market.tell(BalanceChanged(Balance("phemex", "USDT", D(10_000), D(4_000))))
    assert size_of(resolver, "10%b") == 6
    assert size_of(resolver, "10%e") == 10


def test_sizes_of_the_position(market: Market, resolver: Resolver) -> None:
    with pytest.raises(CommandError, match="there is no BTCUSDT position"):
        size_of(resolver, "50%p")
    market.hold("-0.333")
    assert size_of(resolver, "$size") == D("0.333")
    assert size_of(resolver, "100%p") == D("0.333")
    assert size_of(resolver, "50%p") == D("0.166"), "rounded down to a lot"
    assert size_of(resolver, "0.1%p") == D("0.001"), "never nothing"


def test_sizes_from_risk(resolver: Resolver) -> None:
    assert size_of(resolver, "r:1%", stop="95") == 20, "100 USDT over 5 USDT a unit"
    assert size_of(resolver, "r:50$", stop="98") == 25
    assert size_of(resolver, "r:50$", side=Side.SELL, stop="103") == D("16.666")


def test_risk_needs_a_stop_that_loses(resolver: Resolver) -> None:
    risk = Size(D(1), SizeUnit.RISK_PERCENT)
    with pytest.raises(CommandError, match="needs a stop"):
        resolver.size(BTC, risk, price=D(100), side=Side.BUY, stop=None)
    with pytest.raises(CommandError, match="does not lose") as caught:
        resolver.size(BTC, risk, price=D(100), side=Side.BUY, stop=D(101))
    assert caught.value.fix == "a stop below the entry"


def test_a_typed_size_off_the_grid_is_refused_and_a_computed_one_below_a_lot_too(resolver: Resolver) -> None:
    with pytest.raises(CommandError, match=r"0\.0015 is not a multiple of the lot 0\.001 BTC") as caught:
        size_of(resolver, "0.0015")
    assert caught.value.fix == "0.001 or 0.002"
    with pytest.raises(CommandError, match="less than one lot") as caught:
        size_of(resolver, "$0.01")
    assert caught.value.fix == "0.001 or more"


def test_a_preset_is_never_less_than_a_lot(market: Market) -> None:
    resolver = Resolver(market.store, Presets(notionals=(D("0.01"),)))
    size = Size(D(1), SizeUnit.PRESET)
    assert resolver.size(BTC, size, price=D(100), side=Side.BUY, stop=None) == D("0.001")
    with pytest.raises(CommandError, match="no size preset 2"):
        resolver.size(BTC, Size(D(2), SizeUnit.PRESET), price=D(100), side=Side.BUY, stop=None)


def test_percentages_of_an_unknown_wallet_are_refused(market: Market, resolver: Resolver) -> None:
    market.store.balances.clear()
    for text in ("10%e", "10%b"):
        with pytest.raises(CommandError, match="USDT balance is not known yet"):
            size_of(resolver, text)
    with pytest.raises(CommandError, match="balance is not known"):
        size_of(resolver, "r:1%", stop="95")
    assert size_of(resolver, "r:50$", stop="95") == 10, "an amount needs no wallet"


def test_triggers(resolver: Resolver) -> None:
    def trigger(what: Trigger, stop: str | None = None, side: Side = Side.BUY) -> D:
        return resolver.trigger(BTC, what, entry=D(100), stop=D(stop) if stop else None, side=side)

    assert trigger(Trigger(Price(number=D("95.5")))) == D("95.5")
    assert trigger(Trigger(Price(offset=Offset(D(-1), OffsetUnit.PERCENT)))) == 99
    assert trigger(Trigger(Price(offset=Offset(D(7), OffsetUnit.TICKS)))) == D("100.7")
    assert trigger(Trigger(multiple=D(2)), stop="95") == 110
    assert trigger(Trigger(multiple=D("1.5")), stop="104", side=Side.SELL) == 94
    with pytest.raises(CommandError, match="2R needs a stop"):
        trigger(Trigger(multiple=D(2)))


def test_a_crossing_order_is_capped_beyond_the_far_touch(market: Market, resolver: Resolver) -> None:
    assert resolver.cap_price(BTC, Side.BUY) == D("100.7"), "0.5 % past 100.2, rounded down"
    assert resolver.cap_price(BTC, Side.SELL) == D("99.5")
    with pytest.raises(CommandError, match="no ask price now"):
        resolver.cap_price(ETH, Side.BUY)


def test_two_open_legs_must_be_told_apart(market: Market, resolver: Resolver) -> None:
    market.hold("1", mode=PositionMode.HEDGED, position_side=PositionSide.LONG)
    market.hold("-1", mode=PositionMode.HEDGED, position_side=PositionSide.SHORT)
    with pytest.raises(CommandError, match="a long and a short leg"):
        resolver.position(BTC)


@pytest.mark.parametrize(
    ("side", "closes", "leg"),
    [
        (Side.BUY, False, PositionSide.LONG),
        (Side.SELL, True, PositionSide.LONG),
        (Side.SELL, False, PositionSide.SHORT),
        (Side.BUY, True, PositionSide.SHORT),
    ],
)
def test_a_close_keeps_the_leg_it_closes(side: Side, closes: bool, leg: PositionSide) -> None:
    assert leg_for(side, closes=closes, hedged=True) is leg
    assert leg_for(side, closes=closes, hedged=False) is PositionSide.MERGED


def test_a_ticker_without_an_index_has_none(market: Market, resolver: Resolver) -> None:
    market.tell(TickerChanged(ETH, 0, mark=D(50)))
    assert resolver.reference(ETH, PriceRef.MARK) == 50
    with pytest.raises(CommandError, match="no index price"):
        resolver.reference(ETH, PriceRef.INDEX)


# -- sizes against counting lots ------------------------------------------------------------------------------------------

COIN = InstrumentId("phemex", "BTCUSD")
WORTH = {
    # What so many lots are worth or lose, in the unit that the size was said in: exact fractions, done another way.
    SizeUnit.QUOTE: lambda qty, price, stop, inverse: qty if inverse else qty * price,
    SizeUnit.EQUITY: lambda qty, price, stop, inverse: qty / price if inverse else qty * price,
    SizeUnit.RISK_QUOTE: lambda qty, price, stop, inverse: (
        qty * abs(1 / price - 1 / stop) * stop if inverse else qty * abs(price - stop)
    ),
    SizeUnit.RISK_PERCENT: lambda qty, price, stop, inverse: (
        qty * abs(1 / price - 1 / stop) if inverse else qty * abs(price - stop)
    ),
}


@given(
    st.booleans(),
    st.sampled_from(Side),
    st.sampled_from(sorted(WORTH)),
    st.integers(200, 5_000),
    st.integers(1, 150),
    st.integers(1, 60),
)
def test_a_size_is_the_most_lots_that_the_rule_allows(
    inverse: bool, side: Side, unit: SizeUnit, price: int, away: int, amount: int
) -> None:
    market = Market()
    listed = [linear(BTC), linear(COIN, kind=ContractKind.INVERSE, quote="USD", settle="BTC", lot=D(1))]
    market.tell(InstrumentsListed("phemex", listed))
    market.tell(BalanceChanged(Balance("phemex", "BTC", D(7), D(0))))
    iid, lot, equity = (COIN, F(1), F(7)) if inverse else (BTC, F(1, 1000), F(10_000))
    stop = price - side.sign * away
    total = {SizeUnit.EQUITY: equity * amount / 100, SizeUnit.RISK_PERCENT: equity * amount / 100}.get(unit, F(amount * 10))
    value = D(amount * 10) if unit in (SizeUnit.QUOTE, SizeUnit.RISK_QUOTE) else D(amount)

    def worth(lots: int) -> F:
        return F(WORTH[unit](lots * lot, F(price), F(stop), inverse))

    try:
        qty = Resolver(market.store, Presets()).size(iid, Size(value, unit), price=D(price), side=side, stop=D(stop))
    except CommandError:
        assert worth(1) > total
        return
    lots = F(qty) / lot
    assert lots.denominator == 1
    assert worth(int(lots)) <= total <= worth(int(lots) + 1), "an exact multiple may come out a lot smaller, never larger"
