"""What the chart shows of bars and gaps, where its prices and times stand, and what its keys do."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from tests.ui.panes.conftest import BTC, WALL, World
from tests.ui.panes.conftest import screen as lines
from tui_trader.core.bar import Bar, Basis, Gap
from tui_trader.core.clock import NS
from tui_trader.core.types import InstrumentId, Side
from tui_trader.state.charts import Filling, Page, Wish
from tui_trader.ui.panes.chart import ChartView
from tui_trader.ui.panes.chart_column import column_of, volume_of
from tui_trader.ui.panes.chart_scale import Scale, nice_step, scale_for, time_labels
from tui_trader.ui.panes.spans import Row, text_of, width_of
from tui_trader.ui.panes.view import in_ascii

NOW = WALL // NS
GUTTER = 11
"""Cells of ``67,400.0`` and what stands before it."""

MINUTE = NOW - NOW % 60


def bar(
    start: int, opened: str, high: str, low: str, close: str, volume: str = "5", *, interval: int = 60, known: int = 60
) -> Bar:
    return Bar(start, interval, D(opened), D(high), D(low), D(close), D(volume), 3, known, interval, Basis.TRADES)


def minutes(count: int) -> list[Bar | Gap]:
    """Return a market that rises by ten a minute."""
    return [
        bar(MINUTE - 60 * (count - 1 - n), str(67_000 + 10 * n), str(67_015 + 10 * n), str(66_995 + 10 * n), str(67_010 + 10 * n))
        for n in range(count)
    ]


@pytest.fixture
def world() -> World:
    return World().listed().links().ticker(last="67400")


def chart(world: World, bars: list[Bar | Gap] | None = None, *, interval: int = 60, end_s: int | None = None) -> ChartView:
    view = ChartView(world.store, world.clock, BTC)
    view.interval_s = interval
    show(world, minutes(40) if bars is None else bars, interval=interval, end_s=end_s)
    return view


def show(world: World, bars: list[Bar | Gap], *, interval: int = 60, end_s: int | None = None) -> None:
    world.store.charts.page = Page(Wish(BTC, interval, 40, end_s), tuple(bars), NOW)


def plot(rows: list[Row], gutter: int = GUTTER) -> list[str]:
    return [text_of(row)[:-gutter] for row in rows]


@pytest.mark.parametrize("size", [(30, 6), (46, 11), (80, 18), (150, 30), (200, 50), (31, 4), (31, 3)])
def test_every_size_is_filled_exactly(world: World, size: tuple[int, int]) -> None:
    width, height = size
    rows = chart(world).body(width, height)
    assert len(rows) == height
    assert {width_of(row) for row in rows} == {width}
    assert all(text_of(in_ascii(row)).isascii() for row in rows)


def test_it_asks_for_as_many_bars_as_it_has_room_for(world: World) -> None:
    view = ChartView(world.store, world.clock, BTC)
    assert "reading candles" in lines(view.body(60, 10))
    assert world.store.charts.wish == Wish(BTC, 60, 60 - view._gutter(world.store.instruments[BTC]), None)


def test_values_of_the_newest_bar_and_of_the_one_under_the_crosshair(world: World) -> None:
    view = chart(world)
    assert "O 67,390.0 H 67,405.0 L 67,385.0 C 67,400.0 V 5.000" in lines(view.body(100, 16))
    view.cursor_left()
    view.cursor_left()
    assert "O 67,380.0 H 67,395.0 L 67,375.0 C 67,390.0" in lines(view.body(100, 16))
    view.cursor_off()
    assert "C 67,400.0" in lines(view.body(100, 16))


def test_a_gap_is_dotted_and_a_quiet_bar_is_a_line(world: World) -> None:
    flat = bar(MINUTE, *["67000"] * 4, "0")
    bars: list[Bar | Gap] = [bar(MINUTE - 240, "67000", "67010", "66990", "67000"), Gap(MINUTE - 180, MINUTE), flat]
    rows = plot(chart(world, bars).body(60, 12))[1:-3]
    columns = list(zip(*rows, strict=True))
    shown = ["".join(column).replace(" ", "") for column in columns if "".join(column).strip()]
    assert shown[0].strip("┃╻╹│╷╵╽╿") == ""
    assert [set(text) for text in shown[1:4]] == [{"·"}] * 3
    assert shown[4] == "─"


def test_a_time_in_which_nobody_traded_before_any_price_is_blank(world: World) -> None:
    scale = Scale(D(90), D(110), 10)
    assert all(cell.text == " " for cell in column_of(Gap(0, 60, observed=True), scale, blocks=False))
    assert all(cell.text == " " for cell in column_of(None, scale, blocks=False))


def test_a_bar_that_is_not_known_whole_says_so(world: World) -> None:
    bars: list[Bar | Gap] = [
        bar(MINUTE - 60, "67000", "67010", "66990", "67000"),
        bar(MINUTE, "67000", "67010", "66990", "67005", known=20),
    ]
    rows = chart(world, bars).body(100, 12)
    assert "20 of 60 s known" in lines(rows)
    assert any(span.role == "stale" and span.text.strip() for row in rows[1:8] for span in row)


@pytest.mark.parametrize("blocks", [False, True])
def test_a_candle_reaches_from_its_high_to_its_low_to_half_a_row(blocks: bool) -> None:
    scale = Scale(D(0), D(19), 10)  # a half row is one
    cells = column_of(bar(0, "5", "18", "2", "10"), scale, blocks=blocks)
    filled = [row for row, cell in enumerate(cells) if cell.text != " "]
    assert (filled[0], filled[-1]) == (0, 8)
    bodies = [row for row, cell in enumerate(cells) if cell.text in "┃╻╹╽╿█▄▀"]
    assert (bodies[0], bodies[-1]) == (4, 7)
    assert {cell.role for cell in cells if cell.text != " "} == {"gain"}


def test_what_was_traded_is_never_nothing_in_the_volume() -> None:
    tiny = volume_of(bar(0, "1", "1", "1", "1", "0.001"), D(1000), 2)
    assert [cell.text for cell in tiny] == [" ", "▁"]
    assert [cell.text for cell in volume_of(bar(0, "1", "1", "1", "1", "1000"), D(1000), 2)] == ["█", "█"]


def test_prices_at_the_side_are_round_and_on_the_grid(world: World) -> None:
    instrument = world.store.instruments[BTC]
    for low, high, rows in (
        (D("66990"), D("67405"), 12),
        (D("0.5"), D("3.5"), 8),
        (D("67000"), D("67001"), 30),
        (D(9), D(99_999), 5),
    ):
        scale = scale_for(low, high, rows, instrument.tick)
        ticks = scale.ticks(instrument.tick)
        assert ticks
        for row, price in ticks.items():
            assert scale.row(price) == row
            assert price % instrument.tick == 0
            assert scale.bottom <= price <= scale.top


@pytest.mark.parametrize(
    ("least", "tick", "step"),
    [("7", "0.5", "10"), ("0.3", "0.5", "0.5"), ("12", "0.1", "20"), ("2", "25", "50"), ("0.00011", "0.0001", "0.0002")],
)
def test_steps_are_one_two_or_five(least: str, tick: str, step: str) -> None:
    assert nice_step(D(least), D(tick)) == D(step)


def test_times_stand_under_the_bars_that_begin_then() -> None:
    starts = [MINUTE - MINUTE % 3_600 + 60 * n for n in range(40)]
    line = time_labels(starts, 1, 40, "UTC")
    assert len(line) == 40
    hour = f"{starts[0] % 86_400 // 3_600:02d}"
    for minute in (0, 10, 20, 30):
        assert line[minute : minute + 5] == f"{hour}:{minute:02d}"


def test_days_are_written_as_days() -> None:
    starts = [1_700_006_400 + 86_400 * n for n in range(30)]
    assert time_labels(starts, 1, 36, "UTC").split()[-3:] == ["Dec", "07", "UTC"]


def test_a_time_under_the_newest_bars_reaches_beyond_them_and_the_zone_makes_room_for_it() -> None:
    start = MINUTE - MINUTE % 3_600
    starts = [start - 60 * (38 - n) for n in range(40)]  # the round hour is that of the last bar but one
    line = time_labels(starts, 1, 51, "UTC")
    assert line[38:43] == f"{start % 86_400 // 3_600:02d}:00"
    assert line.endswith("UTC")
    assert "UTC" not in time_labels(starts, 1, 45, "UTC")


def test_own_prices_are_lines_with_a_letter_and_those_beyond_are_at_the_edge(world: World) -> None:
    world.position(entry="67200", liquidation="60310")
    rows = chart(world).body(80, 20)
    text = lines(rows)
    assert "E 67,200.0" in text
    assert "L▼60,310.0" in text
    line = next(row for row in rows if "E 67,200.0" in text_of(row))
    assert any("╌" in span.text and span.role == "accent" for span in line)


def test_the_price_of_now_stands_at_the_side(world: World) -> None:
    rows = chart(world).body(80, 20)
    (row,) = [row for row in rows if "▸ 67,400.0" in text_of(row)]
    assert row[-1].role == "bid_bar"


def test_the_crosshair_colours_its_own_bar_and_nothing_beside_it(world: World) -> None:
    view = chart(world)
    view.body(120, 20)
    for _ in range(5):
        view.cursor_left()
    marked = [span.text for row in view.body(120, 20) for span in row if span.role == "cursor"]
    assert marked
    assert all(len(text) == 1 for text in marked)


def test_a_low_chart_has_round_prices_beside_it_all_the_same(world: World) -> None:
    rows = chart(world).body(60, 11)
    assert sum("┤" in text_of(row) for row in rows) >= 2


def test_what_the_venue_is_still_asked_for_is_told(world: World) -> None:
    view = chart(world)
    charts, wish = world.store.charts, Wish(BTC, 60, 40)
    charts.filling = Filling(wish, 600, 2_400)
    assert "filling 75%" in [text_of(each.spans) for each in view.title()]
    charts.filling = Filling(wish, 600, 2_400, waits=True)
    assert "filling 75%, waits" in [text_of(each.spans) for each in view.title()]
    show(world, [Gap(MINUTE - 2_400, MINUTE)])
    assert "asking phemex for candles" in lines(view.body(60, 10))
    charts.filling = Filling(Wish(BTC, 3_600, 40), 600, 2_400)  # another chart's
    assert not any("filling" in text_of(each.spans) for each in view.title())
    assert "no candle of 1m is known" in lines(view.body(60, 10))


def test_own_fills_are_marked_in_their_bar(world: World) -> None:
    world.fill(Side.BUY, price="67300", ago=NOW - MINUTE + 600)
    rows = chart(world).body(80, 20)
    (row,) = [row for row in rows[1:-3] if any(span.role == "own_bid" and "▲" in span.text for span in row)]
    newest = 80 - GUTTER - 1
    assert text_of(row)[newest - 10] == "▲"


def test_scrolling_back_asks_for_the_past_and_says_so_and_comes_back(world: World) -> None:
    view = chart(world)
    view.body(51, 16)
    view.scroll(-1)
    view.body(51, 16)
    wish = world.store.charts.wish
    assert wish is not None
    assert wish.end_s == MINUTE + 60 - 20 * 60
    assert any(part.spans[0].text == "PAST" for part in view.title())
    show(world, minutes(20), end_s=wish.end_s)
    view.body(51, 16)
    view.scroll(1)
    view.scroll(1)
    view.body(51, 16)
    wish = world.store.charts.wish
    assert wish is not None
    assert wish.end_s is None


def test_the_crosshair_takes_the_chart_with_it_at_its_left_edge(world: World) -> None:
    view = chart(world)
    view.body(51, 16)
    view.cursor_top()
    view.cursor_left()
    view.body(51, 16)
    wish = world.store.charts.wish
    assert wish is not None
    assert wish.end_s == MINUTE


def test_timeframes_go_from_a_second_to_a_day(world: World) -> None:
    view = chart(world)
    for _ in range(30):
        view.timeframe(-1)
    assert view.title()[0].spans[0].text == "CHART 1s"
    for _ in range(30):
        view.timeframe(1)
    assert view.title()[0].spans[0].text == "CHART 1D"
    assert view.interval_s == 86_400


def test_another_contract_is_asked_for(world: World) -> None:
    view = chart(world)
    view.watch(InstrumentId("phemex", "ETHUSDT"))
    assert "reading candles" in lines(view.body(60, 10))


def test_a_price_that_moves_a_little_moves_no_other(world: World) -> None:
    view = chart(world)
    before = view.body(80, 20)
    bars = minutes(40)
    newest = bars[-1]
    assert isinstance(newest, Bar)
    show(world, [*bars[:-1], newest._replace(close=D("67403"))])
    after = view.body(80, 20)
    assert [text_of(row)[:60] for row in before[1:-3]] == [text_of(row)[:60] for row in after[1:-3]]
    pairs = [(old[:-1], new[:-1]) for old, new in zip(before, after, strict=True)]
    same = sum(1 for old, new in pairs if old and all(a is b for a, b in zip(old, new, strict=False)))
    assert same > 10  # rows that nothing changed in are not composed again
