"""What a chart looks at, and the bars that were read for it: the meeting place of a view, which may not wait for a disk, and of
whoever reads the candle store.

A view says what it wants to see; the desk reads it and puts it here. Trades that are not in the file yet are laid over it, so
that the newest bar moves with the market.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tui_trader.core.bar import Bar, Bars, Basis, Gap
from tui_trader.core.second import Second
from tui_trader.core.types import InstrumentId


@dataclass(frozen=True, slots=True)
class Wish:
    """A stretch of bars of one instrument."""

    instrument: InstrumentId
    interval_s: int
    count: int
    end_s: int | None = None
    """The second after the newest bar wanted; None to follow the market."""


@dataclass(frozen=True, slots=True)
class Page:
    """The bars that were read for a wish, oldest first."""

    wish: Wish
    bars: Sequence[Bar | Gap]
    known_until_s: int
    """Up to when the feed was listened to without a break; later seconds are not known yet."""


@dataclass(frozen=True, slots=True)
class Filling:
    """How much of what a chart wishes to see the venue is still asked for."""

    wish: Wish
    unknown_s: int
    of_s: int
    waits: bool = False
    """Whether nothing is asked now: the rest of the venue's budget is kept for orders."""

    @property
    def percent(self) -> int:
        """How much is known, in whole percent."""
        return (self.of_s - self.unknown_s) * 100 // self.of_s


class Charts:
    """One wish and its page. Two writers that never overlap: the view writes the wish, the desk everything else."""

    def __init__(self) -> None:
        self.wish: Wish | None = None
        self.page: Page | None = None
        self.live: dict[InstrumentId, list[Second]] = {}
        """What was traded and is not in the page yet, by instrument, oldest first."""
        self.filling: Filling | None = None
        """What the venue is still asked for; None where nothing is, also when it told all that it knows."""
        self.wished: Callable[[], None] = lambda: None
        """Called when the wish has changed."""
        self.version = 0
        """Counts every change of what would be drawn."""

    def ask(self, wish: Wish) -> None:
        """Want to see something."""
        if wish != self.wish:
            self.wish = wish
            self.wished()

    def bars(self, instrument: InstrumentId, interval_s: int) -> Bars | None:
        """Return what is known for the wish with the newest trades laid over it; None while nothing was read for it."""
        page = self.page
        if page is None or page.wish.instrument != instrument or page.wish.interval_s != interval_s:
            return None
        if page.wish.end_s is not None:
            return list(page.bars)
        return with_live(page.bars, interval_s, self.live.get(instrument, ()))


def with_live(bars: Iterable[Bar | Gap], interval_s: int, seconds: Iterable[Second]) -> Bars:
    """Return bars with seconds added to the ones that they belong to, or after them."""
    out = list(bars)
    for second in seconds:
        start = second.start_s - second.start_s % interval_s
        last = out[-1] if out else None
        if last is not None and last.start_s > start:
            continue  # late: it is in the page with the next reading
        if isinstance(last, Bar) and last.start_s == start:
            out[-1] = _joined(last, second)
            continue
        if isinstance(last, Gap) and last.end_s > start:
            out[-1] = last._replace(end_s=start)
            if out[-1].start_s == out[-1].end_s:
                out.pop()
        elif last is not None and (end := last.end_s) < start:
            out.append(Gap(end, start, observed=True))
        passed = second.start_s - start + 1
        prices = (second.open, second.high, second.low, second.close)
        out.append(Bar(start, interval_s, *prices, second.volume, second.trades, passed, passed, Basis.TRADES))
    return out


def _joined(bar: Bar, second: Second) -> Bar:
    if bar.is_quiet:
        bar = bar._replace(open=second.open, high=second.high, low=second.low)
    passed = max(bar.passed_s, second.start_s - bar.start_s + 1)
    more = passed - bar.passed_s
    return bar._replace(
        high=max(bar.high, second.high),
        low=min(bar.low, second.low),
        close=second.close,
        volume=bar.volume + second.volume,
        trades=bar.trades + second.trades,
        known_s=min(passed, bar.known_s + more),
        passed_s=passed,
        basis=bar.basis if bar.basis in (Basis.TRADES, Basis.MIXED) else Basis.MIXED,
    )
