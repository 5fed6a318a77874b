"""What the words of a case do: those of the fault matrix, and tickets of every kind, settings, triggers and the past.

``buy a 3 limit=-0.5 tif=post_only`` submits; without ``limit`` at the market. ``type=`` names a conditional type,
``trigger=-5/mark`` what it waits for, ``tp=`` and ``sl=`` attach exits, ``trail=`` is a distance, ``follows=`` that of the stop
of what an entry opens, ``leg=`` a leg, ``reduce`` only reduces. Sizes are in units, prices in half spreads from the middle.
"""

from __future__ import annotations

from collections.abc import Awaitable
from decimal import Decimal

from tests.chaos.stand import CLOTHES, STREET
from tests.chaos.words import Player
from tests.dst.venue import ACCOUNT
from tui_trader.core.bracket import Bracket
from tui_trader.core.error import TraderError
from tui_trader.core.order import OrderTicket
from tui_trader.core.position import Position
from tui_trader.core.types import (
    ClientOrderId,
    Liquidity,
    MarginMode,
    OrderStatus,
    OrderType,
    PositionMode,
    PositionSide,
    Side,
    TimeInForce,
    TriggerSource,
)
from tui_trader.desk.orders import Sent
from tui_trader.sim.types import NewOrder, SimStatus
from tui_trader.storage.history_rows import FillRow, OrderRow
from tui_trader.venues.base import Request

ZERO = Decimal(0)
CROWD = "crowd"


class Steps(Player):
    """Plays one case on one stand."""

    # -- orders ----------------------------------------------------------------------------------------------------

    async def _do_buy(self, *words: str) -> None:
        await self._place(Side.BUY, *words)

    async def _do_sell(self, *words: str) -> None:
        await self._place(Side.SELL, *words)

    async def _place(self, side: Side, name: str, units: str, *words: str) -> None:
        terms = dict(word.split("=", 1) for word in words if "=" in word)
        price = self._price(terms["limit"]) if "limit" in terms else None
        trigger, _, source = terms.get("trigger", "").partition("/")
        kind = OrderType(terms["type"]) if "type" in terms else OrderType.MARKET if price is None else OrderType.LIMIT
        ticket = OrderTicket(
            ClientOrderId(f"tt-{name}"),
            self._ground.id,
            side,
            kind,
            self._size(units),
            price,
            TimeInForce(terms.get("tif", "gtc" if price is not None else "ioc")),
            PositionSide(terms.get("leg", "merged")),
            reduce_only="reduce" in words,
            trigger_price=self._price(trigger) if trigger else None,
            trigger_source=TriggerSource(source or "mark"),
            take_profit=self._price(terms["tp"]) if "tp" in terms else None,
            stop_loss=self._price(terms["sl"]) if "sl" in terms else None,
            trail=Decimal(terms["trail"]) * self._ground.half_spread if "trail" in terms else None,
        )
        try:
            sent = await (self._following(ticket, terms["follows"]) if "follows" in terms else self._stand.desk.submit(ticket))
        except TraderError as refusal:
            self._sent[name] = f"refused {refusal}"
        else:
            self._sent[name] = f"{sent.outcome} {sent.code} {sent.text}"

    async def _following(self, ticket: OrderTicket, behind: str) -> Sent:
        """Send an entry whose stop follows so many half spreads behind: the terminal sends it as the entry fills."""
        distance = Decimal(behind) * self._ground.half_spread
        worst = (ticket.price or self._ground.middle) - ticket.side.sign * distance
        bracket = Bracket(
            ticket.client_id,
            ticket.instrument,
            ticket.side,
            ticket.position_side,
            self._ground.instrument.round_price(worst),
            trail=distance,
            trails_whole=CLOTHES[self._ground.id.venue].venue.capabilities_of(self._ground.instrument).whole_exits,
        )
        return await self._stand.desk.sending.submit_bracket(ticket, bracket, reduces=False)

    async def _do_several(self, units: str, limit: str, *names: str) -> None:
        """Submit buys at a limit in one request; each is half a spread below the one before it."""
        first = self._price(limit.removeprefix("limit="))
        tickets = [
            OrderTicket(
                ClientOrderId(f"tt-{name}"),
                self._ground.id,
                Side.BUY,
                OrderType.LIMIT,
                self._size(units),
                first - self._ground.half_spread * number,
            )
            for number, name in enumerate(names)
        ]
        for name, sent in zip(names, await self._stand.desk.orders.submit_several(tickets, reduces=False), strict=True):
            self._sent[name] = f"{sent.outcome} {sent.code} {sent.text}"

    async def _do_amend(self, name: str, *words: str) -> None:  # type: ignore[override]
        terms = dict(word.split("=", 1) for word in words)
        change = {what: self._size(text) if what == "qty" else self._price(text) for what, text in terms.items()}
        try:
            sent = await self._stand.desk.amend(self._shown(name), **change)
        except TraderError as refusal:
            self._sent[name] = f"refused {refusal}"
        else:
            self._sent[name] = f"{sent.outcome} {sent.code} {sent.text}"

    async def _do_cancelall(self) -> None:
        """Cancel everything of the contract, both calls."""
        await self._stand.desk.cancel_symbol(self._ground.id)

    async def _do_cancelseveral(self, *names: str) -> None:
        """Cancel some orders by their ids in one request."""
        for request in self._dialect().cancel_several([self._shown(name) for name in names]):
            await self._ask("cancelseveral", request)

    # -- the market and other screens ------------------------------------------------------------------------------

    async def _do_rests(self, units: str, price: str) -> None:
        """Let the account rest a buy by another screen."""
        self._stand.trade(ACCOUNT, Side.BUY, self._size(units), self._price(price), "web-1")

    async def _do_web(self, *words: str) -> None:
        """Let the account act by another screen: as in the fault matrix, ``web stop 3 -5`` and ``web cancels waiting``."""
        exchange = self._stand.exchange
        match words:
            case ("stop", units, price):
                sell = (Side.SELL, OrderType.STOP, self._size(units), None, TimeInForce.IOC)
                waits = {"trigger_price": self._price(price), "trigger_source": TriggerSource.MARK}
                exchange.submit(ACCOUNT, NewOrder("", self._symbol, *sell, **waits))
            case ("cancels", "waiting"):
                exchange.cancel_all(ACCOUNT, self._symbol, untriggered=True)
            case _:
                await super()._do_web(*words)

    async def _do_street(self, side: str, units: str, price: str) -> None:
        """Let the street put a limit order somewhere."""
        self._stand.trade(STREET, Side(side), self._size(units), self._price(price))

    async def _do_print(self, price: str) -> None:
        """Let somebody trade a fifth of a unit with the street at the touch: ``+1`` or ``-1``."""
        side = Side.BUY if Decimal(price) > 0 else Side.SELL
        if CROWD not in self._stand.exchange.accounts:
            self._stand.exchange.open_account(CROWD, {self._ground.instrument.settle: Decimal(10**6)})
        self._stand.trade(CROWD, side, self._size("0.2"), self._price(price), tif=TimeInForce.IOC)

    async def _do_mark(self, price: str) -> None:
        """Move mark and index, for good."""
        self._stand.moved = self._price(price) - self._ground.middle
        self._stand.exchange.set_reference(self._symbol, self._price(price))

    async def _do_index(self, price: str) -> None:
        """Move the index alone, for a moment."""
        self._stand.exchange.set_reference(self._symbol, self._ground.middle, self._price(price))

    async def _do_poor(self, spare: str) -> None:
        """Leave the account with what keeps three units from being liquidated, and so many half spreads of them more."""
        exchange, instrument = self._stand.exchange, self._ground.instrument
        middle, size = self._ground.middle, self._size("3")
        room = instrument.pnl(Side.BUY, size, middle - Decimal(spare) * self._ground.half_spread, middle)
        least = instrument.value(size, middle) * instrument.tiers[0].maintenance_rate
        exchange.accounts[ACCOUNT].balances[instrument.settle] = least + room
        exchange.outbox.touch_account(ACCOUNT, instrument.settle)

    async def _do_settle(self) -> None:
        """Let funding fall due."""
        exchange = self._stand.exchange
        market = exchange.market(self._symbol)
        market.funding_rate, market.next_funding_ns = Decimal("0.0001"), exchange.now_ns
        exchange._settle_funding(exchange.now_ns)

    # -- settings --------------------------------------------------------------------------------------------------

    async def _do_setleverage(self, leverage: str, mode: str) -> None:
        try:
            await self._stand.desk.set_leverage(self._ground.id, Decimal(leverage), MarginMode(mode))
        except TraderError as refusal:
            self._sent["leverage"] = str(refusal)
        else:
            self._sent["leverage"] = mode
            await self._until(lambda: self._holds(f"setting {leverage} {mode}"), f"leverage {leverage}")

    async def _do_cod(self, word: str) -> None:
        """Have orders end with the connection, or not."""
        self._stand.desk.guard.switch(on=word == "on")

    async def _do_mode(self, mode: str) -> None:
        await self._set("mode", self._stand.desk.set_position_mode(self._ground.id, PositionMode(mode)))

    async def _do_assign(self, margin: str) -> None:
        """Assign a margin, in fifths of the position's value in percent."""
        await self._set("assign", self._stand.desk.assign_margin(self._ground.id, self._share(margin)))

    async def _do_risklimit(self, _: str) -> None:
        """Take the second step of the risk limits."""
        limit = self._ground.instrument.tiers[1].notional
        await self._set("risklimit", self._stand.desk.margin.set_risk_limit(self._ground.id, limit))

    async def _do_transfer(self, amount: str) -> None:
        """Take money out of the trading account into the wallet."""
        settle = self._ground.instrument.settle
        await self._set("transfer", self._stand.desk.transfer(settle, Decimal(amount), to_trading=False))

    async def _do_past(self, rows: str) -> None:
        """Ask the venue for the past, in pages of so many rows at most."""
        recorder = self._stand.desk.recorder
        assert recorder is not None
        await recorder.fill_in()

    # -- expectations ----------------------------------------------------------------------------------------------

    def _holds(self, text: str) -> bool:
        """Whether an expectation is met now: those of the fault matrix, and

        ``a price -0.5``, ``a trigger -5``, ``a over 3`` (ended, with so much executed), ``a says why`` (it has a reason),
        ``answer <what> <text>``, ``exits n`` (orders that wait at the exchange), ``entry -1``, ``entry agrees``, ``fees agree``,
        ``funding agrees``, ``wallet agrees``, ``leg long 3``, ``setting 5 isolated``, ``margin 1.5``, ``made maker n``,
        ``external none``, ``cod on``, ``settled`` (the legs of the mode are known), ``kept fills agrees``.
        """
        stand, store = self._stand, self._stand.desk.store
        exchange, settle = stand.exchange, self._ground.instrument.settle
        tick = self._ground.instrument.tick  # averages travel rounded, those of inverse contracts as values
        match text.split():
            case ["answer", what, *words]:
                return " ".join(words) in str(self._sent.get(what, ""))
            case ["exits", count]:
                return sum(o.status is SimStatus.UNTRIGGERED for o in exchange.open_orders(ACCOUNT)) == int(count)
            case ["entry", "agrees"]:
                entries = [(held.entry, exchange.position(ACCOUNT, self._symbol, leg).entry) for leg, held in self._legs()]
                return bool(entries) and all(abs(ours - theirs) < tick for ours, theirs in entries)
            case ["entry", price]:
                return all(abs(held.entry - self._price(price)) < tick for _, held in self._legs()) and len(self._legs()) == 1
            case ["fees", "agree"]:
                theirs = sum((fill.exec_fee for fill in exchange.fills(ACCOUNT)), ZERO)
                free = not self._ground.instrument.maker_fee  # where to rest costs nothing
                return store.blotter.fees.get(settle, ZERO) == theirs and (theirs != 0 or free)
            case ["funding", "agrees"]:
                charges = exchange.funding(ACCOUNT, self._symbol)
                return bool(charges) and store.funding_paid.get(settle) == sum((one.amount for one in charges), ZERO)
            case ["wallet", "agrees"]:
                balance = store.balances.get((self._ground.id.venue, settle))
                return balance is not None and balance.total == exchange.wallet(ACCOUNT, settle)[0] < self._ground.purse
            case ["leg", leg, units]:
                held = sum((position.signed_qty for side, position in self._legs() if side == leg), ZERO)
                return held == self._size(units)
            case ["setting", leverage, mode]:
                rows = [p for p in store.positions.values() if p.instrument == self._ground.id]
                theirs = exchange.position(ACCOUNT, self._symbol, PositionSide.MERGED)
                shown = {(row.leverage, row.margin_mode) for row in rows if not row.is_flat}
                backing = store.backings.get(self._ground.id)  # where flat rows do not tell
                flat = backing and (backing.leverage, backing.margin_mode)
                shown = shown or ({flat} if flat else {(row.leverage, row.margin_mode) for row in rows})
                return shown == {(Decimal(leverage), MarginMode(mode))} and theirs.leverage == Decimal(leverage)
            case ["margin", margin]:
                return [position.margin for _, position in self._legs()] == [self._share(margin)]
            case ["made", "maker", count]:
                return sum(fill.liquidity is Liquidity.MAKER for fill in store.blotter.fills()) == int(count)
            case ["external", "none"]:
                return not any(order.external for order in store.blotter.working())
            case ["cod", word]:
                return store.guards.get(self._ground.id.venue) is (word == "on")
            case ["settled"]:
                if store.modes.get(self._ground.id.venue) is PositionMode.HEDGED:
                    return self._ready()
                return self._ready() and {leg for iid, leg in store.positions if iid == self._ground.id} >= {
                    PositionSide.LONG,
                    PositionSide.SHORT,
                }
            case ["kept", "fills", "agrees"]:
                kept = {row.id for row in self._kept("fills") if isinstance(row, FillRow)}
                return kept == {stand.told(fill.exec_id) for fill in exchange.fills(ACCOUNT)}
            case ["kept", "orders", "agrees"]:
                ended = {stand.told(o.order_id): o.status.value for o in exchange.closed_orders(ACCOUNT)}
                return {row.id: row.status for row in self._kept("orders") if isinstance(row, OrderRow)} == ended
            case [name, "price", price]:
                order = stand.shown(f"tt-{name}")
                return order is not None and order.price == self._price(price) and order.pending is None
            case [name, "trigger", price]:
                order = stand.shown(f"tt-{name}")
                return order is not None and order.trigger_price == self._price(price) and order.pending is None
            case [name, "over", units]:
                order = stand.shown(f"tt-{name}")
                return order is not None and order.status.is_terminal and order.filled == self._size(units)
            case [name, "says", "why"]:
                order = stand.shown(f"tt-{name}")
                return order is not None and order.status in (OrderStatus.REJECTED, OrderStatus.CANCELED) and bool(order.reason)
        return super()._holds(text)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _price(self, text: str) -> Decimal:
        return self._ground.middle + Decimal(text) * self._ground.half_spread

    def _share(self, percent: str) -> Decimal:
        """Return so many percent of the value of three units at the touch, on the grid of the settle currency."""
        instrument = self._ground.instrument
        value = instrument.value(self._size("3"), self._price("+1")) * Decimal(percent) / 100
        return value.quantize(Decimal(1).scaleb(-instrument.value_scale)) * 20

    def _legs(self) -> list[tuple[PositionSide, Position]]:
        return [(leg.position_side, leg) for leg in self._stand.desk.store.open_positions()]

    def _dialect(self):  # type: ignore[no-untyped-def]
        return self._stand.desk._dialect

    def _kept(self, table: str) -> list[object]:
        recorder = self._stand.desk.recorder
        return list(recorder.history.newest(table, 999)) if recorder is not None else []

    async def _set(self, what: str, work: Awaitable[object]) -> None:
        try:
            came_of_it = await work
        except TraderError as refusal:
            self._sent[what] = str(refusal)
        else:
            self._sent[what] = str(came_of_it or "done")

    async def _ask(self, what: str, request: Request) -> None:
        verdict = await self._stand.desk.send(request)
        self._stand.desk.absorb(list(verdict.events))
        self._sent[what] = f"{verdict.outcome} {verdict.code} {verdict.text}"
