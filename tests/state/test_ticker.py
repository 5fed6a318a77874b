"""Reference prices are laid over each other: what a message leaves out stays as it was."""

from __future__ import annotations

from decimal import Decimal as D

from tests.state.conftest import BTC
from tui_trader.core.event import TickerChanged
from tui_trader.state.ticker import Ticker


def test_what_is_not_said_stays() -> None:
    ticker = Ticker().merge(TickerChanged(BTC, 5, last=D(100), mark=D(101), open_24h=D(80)))
    ticker = ticker.merge(TickerChanged(BTC, 7, mark=D(102), next_funding_ns=9))
    assert (ticker.last, ticker.mark, ticker.index, ticker.next_funding_ns, ticker.at_ns) == (100, 102, None, 9, 7)


def test_a_zero_is_something_said() -> None:
    assert Ticker(funding_rate=D("0.01")).merge(TickerChanged(BTC, 5, funding_rate=D(0))).funding_rate == 0


def test_its_time_never_goes_back() -> None:
    assert Ticker(at_ns=9).merge(TickerChanged(BTC, 5, last=D(1))).at_ns == 9


def test_change_over_a_day_is_exact_and_absent_without_an_opening() -> None:
    assert Ticker(last=D("96.8"), open_24h=D(88)).change_pct == 10
    assert Ticker(last=D(1)).change_pct is None
    assert Ticker(last=D(1), open_24h=D(0)).change_pct is None
