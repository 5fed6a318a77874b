"""The staged order: glued to the touch until it is nudged, resolved afresh at every look, an identity only when confirmed."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from tests.desk.conftest import BTC, ETH, Market, ticket
from tui_trader.core.command import PlaceOrder, PriceRef, Size, SizeUnit
from tui_trader.core.error import CommandError
from tui_trader.core.event import LinkChanged
from tui_trader.core.facts import TradingState
from tui_trader.core.grammar import parse_one
from tui_trader.core.ids import IdFactory
from tui_trader.core.objection import Rule
from tui_trader.core.order import Order, OrderTicket
from tui_trader.core.risk import Limits
from tui_trader.core.types import LinkState, OrderStatus, OrderType, PositionMode, PositionSide, Side, TimeInForce, TriggerSource
from tui_trader.desk.draft import DRAFT_ID, StageView
from tui_trader.desk.facts import FactSource
from tui_trader.desk.resolve import Presets, Resolver
from tui_trader.desk.stage import Stage

WIDE = Limits(order_notional=D(100_000), position_notional=D(1_000_000), gross_notional=D(1_000_000))


class Desk:
    """A stage over a market without a network."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.state = TradingState.ACTIVE
        self.recent: list[tuple[int, OrderTicket]] = []
        self.facts = FactSource(store=market.store, clock=market.clock, limits=WIDE, state=lambda: self.state, recent=self.recent)
        self.stage = Stage(Resolver(market.store, Presets()), self.facts, IdFactory())

    def view(self) -> StageView:
        view = self.stage.view()
        assert view is not None
        return view

    def ticket(self) -> OrderTicket:
        ticket = self.view().ticket
        assert ticket is not None, self.view().problem
        return ticket

    def place(self, line: str) -> OrderTicket:
        command = parse_one(line)
        assert isinstance(command, PlaceOrder)
        self.stage.place(BTC, command)
        return self.ticket()


@pytest.fixture
def desk(market: Market) -> Desk:
    return Desk(market)


def test_nothing_is_staged_at_first(desk: Desk) -> None:
    assert desk.stage.view() is None
    for act in (
        lambda: desk.stage.nudge_price(1),
        lambda: desk.stage.nudge_size(1),
        lambda: desk.stage.toggle_post_only(),
        lambda: desk.stage.close_part(50),
        lambda: desk.stage.confirm(),
    ):
        with pytest.raises(CommandError, match="nothing is staged"):
            act()


@pytest.mark.parametrize(
    ("side", "ref", "first", "then"), [(Side.BUY, "bid", "100", "99.5"), (Side.SELL, "ask", "100.2", "99.9")]
)
def test_a_joining_order_follows_its_touch(desk: Desk, side: Side, ref: str, first: str, then: str) -> None:
    draft = desk.stage.join(BTC, side)
    assert draft.follows == ref
    ticket = desk.ticket()
    assert (ticket.client_id, ticket.type, ticket.tif, ticket.side) == (DRAFT_ID, OrderType.LIMIT, TimeInForce.GTC, side)
    assert ticket.price == D(first)
    desk.market.quote("99.5", "99.9")
    assert desk.ticket().price == D(then)


def test_a_nudge_stops_the_following(desk: Desk) -> None:
    desk.stage.join(BTC, Side.BUY)
    desk.stage.nudge_price(-3)
    assert desk.ticket().price == D("99.7")
    desk.market.quote("90", "90.2")
    assert desk.ticket().price == D("99.7")
    assert desk.stage.draft is not None
    assert desk.stage.draft.follows is None


def test_a_nudge_does_not_lead_below_the_first_tick(desk: Desk) -> None:
    desk.stage.join(BTC, Side.BUY)
    desk.stage.nudge_price(-5000)
    assert desk.ticket().price == 100


def test_a_crossing_order_is_a_capped_limit_that_does_not_rest(desk: Desk) -> None:
    desk.stage.cross(BTC, Side.BUY)
    ticket = desk.ticket()
    assert (ticket.type, ticket.tif, ticket.price) == (OrderType.LIMIT, TimeInForce.IOC, D("100.7"))
    desk.stage.nudge_price(1)
    assert (desk.ticket().tif, desk.ticket().price) == (TimeInForce.GTC, D("100.8")), "a price chosen by hand rests"


def test_presets_stay_chosen(desk: Desk) -> None:
    desk.stage.join(BTC, Side.BUY)
    assert desk.ticket().qty == 10, "the third, 1000 USDT"
    desk.stage.use_preset(1)
    assert desk.ticket().qty == D("2.5")
    desk.stage.cross(BTC, Side.SELL)
    assert desk.ticket().qty == D("2.512"), "250 USDT at the cap of 99.5, down to a lot"
    with pytest.raises(CommandError, match="no size preset 6"):
        desk.stage.use_preset(6)


def test_a_size_is_nudged_by_tenths_and_never_below_a_lot(desk: Desk) -> None:
    desk.stage.join(BTC, Side.BUY)
    desk.stage.nudge_size(1)
    assert desk.ticket().qty == 11
    desk.stage.nudge_size(-100)
    assert desk.ticket().qty == D("0.001")
    desk.stage.nudge_size(1)
    assert desk.ticket().qty == D("0.002")


def test_a_close_takes_parts_of_the_position(desk: Desk) -> None:
    position = desk.market.hold("-3.001")
    desk.stage.close(position, D(100))
    ticket = desk.ticket()
    assert (ticket.side, ticket.type, ticket.qty, ticket.price, ticket.reduce_only) == (
        Side.BUY,
        OrderType.MARKET,
        D("3.001"),
        None,
        True,
    )
    desk.stage.close_part(25)
    assert desk.ticket().qty == D("0.75"), "rounded down to a lot"
    desk.stage.use_preset(5)
    assert desk.ticket().qty == D("0.75"), "a preset does not make an exit larger"
    desk.stage.close_part(100)
    desk.stage.toggle_market()
    assert (desk.ticket().type, desk.ticket().price, desk.ticket().tif) == (OrderType.LIMIT, 100, TimeInForce.GTC)
    desk.stage.toggle_market()
    assert desk.ticket().type is OrderType.MARKET


def test_only_a_close_has_parts_and_only_a_position_is_closed(desk: Desk) -> None:
    desk.stage.join(BTC, Side.BUY)
    with pytest.raises(CommandError, match="not a close"):
        desk.stage.close_part(50)
    flat = desk.market.hold("0", side=None)
    with pytest.raises(CommandError, match="flat: nothing to close"):
        desk.stage.close(flat, D(100))


def test_a_close_at_market_needs_no_price_at_all(desk: Desk) -> None:
    position = desk.market.hold("2", iid=ETH)
    desk.stage.close(position, D(100))
    view = desk.view()
    assert view.problem == ""
    assert view.ticket is not None
    assert (view.ticket.qty, view.ticket.price) == (2, None)
    assert view.sendable, [o.text for o in view.objections]


def test_hedged_closes_keep_their_leg(desk: Desk) -> None:
    leg = desk.market.hold("-1", mode=PositionMode.HEDGED, position_side=PositionSide.SHORT)
    desk.stage.close(leg, D(100))
    assert (desk.ticket().side, desk.ticket().position_side) == (Side.BUY, PositionSide.SHORT)
    assert desk.place("sell 1 @ ask").position_side is PositionSide.SHORT
    assert desk.place("buy 1 @ bid").position_side is PositionSide.LONG
    assert desk.place("buy 1 @ bid ro").position_side is PositionSide.SHORT


def test_the_bracket_puts_stop_and_target_on_the_right_sides(desk: Desk) -> None:
    desk.stage.join(BTC, Side.BUY)
    desk.stage.toggle_bracket()
    assert (desk.ticket().stop_loss, desk.ticket().take_profit) == (99, 102)
    desk.stage.set_side(Side.SELL)
    assert desk.ticket().price == D("100.2")
    assert (desk.ticket().stop_loss, desk.ticket().take_profit) == (D("101.2"), D("98.2"))
    assert not [o for o in desk.view().objections if o.code is Rule.EXITS]
    desk.stage.toggle_bracket()
    assert (desk.ticket().stop_loss, desk.ticket().take_profit) == (None, None)


@pytest.mark.parametrize(
    ("side", "cap", "stop", "target"), [(Side.BUY, "100.7", "99.2", "102.2"), (Side.SELL, "99.5", "101", "98")]
)
def test_the_bracket_of_a_crossing_order_is_measured_from_the_touch(
    desk: Desk, side: Side, cap: str, stop: str, target: str
) -> None:
    desk.stage.cross(BTC, side)
    desk.stage.toggle_bracket()
    shown = desk.view().preview
    assert shown is not None
    assert desk.ticket().price == D(cap)
    assert (desk.ticket().stop_loss, desk.ticket().take_profit) == (D(stop), D(target)), "1 % of the touch, not of the cap"
    assert shown.price == (D("100.2") if side is Side.BUY else 100)
    assert shown.ratio == 2
    assert desk.view().sendable, [o.text for o in desk.view().objections]


def test_a_size_from_risk_of_a_crossing_order_loses_that_much_from_the_touch(desk: Desk) -> None:
    ticket = desk.place("buy r:50$ sl 95.2")
    assert (ticket.price, ticket.qty) == (D("100.7"), 10)


def test_turning_around_mirrors_the_distance_to_the_touch(desk: Desk) -> None:
    desk.place("buy 1 @ bid-2t")
    desk.stage.set_side(Side.SELL)
    assert desk.ticket().price == D("100.4"), "two ticks behind the ask, not through it"
    desk.stage.set_side(Side.SELL)
    assert desk.ticket().price == D("100.4")


def test_post_only_is_a_toggle_and_lifetimes_are_a_cycle(desk: Desk) -> None:
    desk.stage.join(BTC, Side.BUY)
    desk.stage.toggle_post_only()
    assert desk.ticket().tif is TimeInForce.POST_ONLY
    desk.stage.set_price(parse_one("buy 1 @ ask").price)  # type: ignore[union-attr]
    assert [o.code for o in desk.view().objections if o.hard] == [Rule.POST_ONLY]
    desk.stage.toggle_post_only()
    seen = []
    for _ in range(4):
        desk.stage.cycle_tif()
        seen.append(desk.ticket().tif)
    assert seen == [TimeInForce.IOC, TimeInForce.FOK, TimeInForce.POST_ONLY, TimeInForce.GTC]


def test_reduce_only_without_a_position_is_a_hard_objection(desk: Desk) -> None:
    desk.stage.join(BTC, Side.BUY)
    desk.stage.toggle_reduce_only()
    assert desk.ticket().reduce_only
    assert not desk.view().sendable
    desk.stage.toggle_reduce_only()
    assert desk.view().sendable


def test_what_is_typed_is_staged(desk: Desk) -> None:
    ticket = desk.place("buy r:1% @ bid sl 95:last tp 2R po")
    assert (ticket.qty, ticket.price, ticket.stop_loss, ticket.take_profit) == (20, 100, 95, 110)
    assert (ticket.tif, ticket.stop_loss_source) == (TimeInForce.POST_ONLY, TriggerSource.LAST)
    assert ticket.arrival_price == D("100.1")
    assert desk.place("sell 0.5").tif is TimeInForce.IOC
    desk.market.hold("2")
    reducing = desk.place("sell 50%p @ ask")
    assert (reducing.qty, reducing.reduce_only) == (1, True)


def test_several_targets_share_the_order_and_their_reward_adds_up(desk: Desk) -> None:
    ticket = desk.place("buy 3 @ bid sl 95 tp 105:50% tp 110:last lim -1t")
    view = desk.view()
    bracket = view.bracket
    assert bracket is not None
    assert view.preview is not None
    assert [(g.trigger, g.portion, g.source, g.limit) for g in bracket.goals] == [
        (105, 50, TriggerSource.MARK, None),
        (110, 50, TriggerSource.LAST, D("109.9")),
    ]
    assert (view.preview.risk, view.preview.reward, view.preview.ratio) == (15, D("1.5") * 5 + D("1.5") * 10, D("1.5"))
    sent = bracket.sent(ticket)
    assert (sent.stop_loss, sent.take_profit) == (95, None), "the venue makes one stop, and of several targets none"


def test_a_target_on_the_wrong_side_of_the_entry_is_refused_whichever_it_is(desk: Desk) -> None:
    command = parse_one("buy 1 @ bid sl 95 tp 105:50% tp 99")
    assert isinstance(command, PlaceOrder)
    desk.stage.place(BTC, command)
    assert "must lie above its entry" in desk.view().problem
    assert not desk.view().sendable


@pytest.mark.parametrize(
    ("line", "kind", "trigger", "price", "source"),
    [
        ("buy 1 stop 105", OrderType.STOP, "105", None, TriggerSource.MARK),
        ("buy 1 stop +1%:last @ 102", OrderType.STOP_LIMIT, "101.1", "102", TriggerSource.LAST),
        ("buy 1 touch 95", OrderType.MARKET_IF_TOUCHED, "95", None, TriggerSource.MARK),
        ("sell 1 touch index+2:index @ 102", OrderType.LIMIT_IF_TOUCHED, "102.3", "102", TriggerSource.INDEX),
    ],
)
def test_orders_that_wait(desk: Desk, line: str, kind: OrderType, trigger: str, price: str | None, source: TriggerSource) -> None:
    ticket = desk.place(line)
    assert (ticket.type, ticket.trigger_price, ticket.trigger_source) == (kind, D(trigger), source)
    assert ticket.price == (None if price is None else D(price))
    assert desk.view().sendable, desk.view().objections
    desk.stage.nudge_exit(2, target="touch" in line)
    assert desk.ticket().trigger_price == D(trigger) + D("0.2")
    desk.stage.toggle_market()
    assert desk.ticket().type.has_limit is (price is None)


def test_an_order_that_would_fire_at_once_is_refused(desk: Desk) -> None:
    desk.place("buy 1 stop 99")
    assert [o.code for o in desk.view().objections if o.hard] == [Rule.TRIGGER_SIDE]


def test_the_stop_of_an_entry_may_follow_and_is_risk_and_measure_like_any_other(desk: Desk) -> None:
    ticket = desk.place("buy 10 @ 100 trail 2% tp 2R")
    assert (ticket.type, ticket.trail, ticket.stop_loss, ticket.take_profit) == (OrderType.LIMIT, None, 98, 104)
    view = desk.view()
    assert view.bracket is not None
    assert (view.bracket.trail, view.bracket.attached) == (2, False)
    assert view.preview is not None
    assert view.preview.risk == 20
    assert view.bracket.sent(ticket).stop_loss is None, "the venue gets it as an order of its own, once there is something"
    desk.stage.nudge_exit(5, target=False)
    assert desk.ticket().stop_loss == D("98.5"), "tighter by five ticks"
    assert desk.place("buy r:0.1% @ 100 trail 5t").qty == 20
    desk.stage.toggle_bracket()
    assert desk.view().bracket is None


def test_a_venue_without_trailing_stops_refuses_them_on_entries_with_what_there_is(market: Market) -> None:
    from tui_trader.venues.paradex import PARADEX

    desk = Desk(market)
    desk.stage = Stage(Resolver(market.store, Presets()), desk.facts, IdFactory(), can=lambda one: PARADEX.capabilities)
    command = parse_one("buy 1 @ 100 trail 2%")
    assert isinstance(command, PlaceOrder)
    desk.stage.place(BTC, command)
    assert desk.view().problem == "BTCUSDT knows no trailing stops: an entry there takes one that stands still"
    assert desk.view().fix == "sl -1%"


def test_a_trailing_stop_has_a_distance_and_perhaps_a_start(desk: Desk) -> None:
    desk.market.hold("2")
    follows = desk.place("sell 100%p trail 1%")
    assert (follows.type, follows.trail, follows.trigger_price, follows.activation_price) == (
        OrderType.TRAILING_STOP,
        1,
        D("99.1"),
        None,
    )
    later = desk.place("sell 100%p trail 5t from 110")
    assert (later.trail, later.trigger_price, later.activation_price) == (D("0.5"), 110, 110)
    assert desk.view().sendable, desk.view().objections
    desk.place("sell 100%p trail 5t from 95")
    assert [o.code for o in desk.view().objections if o.hard] == [Rule.TRIGGER_SIDE], "it would begin at once"


@pytest.mark.parametrize(("qty", "side", "level"), [("2", Side.SELL, "99.1"), ("-2", Side.BUY, "101.1")])
def test_protect_stages_the_template_over_the_whole_leg(desk: Desk, qty: str, side: Side, level: str) -> None:
    leg = desk.market.hold(qty)
    desk.stage.protect(leg)
    ticket = desk.ticket()
    assert (ticket.side, ticket.type, ticket.qty, ticket.trigger_source) == (side, OrderType.STOP, 0, TriggerSource.MARK)
    assert (ticket.reduce_only, ticket.close_on_trigger, ticket.position_side) == (True, True, PositionSide.MERGED)
    assert ticket.trigger_price == D(level)
    assert desk.view().sendable, desk.view().objections
    desk.stage.close_part(50)
    assert desk.ticket().qty == 1


def test_protect_names_the_leg_in_hedged_mode(desk: Desk) -> None:
    leg = desk.market.hold("-2", position_side=PositionSide.SHORT, mode=PositionMode.HEDGED)
    desk.stage.protect(leg)
    assert (desk.ticket().side, desk.ticket().position_side) == (Side.BUY, PositionSide.SHORT)
    assert desk.view().sendable, desk.view().objections


def test_break_even_counts_fees_both_ways_and_funding_and_rounds_to_the_better_tick(desk: Desk) -> None:
    leg = desk.market.hold("2", "99", funding=D("0.5"))
    level = desk.stage._resolver.break_even(leg)
    exact = (2 * 99 + 2 * 99 * D("0.0006") + D("0.5")) / (2 * (1 - D("0.0006")))
    assert level - D("0.1") < exact <= level
    with pytest.raises(CommandError, match=r"is below break-even .* already"):
        desk.stage._resolver.break_even(desk.market.hold("2", "100.05"))


def test_a_problem_comes_with_its_fix_and_goes_with_its_cause(desk: Desk) -> None:
    desk.stage.join(BTC, Side.BUY)
    desk.market.tell(LinkChanged("phemex", "public", LinkState.DOWN))
    view = desk.view()
    assert (view.ticket, view.preview, view.sendable) == (None, None, False)
    assert view.problem == "BTCUSDT has no bid price now"
    assert view.fix
    desk.market.tell(LinkChanged("phemex", "public", LinkState.LIVE))
    desk.market.quote("100", "100.2")
    assert desk.view().sendable


def test_a_new_identity_at_every_confirmation(desk: Desk) -> None:
    desk.stage.join(BTC, Side.BUY)
    ids = {desk.stage.confirm().ticket.client_id for _ in range(5)}
    assert len(ids) == 5
    assert DRAFT_ID not in ids


def test_confirming_resolves_by_the_market_of_that_moment(desk: Desk) -> None:
    desk.stage.join(BTC, Side.BUY)
    before = desk.ticket()
    desk.market.quote("98", "98.2")
    confirmed = desk.stage.confirm()
    assert (before.price, confirmed.ticket.price) == (100, 98)
    assert confirmed.preview is not None
    assert confirmed.preview.price == 98


def test_a_dropped_draft_is_gone(desk: Desk) -> None:
    desk.stage.join(BTC, Side.BUY)
    desk.stage.drop()
    assert desk.stage.view() is None


def test_the_size_rule_is_resolved_anew_at_every_look(desk: Desk) -> None:
    desk.stage.join(BTC, Side.BUY)
    desk.stage.set_size(Size(D(1000), SizeUnit.QUOTE))
    assert desk.ticket().qty == 10
    desk.market.quote("50", "50.1")
    assert desk.ticket().qty == 20


def test_the_same_order_twice_is_caught_by_the_clock_that_stamped_it(desk: Desk) -> None:
    first = desk.place("buy 1 @ 100")
    desk.recent.append((desk.market.clock.mono_ns(), first))
    assert [o.code for o in desk.view().objections if o.hard] == [Rule.DUPLICATE]
    desk.market.clock.advance(2)
    desk.market.quote("100", "100.2")
    assert [o.code for o in desk.view().objections if o.hard] == []


def test_the_rate_of_orders_is_counted_by_the_same_clock(desk: Desk) -> None:
    now = desk.market.clock.mono_ns()
    desk.recent += [(now - n, ticket(f"tt-{n}", qty=D(n + 1))) for n in range(5)]
    desk.place("buy 1 @ 99")
    assert Rule.RATE in [o.code for o in desk.view().objections if o.hard]


def test_a_halted_desk_lets_exits_through(desk: Desk) -> None:
    desk.state = TradingState.HALTED
    desk.stage.join(BTC, Side.BUY)
    assert Rule.STATE in [o.code for o in desk.view().objections if o.hard]
    desk.stage.close(desk.market.hold("1"), D(100))
    assert desk.view().sendable


def test_an_entry_beside_one_of_unknown_outcome_takes_typed_words_and_only_for_the_order_as_it_stands(desk: Desk) -> None:
    blotter = desk.market.store.blotter
    blotter.put(Order.from_ticket(ticket("tt-lost"), 1).to_status(OrderStatus.UNKNOWN))
    desk.stage.join(BTC, Side.BUY)
    (objection,) = [o for o in desk.view().objections if o.hard]
    assert (objection.code, objection.fix) == (Rule.UNKNOWN_ORDER, "wait until it is resolved, or type :override unknown")
    desk.stage.override_unknown()
    assert desk.view().sendable
    assert not [o for o in desk.stage.confirm().objections if o.hard]
    desk.stage.nudge_size(1)
    assert not desk.view().sendable, "it is another order now"
    desk.stage.join(BTC, Side.SELL)
    assert desk.view().sendable, "the other side was never in question"


def test_replacing_the_price_by_nothing_crosses(desk: Desk) -> None:
    desk.stage.join(BTC, Side.SELL)
    desk.stage.set_price(None)
    assert (desk.ticket().price, desk.ticket().tif) == (D("99.5"), TimeInForce.IOC)
    desk.stage.toggle_market()
    assert desk.stage.draft is not None
    assert desk.stage.draft.follows is PriceRef.ASK


def test_a_market_order_has_no_price_to_nudge(desk: Desk) -> None:
    desk.stage.close(desk.market.hold("1"), D(100))
    with pytest.raises(CommandError, match="no price to move"):
        desk.stage.nudge_price(1)


def test_exits_and_lifetime_can_be_set(desk: Desk) -> None:
    desk.stage.join(BTC, Side.BUY)
    command = parse_one("buy 1 @ bid sl -2% tp +4%")
    assert isinstance(command, PlaceOrder)
    desk.stage.set_exits(command.stop_loss, command.targets)
    desk.stage.set_tif(TimeInForce.FOK)
    assert (desk.ticket().stop_loss, desk.ticket().take_profit, desk.ticket().tif) == (98, 104, TimeInForce.FOK)
