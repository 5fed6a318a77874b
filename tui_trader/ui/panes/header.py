"""The header: where this is, what the market does, how the links are, and what the account is worth.

LIVE is said in words as well as in colour. On a narrow screen the less important disappears whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import ClassVar

from tui_trader.core.clock import Clock, hms
from tui_trader.core.decimals import HUNDRED
from tui_trader.core.types import InstrumentId, LinkState
from tui_trader.state import topic as t
from tui_trader.state.cover import open_risk
from tui_trader.state.store import Store
from tui_trader.ui.format import NOTHING, brief_latency, byte_rate, countdown, latency, money, number, percent, worth
from tui_trader.ui.panes.accounts_total import CURRENCY, together
from tui_trader.ui.panes.beside import in_a_line
from tui_trader.ui.panes.fellow import Fellow
from tui_trader.ui.panes.positions_total import risk_words
from tui_trader.ui.panes.spans import Part, Row, Span, Steady, by_rank, page, part, width_of
from tui_trader.ui.panes.view import View

_TWO_HALVES = 110
"""Cells from which links stand on the account line; below, they share the first line with the market."""

WIDE_WIDTH = 160
"""Cells from which all accounts of the program stand in the header."""

_ROUND_NS = 10_000_000


@cache
def _topics(instrument: InstrumentId | None) -> frozenset[t.Topic]:
    own = {t.PNL, t.MARKS, t.BALANCES, t.LINKS, t.POSITIONS, t.ORDERS, t.INSTRUMENTS, t.CLOCK}
    return frozenset(own if instrument is None else own | {t.ticker_topic(instrument)})


class HeaderView(View):
    """Two lines: venue, market and links; then the account."""

    name: ClassVar[str] = "header"

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        badge: str,
        venue: str,
        account: str = "main",
        instrument: InstrumentId | None = None,
        bytes_per_second: Callable[[], float] | None = None,
        day_limit: Decimal | None = None,
        recording: Callable[[], str] | None = None,
        fellows: Callable[[], Sequence[Fellow]] = tuple,
        absent: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        super().__init__(store, clock)
        self.badge = badge
        """Whether money is real: ``LIVE``, ``TEST``, ``SIM`` or ``CUSTOM``."""
        self.venue = venue
        self.account = account
        self.day_limit = day_limit
        """Loss at which the day ends, as a positive amount; None when there is no limit."""
        self._bytes_per_second = bytes_per_second
        self._recording = recording
        self._fellows = fellows
        self._absent = absent
        self._iid = instrument
        self._steady = Steady()
        self._width = -1

    # -- keys ------------------------------------------------------------------------------------------------------

    def watch(self, instrument: InstrumentId | None) -> None:
        """Show another contract."""
        if instrument != self._iid:
            self._iid = instrument
            self._steady.forget()
            self.moved()

    @property
    def instrument(self) -> InstrumentId | None:
        """The contract shown."""
        return self._iid

    # -- content ---------------------------------------------------------------------------------------------------

    @property
    def topics(self) -> frozenset[t.Topic]:
        return _topics(self._iid)

    def body(self, width: int, height: int) -> list[Row]:
        if width != self._width:
            self._width = width
            self._steady.forget()
        links = self._links()
        roomy = width >= _TWO_HALVES
        clock = (Span(hms(self.clock.wall_ns()) + "Z", "dim"),)
        fellows = self._fellows() if width >= WIDE_WIDTH else ()
        if len(fellows) + len(self._absent()) > 1 and fellows:
            first = by_rank(self._company(fellows), width - width_of(clock) - 1)
            return page([(*first, Span(" ", "text"), *clock), self._company_links(fellows, width)], width, height)
        if roomy:
            first = by_rank(self._market(roomy), width - width_of(clock) - 1)
            first = (*first, Span(" ", "text"), *clock)
            right = by_rank(links, min(width // 2, sum(width_of(link.spans) for link in links) + 2 * len(links) - 2))
            left = by_rank(self._account(), width - width_of(right) - 3)
            second = (*left, Span(" │ ", "border"), *right)
        else:
            first = by_rank([*self._market(roomy), *links], width, gap=1)
            second = by_rank([*self._account(), Part(9, clock)], width)
        return page([first, second], width, height)

    # -- several accounts, on a wide screen --------------------------------------------------------------------------

    def _company(self, fellows: Sequence[Fellow]) -> list[Part]:
        """Return which accounts there are, and all of them together."""
        badges = list(dict.fromkeys(fellow.badge for fellow in fellows))
        parts = [part(0, f" {badge} ", f"mode_{badge.lower()}") for badge in badges]
        if self._recording is not None and (words := self._recording()):
            parts.append(part(0, words, "rec"))
        parts.append(part(9, f"{len(fellows)} account{'s' if len(fellows) > 1 else ''}", "dim"))
        for fellow in fellows:
            # The one on the screen is marked by more than a colour.
            parts.append(part(0 if fellow.here else 3, f"[{fellow.name}]" if fellow.here else fellow.name, fellow.role))
        total = together(fellows)
        doubt, old = ("?", "stale") if total.doubtful else ("", "")
        parts += [
            part(1, self._steady("eq", f"eq {money(total.equity, CURRENCY)} {CURRENCY}{doubt}"), old or "text"),
            part(7, self._steady("avail", f"avail {money(total.available, CURRENCY)}{doubt}"), old or "text"),
            part(
                2,
                self._steady("uP&L", f"uP&L {money(total.unrealised, CURRENCY, signed=True)}{doubt}"),
                old or _tone(total.unrealised),
            ),
            part(2, self._steady("day", f"day {money(total.day, CURRENCY, signed=True)}{doubt}"), old or _tone(total.day)),
            part(6, self._steady("mgn", f"mgn {number(total.margin_pct, 0)}%{doubt}"), old or "text"),
        ]
        if total.legs:
            doubt, old = ("?", "stale") if total.exposure_doubtful else ("", "")
            parts.append(part(5, self._steady("net", f"net {worth(total.net, 6, signed=True)}{doubt}"), old or "text"))
            parts.append(part(5, self._steady("gross", f"gross {worth(total.gross, 5)}{doubt}"), old or "text"))
            unbounded = "" if total.bounded else "+unbounded"
            share = f" ({number(total.risk_pct, 1)}%)" if total.bounded and not total.doubtful else ""
            parts.append(part(4, f"open risk {money(total.risk, CURRENCY)}{unbounded}{share}", "text"))
        if desync := sum(len(fellow.store.desync) for fellow in fellows):
            parts.append(part(1, f"{desync} DESYNC", "alarm"))
        if total.naked:
            parts.append(part(1, f"{total.naked} NAKED", "alarm"))
        return parts

    def _company_links(self, fellows: Sequence[Fellow], width: int) -> Row:
        """Return one segment for each account: its lanes, and what cannot be done there now."""
        rest: list[Row] = [(Span(f"-{name} ", "dim"), Span(why, "warning")) for name, why in self._absent().items()]
        if self._bytes_per_second is not None:
            rest.append((Span(self._steady("out", f"out {byte_rate(int(self._bytes_per_second()))}"), "dim"),))
        told = [*(_link_segment(fellow) for fellow in fellows), *rest]
        if sum(width_of(one) + 3 for one in told) > width:
            told = [*(_link_segment(fellow, brief=True) for fellow in fellows), *rest]
        return in_a_line(told, width)

    # -- one account -------------------------------------------------------------------------------------------------

    def _market(self, roomy: bool) -> list[Part]:
        place = f"{self.venue}/{self.account}"
        parts = [part(0, f" {self.badge} " if roomy else self.badge, f"mode_{self.badge.lower()}")]
        if self._recording is not None and (words := self._recording()):
            parts.append(part(0, words, "rec"))
        parts += [
            part(3, place, "text"),
        ]
        if self._iid is None:
            return [*parts, part(1, "no symbol chosen", "dim")]
        parts.append(part(1, self._iid.symbol, "symbol"))
        instrument = self.store.instruments.get(self._iid)
        ticker = self.store.ticker(self._iid)
        if instrument is None or ticker.last is None:
            return [*parts, part(2, "waiting for the ticker", "dim")]
        old = not self._ticker_is_fresh()
        places, doubt = instrument.price_places, "?" if old else ""
        change = ticker.change_pct
        role = "stale" if old or change is None else ("gain" if change > 0 else "loss" if change < 0 else "text")
        parts.append(part(2, self._steady("last", number(ticker.last, places) + doubt), role))
        parts.append(part(6, self._steady("change", percent(change) + doubt), role))
        plain = "stale" if old else "text"
        if ticker.mark is not None:
            parts.append(part(8, self._steady("mark", f"mark {number(ticker.mark, places)}{doubt}"), plain))
        if ticker.index is not None:
            parts.append(part(9, self._steady("index", f"idx {number(ticker.index, places)}{doubt}"), plain))
        if ticker.funding_rate is not None:
            parts.append(part(7, self._steady("funding", self._funding(roomy) + doubt), plain))
        return parts

    def _funding(self, roomy: bool) -> str:
        assert self._iid is not None
        ticker = self.store.ticker(self._iid)
        assert ticker.funding_rate is not None
        rate = percent(ticker.funding_rate * HUNDRED, 4)
        due = ticker.next_funding_ns
        if not roomy:
            rate = rate.replace("0.", ".", 1) if rate[:3] in ("+0.", "-0.") or rate.startswith("0.") else rate
            return f"fund {rate} {countdown(due - self.clock.wall_ns(), seconds=False)}" if due else f"fund {rate}"
        return f"fund {rate} in {countdown(due - self.clock.wall_ns())}" if due else f"fund {rate}"

    def _ticker_is_fresh(self) -> bool:
        assert self._iid is not None
        age = self.store.age_ns("ticker", self._iid)
        link = self.store.links.get((self._iid.venue, "public"))
        return age is not None and age <= self.store.limits.ticker_ns and (link is None or link.is_live)

    def _links(self) -> list[Part]:
        parts = [self._link("public", "pub", 4), self._link("private", "priv", 5)]
        if self.store.guards.get(self.venue):
            parts.append(part(6, "COD", "warn"))
        if self.store.order_rtt.count:
            parts.append(part(10, f"rest {latency(self.store.order_rtt.last_ns)}", "dim"))
        if self._bytes_per_second is not None:
            parts.append(part(11, self._steady("rate", byte_rate(int(self._bytes_per_second()))), "dim"))
        if self.store.unreadable:
            parts.append(part(6, f"{self.store.unreadable} unreadable", "warn"))
        return parts

    def _link(self, lane: str, word: str, rank: int) -> Part:
        """Return a lane: ``*pub 40ms`` when it is live, ``!pub DOWN 2.1s`` when it is not."""
        link = self.store.links.get((self.venue, lane))
        if link is None:
            return part(rank, f"-{word} {NOTHING}", "dim")
        now = self.clock.mono_ns()
        if link.state is not LinkState.LIVE:
            return part(rank, f"!{word} {link.state.value.upper()} {brief_latency(now - link.changed_ns)}", "alarm")
        quiet = now - link.heard_ns
        if quiet > self.store.limits.private_ns:
            return part(rank, f"!{word} SILENT {brief_latency(quiet)}", "alarm")
        shown = link.rtt_ns or quiet // _ROUND_NS * _ROUND_NS
        return part(rank, f"*{word} {brief_latency(shown):<4}", "good")

    def _account(self) -> list[Part]:
        instrument = self.store.instruments.get(self._iid) if self._iid is not None else None
        pnl = self.store.pnl(instrument.settle) if instrument is not None else None
        pnl = pnl or self.store.pnl()
        if pnl is None:
            return [part(0, "waiting for the balance", "dim"), *self._alarms()]
        doubt = "" if pnl.complete and self.store.private_is_fresh(self.venue) else "?"
        currency = pnl.currency

        def amount(rank: int, label: str, value: Decimal, role: str = "text", *, signed: bool = False) -> Part:
            text = f"{label} {money(value, currency, signed=signed)}{doubt}"
            return part(rank, self._steady(label, text), "stale" if doubt else role)

        day = f"day {money(pnl.day, currency, signed=True)}{doubt}"
        day_role = "stale" if doubt else _tone(pnl.day)
        if self.day_limit:
            day += f"/-{number(self.day_limit, 0)}"
            if not doubt and pnl.day * (self.store.dollars(currency) or 0) <= -self.day_limit * 8 / 10:
                day_role = "alarm"
        return [
            amount(0, "eq", pnl.equity),
            amount(5, "avail", pnl.available),
            amount(2, "uP&L", pnl.unrealised, _tone(pnl.unrealised), signed=True),
            part(1, self._steady("day", day), day_role),
            part(4, self._steady("mgn", f"mgn {number(pnl.margin_pct, 0)}%{doubt}"), "stale" if doubt else "text"),
            *self._alarms(),
        ]

    def _alarms(self) -> list[Part]:
        legs = [
            (leg, self.store.instruments.get(leg.instrument), self.store.covers.of(leg)) for leg in self.store.open_positions()
        ]
        naked = sum(cover.is_naked for _, _, cover in legs)
        desync = len(self.store.desync)
        parts = [part(1, f"{desync} DESYNC", "alarm")] if desync else []
        if legs:
            parts.append(part(6, f"open risk {risk_words(open_risk(legs))}", "text"))
        return [*parts, part(1, f"{naked} NAKED", "alarm")] if naked else parts


def _link_segment(fellow: Fellow, *, brief: bool = False) -> Row:
    """Return ``*mexc/main pub 88ms priv 91ms rest 240ms``, ``!paradex/l2 pub 66ms priv RESYNC 2.1s entries blocked, …``."""
    row = [Span("*" if fellow.is_well else "!", "good" if fellow.is_well else "alarm"), Span(fellow.name, fellow.role)]
    for word, lane in zip(("pub", "priv"), fellow.lanes(), strict=True):
        role = "text" if lane.good else "alarm" if lane.there else "dim"
        row.append(Span(f" {word} {lane.text:<4}", role))
    store = fellow.store
    if lock := fellow.lock():
        row.append(Span(f" {lock}", "alarm"))
    elif not fellow.is_well:
        row.append(Span(" entries blocked" if brief else " entries blocked, cancels ok via rest", "warning"))
    elif store.order_rtt.count:
        row.append(Span(f" rest {latency(store.order_rtt.last_ns)}", "dim"))
    if store.unreadable:
        row.append(Span(f" {store.unreadable} unreadable", "warn"))
    return tuple(row)


def _tone(value: Decimal) -> str:
    return "gain" if value > 0 else ("loss" if value < 0 else "text")
