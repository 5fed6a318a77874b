"""Each event changes what it is about and nothing else; doubt and age are told, never smoothed over."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from typing import Any

import pytest

from tests.state.conftest import BTC, BTC_USDC, ETH, balance, fill, leg, linear, link, mark, report
from tui_trader.core.candle import Candle
from tui_trader.core.clock import NS, ManualClock
from tui_trader.core.event import (
    BalanceChanged,
    BookDelta,
    BookSnapshot,
    CandlesChanged,
    FeeRatesTold,
    FundingPaid,
    FundsTransferred,
    InstrumentsListed,
    LinkChanged,
    Notice,
    OrderChanged,
    OrderFilled,
    OrdersSnapshot,
    PongReceived,
    PositionChanged,
    PositionsSnapshot,
    Subscribed,
    TickerChanged,
    TradesPrinted,
    Unreadable,
)
from tui_trader.core.funds import FeeRate, Transfer, TransferState
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.tape import Trade
from tui_trader.core.types import (
    ClientOrderId,
    ContractKind,
    InstrumentId,
    LinkState,
    OrderStatus,
    OrderType,
    PositionSide,
    Severity,
    Side,
    VenueOrderId,
)
from tui_trader.state import topic as t
from tui_trader.state.store import Store

SNAPSHOT = BookSnapshot(BTC, [["100", "1"]], [["101", "2"]], 5, 30, 7)


def tell(store: Store, clock: ManualClock, *events: object) -> set[t.Topic]:
    """Apply one batch as the desk does, and return what it made dirty."""
    store.mono_ns = clock.mono_ns()
    for event in events:
        store.apply(event)  # type: ignore[arg-type]
    return store.take_dirty()


# -- books ---------------------------------------------------------------------------------------------------------------


def test_a_book_is_live_from_its_snapshot_on(store: Store, clock: ManualClock) -> None:
    assert store.book(BTC) is None
    assert tell(store, clock, BookDelta(BTC, [["100", "1"]], [], 4, 30, 7)) == set(), "nothing to apply it to"
    assert tell(store, clock, SNAPSHOT) == {("book", BTC)}
    assert tell(store, clock, BookDelta(BTC, [["100", "3"]], [], 6, 30, 8)) == {("book", BTC)}
    book = store.book(BTC)
    assert book is not None
    assert (book.bids(), book.asks(), book.sequence) == ([(100, 3)], [(101, 2)], 6)
    assert store.book_is_fresh(BTC)


def test_a_book_grows_stale_by_age_alone(store: Store, clock: ManualClock) -> None:
    tell(store, clock, SNAPSHOT)
    clock.advance(1)
    assert store.book_is_fresh(BTC)
    clock.advance(0.001)
    assert not store.book_is_fresh(BTC)
    assert store.age_ns("book", BTC) == 1_001_000_000
    tell(store, clock, BookDelta(BTC, [], [], 6, 30, 8))
    assert store.book_is_fresh(BTC)


def test_a_book_that_contradicts_itself_is_doubted_and_wanted_anew(store: Store, clock: ManualClock) -> None:
    tell(store, clock, SNAPSHOT, BookDelta(BTC, [["102", "1"]], [], 6, 30, 8))
    assert store.doubtful == {BTC}
    assert not store.book_is_fresh(BTC)
    tell(store, clock, SNAPSHOT._replace(sequence=7))
    assert store.book_is_fresh(BTC)


def test_a_snapshot_that_differs_from_the_book_of_the_same_moment_is_said(store: Store, clock: ManualClock) -> None:
    dirty = tell(store, clock, SNAPSHOT, SNAPSHOT._replace(bids=[["99", "1"]]))
    assert t.NOTICES in dirty
    assert [n.severity for n in store.notices] == [Severity.WARNING]


def test_a_snapshot_of_an_unlisted_symbol_makes_no_book(store: Store, clock: ManualClock) -> None:
    unlisted = InstrumentId("phemex", "DOGEUSDT")
    assert tell(store, clock, SNAPSHOT._replace(instrument=unlisted)) == set()
    assert store.book(unlisted) is None


def test_a_public_link_that_goes_down_takes_the_books_with_it(store: Store, clock: ManualClock) -> None:
    tell(store, clock, link("public", LinkState.LIVE), SNAPSHOT, mark("100"))
    assert store.mark_is_fresh(BTC)
    dirty = tell(store, clock, link("public", LinkState.DOWN, "lost"))
    assert {("book", BTC), t.LINKS, t.POSITIONS, t.PNL} <= dirty
    book = store.book(BTC)
    assert book is not None
    assert (book.is_live, book.reason) == (False, "feed down")
    assert not store.mark_is_fresh(BTC), "a mark of a link that is down is old however young it is"
    tell(store, clock, link("public", LinkState.LIVE), SNAPSHOT._replace(sequence=9))
    assert store.book_is_fresh(BTC)


def test_a_private_link_that_goes_down_leaves_the_books_alone(store: Store, clock: ManualClock) -> None:
    tell(store, clock, SNAPSHOT, link("private", LinkState.DOWN))
    assert store.book_is_fresh(BTC)


def test_a_changed_contract_gets_a_new_book(store: Store, clock: ManualClock) -> None:
    tell(store, clock, SNAPSHOT)
    assert tell(store, clock, InstrumentsListed("phemex", [linear(BTC)])) == {t.INSTRUMENTS}
    assert store.book_is_fresh(BTC), "the same terms keep the book"
    changed = linear(BTC, "USD")
    tell(store, clock, InstrumentsListed("phemex", [changed]))
    book = store.book(BTC)
    assert book is not None
    assert (book.is_live, book.instrument) == (False, changed)


# -- prices --------------------------------------------------------------------------------------------------------------


def trade(n: int) -> Trade:
    return Trade(n, Side.BUY, D(100 + n), D(1))


def test_trades_extend_the_tape_and_a_snapshot_replaces_it(store: Store, clock: ManualClock) -> None:
    assert tell(store, clock, TradesPrinted(BTC, [trade(1), trade(2)], True)) == {("tape", BTC)}
    tell(store, clock, TradesPrinted(BTC, [trade(3)], False))
    assert store.tapes[BTC].last == trade(3)
    assert len(store.tapes[BTC]) == 3
    tell(store, clock, TradesPrinted(BTC, [trade(9)], True))
    assert len(store.tapes[BTC]) == 1


def test_a_mark_moves_profit_only_where_there_is_a_position_and_never_the_position(store: Store, clock: ManualClock) -> None:
    assert tell(store, clock, mark("100")) == {("ticker", BTC), t.TICKERS}
    tell(store, clock, PositionChanged(leg()))
    assert tell(store, clock, mark("101")) == {("ticker", BTC), t.TICKERS, t.MARKS}
    assert t.MARKS not in tell(store, clock, mark("101", ETH))


def test_a_message_without_a_mark_does_not_make_the_mark_young(store: Store, clock: ManualClock) -> None:
    tell(store, clock, mark("100"))
    clock.advance(3)
    assert store.mark_is_fresh(BTC)
    clock.advance(1)
    tell(store, clock, TickerChanged(BTC, 0, last=D(100)))
    assert store.ticker(BTC).mark == 100
    assert not store.mark_is_fresh(BTC)


def test_candles_are_appended_replaced_and_never_reordered(store: Store, clock: ManualClock) -> None:
    def bar(start: int, close: int) -> Candle:
        return Candle(start, 60, D(1), D(9), D(1), D(close), D(1), D(1))

    assert tell(store, clock, CandlesChanged(BTC, [bar(0, 1), bar(60, 2)], True)) == {("candles", BTC)}
    tell(store, clock, CandlesChanged(BTC, [bar(60, 3), bar(0, 9), bar(120, 4)], False))
    assert [(c.start_s, c.close) for c in store.candles[(BTC, 60)]] == [(0, 1), (60, 3), (120, 4)]


# -- own orders ----------------------------------------------------------------------------------------------------------


def test_an_order_report_touches_the_orders_and_the_book_it_stands_in(store: Store, clock: ManualClock) -> None:
    assert tell(store, clock, OrderChanged(report())) == {t.ORDERS, ("book", BTC)}
    eth = report(instrument=ETH, client_id=ClientOrderId("tt-2"), venue_id=VenueOrderId("v-2"))
    assert tell(store, clock, OrdersSnapshot("phemex", [eth])) == {t.ORDERS, ("book", ETH)}
    assert tell(store, clock, OrdersSnapshot("phemex", [])) == {t.ORDERS}
    assert len(store.blotter.working()) == 2, "a list of open orders closes nothing by what it leaves out"


def test_a_fill_is_news_once(store: Store, clock: ManualClock) -> None:
    assert tell(store, clock, OrderFilled(fill())) == {t.FILLS, t.ORDERS, t.PNL, t.NOTICES, ("book", BTC)}
    assert tell(store, clock, OrderFilled(fill())) == set()
    assert [n.text for n in store.notices] == ["filled buy 1 BTCUSDT @ 100 taker"]


def test_what_the_venue_closes_by_force_is_an_alarm_and_no_fill_of_ours(store: Store, clock: ManualClock) -> None:
    tell(store, clock, OrderFilled(fill(kind="liquidation")))
    assert [(n.text, n.severity) for n in store.notices] == [("LIQUIDATION by the venue: buy 1 BTCUSDT @ 100", Severity.ALARM)]


def test_a_fill_out_of_a_snapshot_is_history_and_no_news(store: Store, clock: ManualClock) -> None:
    tell(store, clock, OrderFilled(fill(), replayed=True))
    assert not store.notices


def test_more_executed_than_asked_for_is_an_alarm_said_once(store: Store, clock: ManualClock) -> None:
    tell(store, clock, OrderChanged(report(qty=D(1))), OrderFilled(fill("e-1", "2")), OrderChanged(report(qty=D(1), filled=D(2))))
    alarms = [n for n in store.notices if n.severity is Severity.ALARM]
    assert [n.ref for n in alarms] == ["tt-1"]
    assert "2 executed of 1" in alarms[0].text


@pytest.mark.parametrize("evidence", [OrderChanged(report(OrderStatus.LIVE)), OrderFilled(fill())])
def test_an_order_that_was_thought_over_and_lives_is_an_alarm(store: Store, clock: ManualClock, evidence: object) -> None:
    ticket = OrderTicket(ClientOrderId("tt-1"), BTC, Side.BUY, OrderType.LIMIT, D(3), price=D(100))
    order = Order.from_ticket(ticket, 1)
    store.blotter.put(order)
    store.blotter.put(order.to_status(OrderStatus.ABSENT))
    tell(store, clock, evidence)
    assert [o.client_id for o in store.blotter.working()] == ["tt-1"], "adopted again"
    assert [n.ref for n in store.notices if n.severity is Severity.ALARM] == ["tt-1"]


def test_a_rejection_that_comes_after_we_gave_up_is_no_alarm(store: Store, clock: ManualClock) -> None:
    ticket = OrderTicket(ClientOrderId("tt-1"), BTC, Side.BUY, OrderType.LIMIT, D(3), price=D(100))
    order = Order.from_ticket(ticket, 1)
    store.blotter.put(order)
    store.blotter.put(order.to_status(OrderStatus.ABSENT))
    tell(store, clock, OrderChanged(report(OrderStatus.REJECTED, reason="expired")))
    assert [(o.status, o.reason) for o in store.blotter.orders()] == [(OrderStatus.REJECTED, "expired")]
    assert not store.notices


# -- positions and money -------------------------------------------------------------------------------------------------


def test_an_older_row_is_ignored(store: Store, clock: ManualClock) -> None:
    tell(store, clock, PositionChanged(leg(qty="2", sequence=5, at_ns=50)))
    assert tell(store, clock, PositionChanged(leg(qty="1", sequence=4, at_ns=90))) == set()
    assert tell(store, clock, PositionChanged(leg(qty="1", sequence=5, at_ns=49))) == set()
    assert [p.qty for p in store.open_positions()] == [2]
    tell(store, clock, PositionChanged(leg(None, "0", "0", sequence=6)))
    assert store.open_positions() == []


def test_a_snapshot_flattens_the_legs_it_leaves_out_of_its_own_currency_only(store: Store, clock: ManualClock) -> None:
    usdc = leg(instrument=BTC_USDC, liquidation=D(50))
    tell(store, clock, PositionChanged(leg(liquidation=D(50), margin=D(5))), PositionChanged(leg(instrument=ETH)))
    tell(store, clock, PositionChanged(usdc))
    dirty = tell(store, clock, PositionsSnapshot("phemex", "USDT", [leg(instrument=ETH, qty="3")]))
    assert {t.POSITIONS, t.PNL} <= dirty
    assert [(p.instrument, p.qty) for p in store.open_positions()] == [(BTC_USDC, D("0.5")), (ETH, 3)]
    gone = store.position(BTC)
    assert gone is not None
    assert (gone.side, gone.qty, gone.entry, gone.margin, gone.liquidation) == (None, 0, 0, 0, None)


def test_a_snapshot_older_than_the_stream_does_not_undo_it(store: Store, clock: ManualClock) -> None:
    tell(store, clock, PositionChanged(leg(qty="2", sequence=9)))
    tell(store, clock, PositionsSnapshot("phemex", "USDT", [leg(None, "0", "0", sequence=8)]))
    assert [p.qty for p in store.open_positions()] == [2]


@pytest.mark.parametrize(
    "news",
    [
        PositionChanged(leg(qty="1", sequence=2, at_ns=20)),
        PositionsSnapshot("phemex", "USDT", [leg(qty="1", sequence=2, at_ns=20)]),
    ],
    ids=["row", "snapshot"],
)
def test_what_a_new_connection_tells_wins_over_higher_sequences_of_the_old(
    store: Store, clock: ManualClock, news: PositionChanged | PositionsSnapshot
) -> None:
    tell(store, clock, link("private", LinkState.LIVE), PositionChanged(leg(qty="2", sequence=900, at_ns=90)))
    tell(store, clock, news, link("private", LinkState.DOWN), link("public", LinkState.SYNCING), news)
    assert [p.qty for p in store.open_positions()] == [2], "only a new private connection forgets"
    tell(store, clock, link("private", LinkState.SYNCING))
    assert [p.qty for p in store.open_positions()] == [2], "what is known is shown until it is told anew"
    assert {t.POSITIONS, t.PNL} <= tell(store, clock, news)
    assert [(p.qty, p.sequence) for p in store.open_positions()] == [(1, 2)]
    tell(store, clock, PositionChanged(leg(qty="5", sequence=1, at_ns=99)))
    assert [p.qty for p in store.open_positions()] == [1], "of one connection the order counts again"


def test_a_new_connection_of_another_venue_forgets_nothing(store: Store, clock: ManualClock) -> None:
    tell(store, clock, PositionChanged(leg(qty="2", sequence=9)), BalanceChanged(balance("5", at_ns=9)))
    tell(store, clock, LinkChanged("elsewhere", "private", LinkState.SYNCING))
    tell(store, clock, PositionChanged(leg(qty="1", sequence=2)), BalanceChanged(balance("4", at_ns=2)))
    assert [p.qty for p in store.open_positions()] == [2]
    tell(store, clock, link("private", LinkState.SYNCING), BalanceChanged(balance("4", at_ns=2)))
    pnl = store.pnl()
    assert pnl is not None
    assert pnl.wallet == 4


def test_hedged_legs_are_kept_apart(store: Store, clock: ManualClock) -> None:
    long, short = leg(position_side=PositionSide.LONG), leg(Side.SELL, position_side=PositionSide.SHORT)
    tell(store, clock, PositionChanged(short), PositionChanged(long))
    assert store.open_positions() == [long, short]
    assert store.position(BTC, PositionSide.SHORT) == short
    assert store.position(BTC) is None


def test_profit_rolls_up_exactly(store: Store, clock: ManualClock) -> None:
    tell(store, clock, BalanceChanged(balance("1000.1", "20.05")), BalanceChanged(balance("5", currency="USDC")))
    tell(store, clock, mark("100.3"), mark("50", ETH), mark("100.3", BTC_USDC))
    tell(store, clock, PositionChanged(leg(qty="0.1")), PositionChanged(leg(Side.SELL, "2", "51.1", instrument=ETH)))
    tell(store, clock, PositionChanged(leg(qty="1", instrument=BTC_USDC)))
    now = clock.wall_ns()
    tell(store, clock, OrderFilled(fill("e-1", fee=D("0.03"), at_ns=now)))
    tell(store, clock, OrderFilled(fill("e-2", fee=D("-0.01"), at_ns=now + 1)))
    tell(store, clock, OrderFilled(fill("e-3", fee=D(9), fee_currency="USDC", at_ns=now)))
    pnl = store.pnl("USDT")
    assert pnl is not None
    assert pnl.unrealised == D("0.03") + D("2.2")
    assert (pnl.wallet, pnl.used, pnl.fees, pnl.complete) == (D("1000.1"), D("20.05"), D("0.02"), True)
    assert pnl.equity == D("1002.33")
    assert store.currencies() == ["USDC", "USDT"]


def test_costs_are_counted_from_the_opening_on(store: Store, clock: ManualClock) -> None:
    opened = clock.wall_ns()
    tell(store, clock, BalanceChanged(balance("1000")), OrderChanged(report()))
    tell(store, clock, OrderFilled(fill("e-1", fee=D("0.5"), at_ns=opened - 1)))
    tell(store, clock, FundingPaid(BTC, D("0.7"), "USDT", D("0.0001"), opened - 1, "f-1"))
    first = store.pnl()
    assert first is not None
    assert (first.since_ns, first.fees, first.funding) == (opened, 0, 0), "what was paid before is in the opening wallet"
    clock.advance(5)
    tell(store, clock, OrderFilled(fill("e-2", fee=D("0.03"), at_ns=opened)), OrderFilled(fill("e-3", at_ns=clock.wall_ns())))
    tell(store, clock, OrderFilled(fill("e-0", fee=D("0.4"), at_ns=1), replayed=True))
    tell(store, clock, FundingPaid(BTC, D("0.2"), "USDT", D("0.0001"), opened, "f-2"))
    tell(store, clock, FundingPaid(BTC, D("0.1"), "USDT", D("0.0001"), 1, "f-0"))
    later = store.pnl()
    assert later is not None
    assert (later.since_ns, later.fees, later.funding) == (opened, D("0.09"), D("0.2"))


def test_costs_start_anew_with_the_day(store: Store, clock: ManualClock) -> None:
    tell(store, clock, BalanceChanged(balance("1000")), OrderChanged(report()))
    assert store.pnl() is not None
    tell(store, clock, OrderFilled(fill(at_ns=clock.wall_ns())))
    today = store.pnl()
    assert today is not None
    assert today.fees == D("0.06")
    clock.advance(86_400)
    tomorrow = store.pnl()
    assert tomorrow is not None
    assert (tomorrow.since_ns, tomorrow.fees, tomorrow.realised) == (clock.wall_ns(), 0, 0)


def test_the_fee_of_a_fill_that_comes_before_its_order_is_counted(store: Store, clock: ManualClock) -> None:
    tell(store, clock, BalanceChanged(balance("1000")))
    assert store.pnl() is not None
    tell(store, clock, OrderFilled(fill(at_ns=clock.wall_ns())))
    pnl = store.pnl()
    assert pnl is not None
    assert pnl.fees == D("0.06")


def test_profit_without_a_mark_or_with_an_old_one_says_so(store: Store, clock: ManualClock) -> None:
    tell(store, clock, BalanceChanged(balance("1000")), PositionChanged(leg()))
    pnl = store.pnl()
    assert pnl is not None
    assert (pnl.complete, pnl.unrealised) == (False, 0)
    tell(store, clock, mark("110"))
    pnl = store.pnl()
    assert pnl is not None
    assert (pnl.complete, pnl.unrealised) == (True, 5)
    clock.advance(4)
    pnl = store.pnl()
    assert pnl is not None
    assert not pnl.complete


def test_totals_are_shown_in_the_home_currency(store: Store, clock: ManualClock) -> None:
    assert store.pnl() is None
    tell(store, clock, BalanceChanged(balance("7", currency="USDC")), BalanceChanged(balance("1000")))
    first = store.pnl()
    assert first is not None
    assert first.currency == "USDC"
    store.home = "USDT"
    home = store.pnl()
    assert home is not None
    assert (home.currency, home.wallet) == ("USDT", 1000)
    store.home = "BTC"
    fallback = store.pnl()
    assert fallback is not None
    assert fallback.currency == "USDC", "a home that has no balance is no home"
    assert store.pnl("BTC") is None


def test_an_older_wallet_is_ignored(store: Store, clock: ManualClock) -> None:
    assert tell(store, clock, BalanceChanged(balance("5", at_ns=9))) == {t.BALANCES, t.PNL}
    assert tell(store, clock, BalanceChanged(balance("4", at_ns=8))) == set()
    pnl = store.pnl()
    assert pnl is not None
    assert pnl.wallet == 5


def test_funding_is_counted_once_by_its_execution_id(store: Store, clock: ManualClock) -> None:
    paid = FundingPaid(BTC, D("0.5"), "USDT", D("0.0001"), 1, "f-1")
    assert tell(store, clock, paid) == {t.PNL}
    assert tell(store, clock, paid) == set()
    tell(store, clock, FundingPaid(BTC, D("-0.2"), "USDT", D("-0.0001"), 2, "f-2"))
    assert store.funding_paid == {"USDT": D("0.3")}


def test_the_equity_line_is_drawn_only_from_complete_figures(store: Store, clock: ManualClock) -> None:
    store.sample_equity()
    tell(store, clock, BalanceChanged(balance("1000")), PositionChanged(leg()))
    store.sample_equity()
    assert store.curve.points() == []
    tell(store, clock, mark("110"))
    store.sample_equity()
    assert [equity for _, equity in store.curve.points()] == [1005]
    assert store.take_dirty() == {t.PNL}


# -- the rest ------------------------------------------------------------------------------------------------------------


def test_private_freshness_takes_a_live_link_and_something_heard(store: Store, clock: ManualClock) -> None:
    assert not store.private_is_fresh("phemex")
    tell(store, clock, link("private", LinkState.SYNCING))
    assert not store.private_is_fresh("phemex")
    tell(store, clock, link("private", LinkState.LIVE))
    clock.advance(15)
    assert store.private_is_fresh("phemex")
    clock.advance(0.1)
    assert not store.private_is_fresh("phemex")
    tell(store, clock, PongReceived("phemex", "private", 0))
    assert store.private_is_fresh("phemex")


def test_refused_subscriptions_are_said_and_granted_ones_are_not(store: Store, clock: ManualClock) -> None:
    assert tell(store, clock, Subscribed("phemex", "public", 1, True)) == set()
    assert tell(store, clock, Subscribed("phemex", "public", 2, False, "limit 20")) == {t.NOTICES}
    assert "limit 20" in store.notices[-1].text


def test_unreadable_messages_are_counted(store: Store, clock: ManualClock) -> None:
    assert tell(store, clock, Unreadable("phemex", "junk", "00ff")) == {t.LINKS}
    assert store.unreadable == 1


def test_a_notice_gets_the_time_when_it_has_none(store: Store, clock: ManualClock) -> None:
    tell(store, clock, Notice("one"), Notice("two", at_ns=5))
    assert [(n.text, n.at_ns) for n in store.notices] == [("one", clock.wall_ns()), ("two", 5)]


def test_dirty_topics_are_handed_over_once(store: Store) -> None:
    store.touch(t.ORDERS, t.book_topic(BTC))
    assert store.has_dirty
    assert store.take_dirty() == {t.ORDERS, ("book", BTC)}
    assert not store.has_dirty
    assert store.take_dirty() == set()


def test_symbols_are_found_in_any_letter_case_and_an_exact_one_wins(store: Store) -> None:
    assert store.find("btcusdt") == [BTC]
    assert store.find("BTCUSD") == [BTC_USDC, BTC]
    assert store.find("xrp") == []


def test_every_age_is_unknown_before_the_first_word(store: Store) -> None:
    assert store.age_ns("tape", BTC) is None
    assert store.ticker(BTC).mark is None
    assert not store.mark_is_fresh(BTC)
    assert store.unrealised(leg()) is None


def test_ages_count_from_the_batch_that_brought_the_news(store: Store, clock: ManualClock) -> None:
    store.mono_ns = clock.mono_ns() - 2 * NS
    store.apply(SNAPSHOT)
    assert store.age_ns("book", BTC) == 2 * NS
    assert not store.book_is_fresh(BTC)


# -- what was asked, and what stands ----------------------------------------------------------------------------------------

REDUCING = OrderTicket(ClientOrderId("tt-1"), BTC, Side.SELL, OrderType.LIMIT, D(3), price=D(100), reduce_only=True)


@pytest.mark.parametrize(
    ("asked", "told", "alarms"),
    [
        ({}, {"reduce_only": False, "close_on_trigger": False}, 1),
        ({}, {"reduce_only": False}, 1),
        ({}, {"reduce_only": False, "is_ack": True, "status": OrderStatus.ACKED}, 1),
        ({}, {"reduce_only": True, "close_on_trigger": False}, 0),
        ({}, {"reduce_only": False, "close_on_trigger": True}, 0),
        ({}, {}, 0),
        ({}, {"reduce_only": False, "status": OrderStatus.REJECTED}, 0),
        ({"reduce_only": False, "close_on_trigger": True}, {"reduce_only": False, "close_on_trigger": False}, 1),
        ({"reduce_only": False, "close_on_trigger": True}, {"reduce_only": False}, 0),
        ({"reduce_only": False}, {"reduce_only": False, "close_on_trigger": False}, 0),
        ({"position_side": PositionSide.LONG}, {"reduce_only": False, "close_on_trigger": False}, 0),
    ],
)
def test_an_order_that_lost_its_reduce_only_is_an_alarm(
    store: Store, clock: ManualClock, asked: dict[str, Any], told: dict[str, Any], alarms: int
) -> None:
    store.blotter.put(Order.from_ticket(replace(REDUCING, **asked), 1).to_status(OrderStatus.SENT))
    row = replace(report(side=Side.SELL, at_ns=5), **told)
    tell(store, clock, OrderChanged(row), OrderChanged(row))
    said = [notice for notice in store.notices if notice.severity is Severity.ALARM]
    assert len(said) == alarms
    assert all("without that: it can open a position" in notice.text for notice in said)


def test_an_order_stays_what_a_row_says_nothing_of(store: Store, clock: ManualClock) -> None:
    store.blotter.put(Order.from_ticket(REDUCING, 1).to_status(OrderStatus.SENT))
    tell(store, clock, OrderChanged(report(side=Side.SELL, at_ns=5)))
    order = store.blotter.get("tt-1")
    assert order is not None
    assert (order.status, order.reduce_only) == (OrderStatus.LIVE, True)


# -- money ------------------------------------------------------------------------------------------------------------------


def test_what_the_account_pays_outlives_the_product_list(store: Store, clock: ManualClock) -> None:
    tell(store, clock, InstrumentsListed("phemex", [linear(BTC), linear(ETH)]), SNAPSHOT)
    book = store.books[BTC]
    dirty = tell(store, clock, FeeRatesTold("phemex", [FeeRate(BTC, D("-0.0001"), D("0.0004"))]))
    assert t.INSTRUMENTS in dirty
    for _ in range(2):
        assert (store.instruments[BTC].maker_fee, store.instruments[BTC].taker_fee) == (D("-0.0001"), D("0.0004"))
        assert store.instruments[ETH].taker_fee == D("0.0006")
        assert store.books[BTC] is book, "what it costs is nothing to a book"
        tell(store, clock, InstrumentsListed("phemex", [linear(BTC), linear(ETH)]))


def test_a_transfer_that_ended_stays_ended(store: Store, clock: ManualClock) -> None:
    done = Transfer("k", "USDT", D(5), True, TransferState.DONE)
    for state, shown in (("asked", "asked"), ("unknown", "unknown"), ("done", "done"), ("under_way", "done")):
        tell(store, clock, FundsTransferred("phemex", replace(done, state=TransferState(state))))
        assert store.transfers["k"].state == shown


def test_a_position_row_without_a_time_is_of_the_moment_of_its_answer(store: Store, clock: ManualClock) -> None:
    tell(store, clock, InstrumentsListed("phemex", [linear(BTC)]), PositionChanged(replace(leg(qty="2"), sequence=7, at_ns=9)))
    tell(store, clock, PositionsSnapshot("phemex", "USDT", [replace(leg(qty="3"), sequence=0, at_ns=0)]))
    position = store.position(BTC)
    assert position is not None
    assert (position.qty, position.sequence) == (3, 7)
    tell(store, clock, PositionsSnapshot("phemex", "USDT", [replace(leg(qty="4"), sequence=6, at_ns=8)]))
    assert store.position(BTC) == position, "one with an older time is older"


def test_a_coin_is_worth_what_its_inverse_contract_says(store: Store, clock: ManualClock) -> None:
    inverse = Instrument(
        InstrumentId("phemex", "BTCUSD"), ContractKind.INVERSE, "BTC", "USD", "BTC", D("0.5"), D(1), price_scale=4
    )
    tell(store, clock, InstrumentsListed("phemex", [linear(BTC), inverse]))
    assert (store.dollars("USDT"), store.dollars("BTC"), store.dollars("XRP")) == (1, None, None)
    tell(store, clock, TickerChanged(inverse.id, 1, mark=D(50_000)))
    assert store.dollars("BTC") == 50_000
