"""The trading floor: where orders become fills. It owns every order, and is the only writer of books and ledger.

An account never trades with itself: its own resting order met by its own incoming one is cancelled (cancel-maker), because
skipping it would leave a crossed book behind. A post-only order that would meet one's own order is refused like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from tui_trader.core.decimals import ZERO
from tui_trader.core.types import Liquidity, OrderType, PositionSide, Side, TimeInForce
from tui_trader.sim.admission import refuse_terms
from tui_trader.sim.attached import follow_up
from tui_trader.sim.conditionals import fires_rising
from tui_trader.sim.credit import closable, is_reducing, refuse_credit
from tui_trader.sim.engine import Resting
from tui_trader.sim.ledger import Ledger, is_house
from tui_trader.sim.listing import Listing
from tui_trader.sim.margin import keeps_units, trade_fee, trade_value
from tui_trader.sim.outbox import Outbox
from tui_trader.sim.room import make_room
from tui_trader.sim.types import Event, NewOrder, PublicTrade, Refusal, SimOrder, SimStatus
from tui_trader.sim.waiting import refuse_waiting


class Floor:
    """Orders of all accounts and what becomes of them."""

    def __init__(self, listings: Mapping[str, Listing], ledger: Ledger, outbox: Outbox) -> None:
        self.listings = listings
        self.ledger = ledger
        self.outbox = outbox
        self.orders: dict[str, dict[str, SimOrder]] = {}
        """Every order ever, by account and order id."""
        self.open: dict[str, dict[str, SimOrder]] = {}
        """Open orders, by account and order id, oldest first."""
        self.by_client: dict[tuple[str, str], SimOrder] = {}
        """The first order of each client id: an id is used once, whatever became of the order."""
        self._resting: dict[str, Resting] = {}
        self.insurance: dict[str, Decimal] = {}
        """What the insurance account may lose, by currency; without limit where it is not named."""

    # -- orders arriving -------------------------------------------------------------------------------------------

    def submit(self, account: str, new: NewOrder) -> SimOrder:
        """Take an order: it fills, rests, waits or is refused."""
        order = self.record(account, new)
        refusal = self._refuse(order, new)
        if refusal:
            return self.reject(order, refusal)
        listing = self.listings[order.symbol]
        if order.type.is_conditional:
            self.wait(listing, order)
            self.tell(Event.UNTRIGGERED, order)
        else:
            refusal = self._refuse_work(listing, order)
            if refusal:
                return self.reject(order, refusal)
            self._work(listing, order)
        self.settle(listing)
        return order

    def reject(self, order: SimOrder, refusal: Refusal) -> SimOrder:
        """Refuse an order that has not been accepted."""
        order.status, order.refusal = SimStatus.REJECTED, refusal
        self.tell(Event.REJECTED, order)
        return order

    def cancel(self, order: SimOrder, refusal: Refusal = Refusal.NONE, event: Event = Event.CANCELED) -> None:
        """End an open order; ``refusal`` tells why the exchange itself did it."""
        listing = self.listings[order.symbol]
        resting = self._resting.pop(order.order_id, None)
        if resting is not None:
            listing.book.remove(resting)
        listing.conditionals.remove(order)
        order.status, order.refusal = SimStatus.CANCELED, refusal
        self.tell(event, order)
        self._finish(order)

    def resting(self, order: SimOrder) -> Resting | None:
        """Return what of an order is in the book."""
        return self._resting.get(order.order_id)

    def record(self, account: str, new: NewOrder) -> SimOrder:
        outbox = self.outbox
        order = SimOrder(
            order_id=outbox.new_id(),
            client_id=new.client_id,
            account=account,
            symbol=new.symbol,
            side=new.side,
            type=new.type,
            qty=new.qty,
            price=new.price if new.type.has_limit else None,
            tif=TimeInForce.IOC if new.type is OrderType.MARKET and new.tif is TimeInForce.GTC else new.tif,
            position_side=new.position_side,
            reduce_only=new.reduce_only,
            close_on_trigger=new.close_on_trigger,
            trigger_price=new.trigger_price if new.type.is_conditional else None,
            trigger_source=new.trigger_source,
            take_profit_limit=new.take_profit_limit if new.take_profit else None,
            stop_loss_limit=new.stop_loss_limit if new.stop_loss else None,
            trail=-new.peg_offset if new.side is Side.SELL else new.peg_offset,
            activation=new.activation,
            trailing=not new.activation,
            rising=new.type.is_conditional and fires_rising(new.type, new.side),
            take_profit=new.take_profit or None,
            stop_loss=new.stop_loss or None,
            tp_trigger=new.tp_trigger,
            sl_trigger=new.sl_trigger,
            created_ns=outbox.now_ns,
            text=new.text,
        )
        self.orders.setdefault(account, {})[order.order_id] = order
        return order

    def _refuse(self, order: SimOrder, new: NewOrder) -> Refusal:
        if new.client_id:
            if (order.account, new.client_id) in self.by_client:
                return Refusal.DUPLICATE_CLIENT_ID
            self.by_client[order.account, new.client_id] = order
        listing = self.listings.get(new.symbol)
        if listing is None:
            return Refusal.SYMBOL
        mode = self.ledger.mode(order.account, new.symbol)
        refusal = refuse_terms(new, listing.instrument, mode, listing.reference(new.trigger_source))
        if refusal:
            return refusal
        if (new.take_profit or new.stop_loss) and self._has_position_where_none_may_be(listing, order):
            return Refusal.ATTACH_WITH_POSITION
        return self.refuse_waiting(listing, order) if order.type.is_conditional else Refusal.NONE

    def _has_position_where_none_may_be(self, listing: Listing, order: SimOrder) -> bool:
        """Whether an entry that brings exits comes on top of a position: the older contracts refuse that."""
        position = self.ledger.accounts[order.account].positions.get((order.symbol, order.position_side))
        return keeps_units(listing.instrument) and position is not None and bool(position.qty)

    def refuse_waiting(self, listing: Listing, order: SimOrder) -> Refusal:
        """Check that a conditional order has something to close, if it only closes, and would not fire at once."""
        others = [other for other in self.others(order) if other.order_id != order.order_id]
        return refuse_waiting(self.ledger, listing, order, others)

    def _refuse_work(self, listing: Listing, order: SimOrder) -> Refusal:
        """Check an order that is about to meet the book; a reducing one is first cut to what there is to close."""
        if is_reducing(order):
            most = closable(self.ledger, order.account, order.symbol, order.position_side, order.side)
            if not most:
                return Refusal.REDUCE_ONLY
            order.qty = min(order.qty, most) if order.qty else most
        against = order.side.opposite
        if order.price is None and listing.book.best(against) is None:
            return Refusal.NO_MARKET
        ticks = self._limit(listing, order)
        if order.tif.only_rests and listing.book.crosses(order.side, ticks):
            return Refusal.WOULD_CROSS
        if order.tif is TimeInForce.FOK and self._fillable(listing, order, ticks) < listing.lots(order.qty):
            return Refusal.NO_LIQUIDITY
        return refuse_credit(self.ledger, listing, order, self.others(order))

    def others(self, order: SimOrder) -> list[SimOrder]:
        """Return the account's other open orders, oldest first."""
        # By id: an amendment asks with a copy of the order as it would be.
        return [other for other in self.open.get(order.account, {}).values() if other.order_id != order.order_id]

    def _fillable(self, listing: Listing, order: SimOrder, ticks: int) -> int:
        """Return how many lots would execute at once, counting reducing orders only for what they can still close."""
        wanted = listing.lots(order.qty)
        found = 0
        closing: dict[tuple[str, PositionSide], Decimal] = {}
        for maker in listing.book.walk(order.side.opposite):
            if found >= wanted or (maker.ticks > ticks if order.side is Side.BUY else maker.ticks < ticks):
                break
            if maker.account == order.account:
                continue
            lots = maker.lots
            if maker.order is not None:
                key = (maker.account, maker.order.position_side)
                if key not in closing:
                    closing[key] = closable(self.ledger, maker.account, order.symbol, key[1], maker.side)
                if is_reducing(maker.order):
                    lots = min(lots, listing.lots(closing[key]))
                closing[key] = max(ZERO, closing[key] - listing.qty(lots))
            found += lots
        return found

    # -- matching --------------------------------------------------------------------------------------------------

    def _limit(self, listing: Listing, order: SimOrder) -> int:
        return listing.worst_ticks(order.side) if order.price is None else listing.ticks(order.price)

    def _work(self, listing: Listing, order: SimOrder, kind: str = "trade") -> None:
        """Let an accepted order meet the book, and rest or expire what is left."""
        order.status = SimStatus.NEW
        self.open.setdefault(order.account, {})[order.order_id] = order
        if not order.triggered:
            self.tell(Event.NEW, order)
        self.match(listing, order, kind)

    def match(self, listing: Listing, order: SimOrder, kind: str = "trade") -> None:
        """Execute an open order that is not in the book against it, and rest or expire what is left."""
        incoming = Resting(order.account, order.side, self._limit(listing, order), listing.lots(order.remaining), order)
        self.execute(listing, incoming, kind)
        if not order.status.is_open:
            return
        if order.price is None or order.tif in (TimeInForce.IOC, TimeInForce.FOK):
            self.cancel(order, event=Event.EXPIRED)
            return
        listing.book.add(incoming)
        self._resting[order.order_id] = incoming

    def house_order(self, listing: Listing, account: str, side: Side, ticks: int, lots: int, *, rest: bool) -> Resting:
        """Place an order of the exchange's own liquidity; nobody but the public hears of it."""
        incoming = Resting(account, side, ticks, lots)
        if listing.book.crosses(side, ticks):
            self.execute(listing, incoming, "trade")
        if rest and incoming.lots:
            listing.book.add(incoming)
        return incoming

    def execute(self, listing: Listing, incoming: Resting, kind: str) -> None:
        """Let what comes in meet the book as far as it goes."""
        book = listing.book
        against = incoming.side.opposite
        while incoming.lots and book.crosses(incoming.side, incoming.ticks):
            maker = book.head(against)
            if maker is None:
                return
            if maker.account != incoming.account:
                self._trade(listing, incoming, maker, kind)
            elif maker.order is not None:
                self.cancel(maker.order)
            else:
                book.remove(maker)

    def _trade(self, listing: Listing, incoming: Resting, maker: Resting, kind: str) -> None:
        lots = min(incoming.lots, maker.lots)
        listing.book.reduce(maker, lots)
        incoming.lots -= lots
        self.book_trade(listing, incoming, maker, listing.qty(lots), listing.price(maker.ticks), kind)
        self.print_trade(listing, incoming.side, listing.price(maker.ticks), listing.qty(lots))
        for party in (incoming, maker):
            if party.order is not None:
                self._trim(party.order.account, party.order.symbol, party.order.position_side)

    def book_trade(
        self,
        listing: Listing,
        taker: Resting,
        maker: Resting,
        qty: Decimal,
        price: Decimal,
        kind: str,
        maker_kind: str = "trade",
    ) -> None:
        """Book both sides of an execution and tell those who are users; each side is told its own kind."""
        instrument = listing.instrument
        value = trade_value(instrument, qty, price)
        for party, liquidity, rate in (
            (taker, Liquidity.TAKER, instrument.taker_fee),
            (maker, Liquidity.MAKER, instrument.maker_fee),
        ):
            order = party.order
            leg = PositionSide.MERGED if order is None else order.position_side
            fee = trade_fee(instrument, value, rate)
            realised = self.ledger.fill(party.account, listing.symbol, leg, party.side, qty, price, fee)
            if order is None:
                continue
            order.filled += qty
            order.filled_value += value
            order.fees += fee
            order.realised += realised
            order.status = SimStatus.PARTIAL if order.remaining else SimStatus.FILLED
            party_kind = kind if liquidity is Liquidity.TAKER else maker_kind
            report = self.outbox.fill(order, qty, price, fee, rate, realised, liquidity, party_kind)
            self._touch(order)
            position = self.ledger.position(order.account, order.symbol, leg)
            position.seq, position.updated_ns = report.seq, report.at_ns
            if order.status is SimStatus.FILLED:
                self._resting.pop(order.order_id, None)
                self._finish(order)

    def print_trade(self, listing: Listing, side: Side, price: Decimal, qty: Decimal) -> None:
        """Tell the public of a trade."""
        trade = PublicTrade(listing.symbol, self.outbox.now_ns, side, price, qty, self.outbox.next_seq())
        listing.set_last(price)
        listing.prints.add(trade, trade_value(listing.instrument, qty, price))
        self.outbox.emit_trade(trade)

    # -- what follows from a change --------------------------------------------------------------------------------

    def settle(self, listing: Listing) -> None:
        """Fire every conditional order whose trigger has been met, until none is left."""
        while len(listing.conditionals):
            ranges = listing.ranges()
            due = listing.conditionals.due(ranges)
            moved, begun = listing.conditionals.follow(ranges, listing.instrument)
            listing.forget_range()
            if not due and not moved:
                return
            for order in begun:
                self.tell_replaced(order)
            for order in due:
                if order.status is SimStatus.UNTRIGGERED:
                    self._fire(listing, order)

    def _fire(self, listing: Listing, order: SimOrder) -> None:
        listing.conditionals.remove(order)
        order.triggered, order.status = True, SimStatus.NEW
        self.tell(Event.TRIGGERED, order)
        refusal = self._refuse_work(listing, order)
        if refusal:
            self.cancel(order, refusal)
            return
        if order.close_on_trigger:
            make_room(self, order)
        self._work(listing, order)

    def wait(self, listing: Listing, order: SimOrder) -> None:
        order.status = SimStatus.UNTRIGGERED
        self.open.setdefault(order.account, {})[order.order_id] = order
        if not len(listing.conditionals):
            listing.forget_range()
        listing.conditionals.add(order)

    def _trim(self, account: str, symbol: str, leg: PositionSide) -> None:
        """Cut or cancel the reducing orders of a leg that has shrunk."""
        for order in list(self.open.get(account, {}).values()):
            if order.symbol != symbol or order.position_side is not leg or not is_reducing(order):
                continue
            most = closable(self.ledger, account, symbol, leg, order.side)
            resting = self._resting.get(order.order_id)
            if not most:
                if resting is not None or order.status is SimStatus.UNTRIGGERED:
                    self.cancel(order, Refusal.REDUCE_ONLY)
            elif resting is not None and order.remaining > most:
                listing = self.listings[symbol]
                listing.book.reduce(resting, resting.lots - listing.lots(most))
                order.qty = order.filled + most
                self.tell(Event.REPLACED, order)

    def _finish(self, order: SimOrder) -> None:
        """Forget an order as open; an executed entry gets its exits, an executed exit takes its sibling along."""
        self.open.get(order.account, {}).pop(order.order_id, None)
        if order.filled:
            follow_up(self, order)

    def tell_replaced(self, order: SimOrder) -> None:
        """Report an amendment."""
        self.tell(Event.REPLACED, order)

    def lift(self, order: SimOrder) -> None:
        """Take an order out of the book without ending it: it is about to be placed anew."""
        resting = self._resting.pop(order.order_id, None)
        if resting is not None:
            self.listings[order.symbol].book.remove(resting)

    def tell(self, event: Event, order: SimOrder) -> None:
        self.outbox.report(event, order)
        self._touch(order)

    def _touch(self, order: SimOrder) -> None:
        if order.status is SimStatus.REJECTED or is_house(order.account):
            return
        self.outbox.touch_account(order.account, self.listings[order.symbol].instrument.settle)
        self.outbox.touch_position(order.account, order.symbol, order.position_side)
