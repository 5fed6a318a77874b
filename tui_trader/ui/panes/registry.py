"""Every pane of the trading screen, one row each: its place, its view, its focus key, the least room it can be read in.

A new pane is a row here. Where its place stands at each terminal size is ``ui/layout``'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tui_trader.core.types import InstrumentId
from tui_trader.ui.panes.beside import BesideView
from tui_trader.ui.panes.chart import ChartView
from tui_trader.ui.panes.fellow import Fellow
from tui_trader.ui.panes.fills import FillsView
from tui_trader.ui.panes.funding import FundingView
from tui_trader.ui.panes.header import HeaderView
from tui_trader.ui.panes.journal import JournalView
from tui_trader.ui.panes.labels import OrderLabels
from tui_trader.ui.panes.ladder import LadderView
from tui_trader.ui.panes.ladder_own import Ghost
from tui_trader.ui.panes.log import LogView
from tui_trader.ui.panes.message import MessageView
from tui_trader.ui.panes.orders import OrdersView
from tui_trader.ui.panes.pnl import PnlView
from tui_trader.ui.panes.positions import PositionsView
from tui_trader.ui.panes.status import StatusView
from tui_trader.ui.panes.tape import TapeView
from tui_trader.ui.panes.ticket import TicketView
from tui_trader.ui.panes.view import View
from tui_trader.ui.panes.watch import WatchView
from tui_trader.ui.panes.watch_alerts import AlertsView
from tui_trader.ui.slot import Size, Slot

if TYPE_CHECKING:
    from tui_trader.desk.desk import Desk


@dataclass(frozen=True, slots=True)
class Fittings:
    """What views are made from."""

    desk: Desk
    labels: OrderLabels
    bytes_per_second: Callable[[], float]
    """What the screen costs the link."""
    second: InstrumentId | None = None
    """What the second ladder begins with."""
    fellows: Callable[[], Sequence[Fellow]] = tuple
    """Every account of the program, the one of ``desk`` among them."""
    absent: Callable[[], Mapping[str, str]] = dict
    """Accounts that are not open, and why."""

    def others(self) -> list[Fellow]:
        """Return the accounts beside the one of ``desk``."""
        return [fellow for fellow in self.fellows() if not fellow.here]


@dataclass(frozen=True, slots=True)
class PaneRow:
    """One pane."""

    slot: Slot
    view: Callable[[Fittings], View]
    least: Size
    """Columns and rows, title line included; with less room the pane is not shown."""
    keys: str = ""
    """What gives it the focus; empty for a pane that cannot have it."""
    words: str = ""
    """What the help calls it, and what ``:layout`` is told."""
    about: str = ""
    """What it shows, for the manual."""
    framed: bool = True
    """Whether a title line is above it."""


def _header(fit: Fittings) -> HeaderView:
    desk = fit.desk
    return HeaderView(
        desk.store,
        desk.clock,
        badge=desk.account.badge,
        venue=desk.account.venue.name,
        account=desk.account.label,
        instrument=desk.focus,
        bytes_per_second=fit.bytes_per_second,
        day_limit=desk.facts.limits.day_loss,
        recording=lambda: desk.recording_words,
        fellows=fit.fellows,
        absent=fit.absent,
    )


def _ghost(desk: Desk) -> Ghost | None:
    resting = desk.stage.resting()
    return None if resting is None else Ghost(*resting)


PANES: tuple[PaneRow, ...] = (
    PaneRow(
        Slot.HEADER,
        _header,
        Size(1, 1),
        about="Environment, account, symbol, last, mark, funding; equity, profit, margin; links and their latency.",
        framed=False,
    ),
    PaneRow(
        Slot.BESIDE,
        lambda fit: BesideView(fit.desk.store, fit.desk.clock, fellows=fit.others, absent=fit.absent),
        Size(1, 1),
        about="With several accounts, below 160 columns: links, holdings and profit of the others, and what is NAKED there.",
        framed=False,
    ),
    PaneRow(
        Slot.POSITIONS,
        lambda fit: PositionsView(fit.desk.store, fit.desk.clock, made_by=fit.desk.protect.role, fellows=fit.fellows),
        Size(40, 5),
        "g p",
        "positions",
        "Every leg: size, entry, mark, profit, R, break-even, liquidation, what stands at the venue to protect it.",
    ),
    PaneRow(
        Slot.ORDERS,
        lambda fit: OrdersView(fit.desk.store, fit.desk.clock, fit.labels, made_by=fit.desk.protect.role, fellows=fit.fellows),
        Size(40, 4),
        "g o",
        "orders",
        "Working orders: what they are, how far they are from the market, their age and state.",
    ),
    PaneRow(
        Slot.BOOK,
        lambda fit: LadderView(fit.desk.store, fit.desk.clock, fit.desk.focus, ghost=partial(_ghost, fit.desk)),
        Size(30, 5),
        "g b",
        "the book",
        "The ladder: static, with own orders on their prices; it moves when asked to.",
    ),
    PaneRow(
        Slot.SECOND,
        lambda fit: LadderView(fit.desk.store, fit.desk.clock, fit.second),
        Size(30, 8),
        about="The ladder of another symbol, from 160 columns on.",
    ),
    PaneRow(
        Slot.CHART,
        lambda fit: ChartView(fit.desk.store, fit.desk.clock, fit.desk.focus),
        Size(30, 7),
        "g c",
        "the chart",
        "Candles from a second to a day, volume, own prices and fills; what nobody observed is dotted, not flat.",
    ),
    PaneRow(
        Slot.PNL,
        lambda fit: PnlView(fit.desk.store, fit.desk.clock, day_limit=fit.desk.facts.limits.day_loss),
        Size(24, 2),
        "g e",
        "profit and loss",
        "Profit of the day and the session, realised and open, fees, funding, trades won and lost, what the day may lose, each"
        " symbol's share, and the curve of equity; v changes between day and session.",
    ),
    PaneRow(
        Slot.FUNDING,
        lambda fit: FundingView(fit.desk.store, fit.desk.clock),
        Size(30, 4),
        "g f",
        "funding",
        "What holding each leg costs: the rate, also for a year, when it is due and what it would then be, what was paid today"
        " and since it was opened.",
    ),
    PaneRow(
        Slot.WATCH,
        lambda fit: WatchView(fit.desk.store, fit.desk.clock, fit.desk.attention),
        Size(30, 4),
        "g w",
        "the watchlist",
        "Watched and traded symbols: last, change, funding, open interest, basis, the hour, alerts. Enter shows one, v sorts.",
    ),
    PaneRow(
        Slot.ALERTS,
        lambda fit: AlertsView(fit.desk.store, fit.desk.clock, fit.desk.attention),
        Size(40, 4),
        "g a",
        "alerts",
        "Alerts and waiting lines: what each waits for, whether it can see, what it has done.",
    ),
    PaneRow(
        Slot.TAPE,
        lambda fit: TapeView(fit.desk.store, fit.desk.clock, fit.desk.focus, sizes=fit.desk.attention.terms.tape_sizes),
        Size(22, 3),
        "g t",
        "the tape",
        "Trades as they print, and what takers bought less what they sold in a minute; v leaves out small ones.",
    ),
    PaneRow(
        Slot.FILLS,
        lambda fit: FillsView(fit.desk.store, fit.desk.clock),
        Size(22, 3),
        "g h",
        "fills",
        "Own executions with fee and what they realised.",
    ),
    PaneRow(
        Slot.JOURNAL,
        lambda fit: JournalView(fit.desk.store, fit.desk.clock, fit.desk.notes.of),
        Size(40, 5),
        "g j",
        "the journal",
        "Trades from flat to flat with profit, R, fees, funding, slippage and a note; J writes one.",
    ),
    PaneRow(
        Slot.LOG,
        lambda fit: LogView(fit.desk.store, fit.desk.clock, fit.labels.name),
        Size(24, 1),
        "g l",
        "the log",
        "What was sent, what came of it, and what the terminal has to say.",
    ),
    PaneRow(
        Slot.TICKET,
        lambda fit: TicketView(fit.desk.store, fit.desk.clock, fit.desk.stage),
        Size(80, 4),
        about="The staged order and all its consequences, before it is sent.",
    ),
    PaneRow(
        Slot.COMMAND,
        lambda fit: MessageView(fit.desk.store, fit.desk.clock),
        Size(1, 1),
        about="What was said last; `:` and `/` type here.",
        framed=False,
    ),
    PaneRow(
        Slot.STATUS,
        lambda fit: StatusView(fit.desk.store, fit.desk.clock),
        Size(1, 1),
        about="SAFE, ARMED or what locks entries, then the keys of this moment.",
        framed=False,
    ),
)

LEAST: dict[Slot, Size] = {row.slot: row.least for row in PANES}
"""The panes that there are, with the least room of each."""

FOCUS_ORDER: tuple[Slot, ...] = tuple(row.slot for row in PANES if row.keys)
"""Those that can have the focus, in their order here."""
