"""The accounts of the program on the screen: a trading screen for each desk, one of them shown, and the way from one to another.

It is what keys and lines know of other accounts (``Fellows``). Whatever they do there is done by that account's own screen, with
its own ticket, judges and limits; arming ends at every switch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tui_trader.core import command as c
from tui_trader.core.command import Line, UseAccount
from tui_trader.core.counterpart import counterparts
from tui_trader.core.error import CommandError, ConfigError
from tui_trader.core.instrument import Instrument
from tui_trader.core.types import InstrumentId, Severity
from tui_trader.desk.commands import ENTRIES
from tui_trader.desk.desk import Desk
from tui_trader.desk.desks import OPENING, Desks, Opener, Seat
from tui_trader.ui.panes.fellow import Fellow

if TYPE_CHECKING:
    from tui_trader.ui.app import TraderApp
    from tui_trader.ui.screens.trade import TradeScreen


class Accounts:
    """Desks and their screens."""

    def __init__(self, app: TraderApp, desks: Desks) -> None:
        self._app = app
        self._desks = desks
        self.screens: dict[Seat, TradeScreen] = {}
        self._before = ""
        """The account that was on the screen before."""
        self.more: Callable[[str], Opener] | None = None
        """Returns what opens an account that was not asked for at the start; None where none may be opened so."""

    # -- which there are -------------------------------------------------------------------------------------------

    @property
    def screen(self) -> TradeScreen:
        """The screen of the active desk."""
        return self.screens[self._desks.active]

    def take(self, seat: Seat, screen: TradeScreen) -> None:
        """Take in the screen of a desk that was seated."""
        self.screens[seat] = screen
        screen.trading.bench.fellows = self
        for other in self.screens.values():
            if other is not screen:
                other.company_changed()

    def fellows(self, desk: Desk) -> list[Fellow]:
        """Return every account in order, as the screen of ``desk`` sees it."""
        return [
            Fellow(
                number,
                seat.name,
                seat.desk.account.venue.name,
                seat.desk.store,
                seat.desk.clock,
                labels=self.screens[seat].orders.labels,
                made_by=seat.desk.protect.role,
                checked=partial(_checked, seat.desk),
                blocked=partial(_blocked, seat.desk),
                lock=partial(_lock, seat.desk),
                here=seat.desk is desk,
                badge=seat.desk.account.badge,
            )
            for number, seat in enumerate(self._desks.seats, 1)
            if seat in self.screens
        ]

    def counterpart(self, desk: Desk) -> tuple[Fellow, InstrumentId] | None:
        """Return the account, the one before on the screen first, that lists the market of a desk's screen, and what it is there.

        Its book is followed from now on, to be compared with. None where no other account has exactly one such market.
        """
        market = desk.store.instruments.get(desk.focus) if desk.focus is not None else None
        others = [fellow for fellow in self.fellows(desk) if not fellow.here]
        others.sort(key=lambda fellow: fellow.name != self._before)
        for fellow in others:
            found = counterparts(market, fellow.store.instruments.values()) if market is not None else []
            there = self._desks.named(fellow.name).desk
            near = [one.id for one in found if len(found) == 1 or one.id == there.focus]
            if near:
                there.feeds.watch(near[0])
                return fellow, near[0]
        return None

    def desks(self) -> Sequence[Desk]:
        """Return every open desk, the one on the screen first."""
        return [self._desks.active.desk, *(seat.desk for seat in self._desks.others())]

    def absent(self) -> Mapping[str, str]:
        """Return the accounts that are not open, and why."""
        return self._desks.absent

    def owe_panic(self, *, flatten: bool) -> Sequence[str]:
        """Have accounts that are being opened cancel everything as soon as they are open."""
        return self._desks.owe_panic(flatten=flatten)

    def say(self, text: str, severity: Severity = Severity.NOTE) -> None:
        """Show one line on the screen that is shown."""
        self.screen.say(text, severity)

    # -- from one to another ---------------------------------------------------------------------------------------

    def show(self, seat: Seat) -> None:
        """Put the screen of a desk in front, now: whatever key comes next is that account's."""
        before, after = self.screen, self.screens[seat]
        if before is after:
            return
        before.step_back()
        self._before = self._desks.active.name
        self._app.close_over(before)
        self._desks.choose(seat)
        self._app.switch(after)
        after.come_back()

    def use(self, command: UseAccount) -> bool:
        """Put another account on the screen, with the market that is looked at."""
        if command.environment not in ("", "acct"):
            return False
        seat = self._named(*(("", command.name) if command.environment else (command.name, "")))
        if seat is None:
            return True
        if seat is self._desks.active:
            return False  # the desk says where it is
        market = self._market()
        self.show(seat)
        self.say(f"{seat.desk.account.badge} {seat.name} is on the screen")
        if market is not None and seat.desk.stage.draft is None:
            self._show_market(seat, market)
        return True

    def _named(self, venue: str, label: str) -> Seat | None:
        """Return the desk that is meant, of the same venue first; None when it is being opened now. Raises CommandError."""
        active = self._desks.active
        if not venue and any(seat.answers_to(active.desk.account.venue.name, label) for seat in self._desks.seats):
            venue = active.desk.account.venue.name
        if not label and active.answers_to(venue):
            return active
        try:
            return self._desks.find(venue, label)
        except CommandError as error:
            name = next((name for name in self._desks.absent if name.startswith(f"{venue}/")), f"{venue}/main")
            if not venue or label or self.more is None or self._desks.absent.get(name) == OPENING:
                fix = error.fix or (f"tui-trader --beside {venue}" if venue and not self._desks.absent else "")
                raise CommandError(error.message, fix=fix) from error
            self.begin(name, self.more(name))
            self.say(f"{name} is being opened beside {active.name}")
            return None

    def _market(self) -> Instrument | None:
        desk = self._desks.active.desk
        return desk.store.instruments.get(desk.focus) if desk.focus is not None else None

    def _show_market(self, seat: Seat, market: Instrument) -> None:
        desk, screen = seat.desk, self.screens[seat]
        found = counterparts(market, desk.store.instruments.values())
        if not found:
            kind = f"{market.base} against {market.quote}, settled in {market.settle}"
            self.say(f"{seat.name} lists no market like {market.symbol} ({kind})", Severity.WARNING)
        elif desk.focus in [one.id for one in found]:
            return
        elif len(found) == 1:
            screen.show_instrument(found[0].id)
        else:
            self._ask_market(screen, market, found)

    def _ask_market(self, screen: TradeScreen, market: Instrument, found: Sequence[Instrument]) -> None:
        from tui_trader.ui.screens import choosing

        lines = [choosing.Line(one.symbol, f"{one.symbol:<16} {one.quote}, settles in {one.settle}") for one in found]
        ids = {one.symbol: one.id for one in found}

        def chosen(symbol: str | None) -> None:
            if symbol is not None:
                screen.show_instrument(ids[symbol])

        self._app.push_screen(choosing.ChoiceScreen(f"WHICH ONE IS {market.symbol} HERE?", lines), chosen)

    def choose(self) -> None:
        """Let the trader choose the account on the screen."""
        from tui_trader.ui.screens import choosing

        lines = []
        active, seats = self._desks.active, {seat.name: seat for seat in self._desks.seats}
        for name, why in self._desks.summary().items():
            seat = seats.get(name)
            if seat is None:
                again = self.more is not None and why != OPENING
                lines.append(choosing.Line(name, f"{name:<16} {why}{'; Enter tries again' if again else ''}", again))
            else:
                store = seat.desk.store
                legs, working = len(store.open_positions()), len(store.blotter.working())
                mark = "on the screen" if seat is active else f"{legs} positions, {working} orders"
                lines.append(choosing.Line(name, f"{name:<16} {seat.desk.account.badge:<6} {mark}"))

        def chosen(name: str | None) -> None:
            if name in seats:
                self.show(seats[name])
            elif name is not None and self.more is not None:
                self.begin(name, self.more(name))

        self._app.push_screen(choosing.ChoiceScreen("ACCOUNTS", lines), chosen)

    # -- opening ---------------------------------------------------------------------------------------------------

    def begin(self, name: str, opener: Opener) -> None:
        """Open an account beside those there are; it is said when that is done, or why it was not."""
        self._desks.begin(name, opener, self._opened, self._failed)

    def _opened(self, seat: Seat) -> None:
        self._app.seated(seat)
        self._watch_same(seat)
        self.say(f"{seat.desk.account.badge} {seat.name} is open: V or :on {seat.desk.account.venue.name} shows it")
        self._app.run_task(f"panic owed {seat.name}", self._pay(seat))

    def _failed(self, name: str, why: str) -> None:
        self.say(f"{name} was not opened: {why}", Severity.WARNING)
        for screen in self.screens.values():
            screen.company_changed()

    async def _pay(self, seat: Seat) -> None:
        result = await self._desks.pay_panic(seat)
        if result:
            self.say(f"{seat.name}, opened during the panic: {result}", Severity.ALARM)

    def _watch_same(self, seat: Seat) -> None:
        """Let n and N walk through the markets of the first account, where this one lists them and nobody said otherwise."""
        first = self._desks.seats[0]
        if first is seat:
            return
        known = first.desk.store.instruments
        for iid in first.symbols:
            found = counterparts(known[iid], seat.desk.store.instruments.values()) if iid in known else []
            symbols = self.screens[seat].trading.bench.symbols
            if len(found) == 1 and found[0].id not in symbols:
                symbols.append(found[0].id)

    # -- lines for another account ---------------------------------------------------------------------------------

    def there(self, line: Line) -> tuple[Desk, Line] | None:
        """Return the desk that a line of orders names, and the line as it is read there."""
        named = {(order.venue, order.account) for command in line.commands if (order := _order_of(command)) is not None}
        if not named or named == {("", "")}:
            return None
        if len(named) > 1:
            raise CommandError("one account in a line: each judges and confirms its own orders", fix="a line for each")
        seat = self._place(*named.pop())
        if seat is self._desks.active:
            return None
        return seat.desk, replace(line, commands=tuple(self._moved(seat, command) for command in line.commands))

    def _place(self, venue: str, label: str) -> Seat:
        active = self._desks.active
        if not label and active.answers_to(venue):
            return active
        if not venue and any(seat.answers_to(active.desk.account.venue.name, label) for seat in self._desks.seats):
            venue = active.desk.account.venue.name
        return self._desks.find(venue, label)

    def _moved(self, seat: Seat, command: c.Command) -> c.Command:
        order = _order_of(command)
        if order is None:
            raise CommandError("orders for another account stand alone in their line", fix="a line for each")
        moved = replace(order, symbol=self._symbol(seat, order.symbol).symbol, venue="", account="")
        return replace(command, order=moved) if isinstance(command, c.Scale | c.Chase) else moved

    def _symbol(self, seat: Seat, typed: str) -> InstrumentId:
        """Return what a typed symbol is at a desk: its own symbol, else the market that is meant here, found there."""
        here, there = self._desks.active.desk, seat.desk
        exact = [iid for iid in there.store.find(typed) if iid.symbol.lower() == typed.lower()] if typed else []
        if exact:
            return exact[0]
        market = self._market()
        if typed and (market is None or typed.lower() != market.base.lower()):
            try:
                market = here.store.instruments.get(here.symbol(typed))
            except ConfigError as error:
                raise CommandError(error.message, fix="Tab completes symbols") from error
        if market is None:
            raise CommandError("no symbol given and none on the screen", fix="buy 0.01 BTCUSDT on mexc")
        found = counterparts(market, there.store.instruments.values())
        if len(found) == 1:
            return found[0].id
        if not found:
            raise CommandError(f"{seat.name} lists no market like {market.symbol}", fix="name one of its symbols")
        raise CommandError(
            f"{market.symbol} could be {' or '.join(one.symbol for one in found)} at {seat.name}",
            fix=f"name it: {found[0].symbol}",
        )

    def _seat_of(self, desk: Desk) -> Seat:
        return next(seat for seat in self._desks.seats if seat.desk is desk)

    def enter(self, desk: Desk, line: Line) -> None:
        """Put a desk on the screen and run a line there."""
        seat = self._seat_of(desk)
        typed = self.screens[seat].trading.typed
        typed.check(line)
        self.show(seat)
        typed.begin(line)

    def explain(self, desk: Desk, line: Line) -> tuple[list[str], bool]:
        """Return in phrases what a line means at a desk, beginning with where that is."""
        seat = self._seat_of(desk)
        said, good = self.screens[seat].trading.typed.meaning(line)
        symbols = " ".join(order.symbol for command in line.commands if (order := _order_of(command)) is not None)
        return [f"at {seat.name} {symbols}", *said], good


def _order_of(command: c.Command) -> c.PlaceOrder | None:
    if not isinstance(command, ENTRIES):
        return None
    return command if isinstance(command, c.PlaceOrder) else command.order


def _checked(desk: Desk) -> bool:
    return desk.account.credential is None or desk.reconciled


def _blocked(desk: Desk) -> str:
    return desk.blocked(desk.focus) if desk.focus is not None else ""


def _lock(desk: Desk) -> str:
    return desk.lock
