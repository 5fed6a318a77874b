"""The page that is made of figures: nothing here measures time."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from . import long as long_run
from . import page
from .limits import FILE, Limit, limits
from .measure import Ratio
from .plot import Bar, Curve, bars, curves, fitted
from .table import Row, as_json, render

ROWS = [
    Row("G1", "feed", "1 us", "2 us", Ratio((0.4, 0.6)), 0.75),
    Row("G4", "frame <CPU>", "2 ms", "1 ms", Ratio((2.0, 4.0)), 1.5, "a remark"),
    Row("-", "told", "1", "2", Ratio((9.0,))),
]
FOUND = json.loads(
    json.dumps(
        {"command": "python -m tests.bench", "machine": ["a machine"], "rows": [as_json(row) for row in ROWS], "ended": "2 s"}
    )
)


class TestPage:
    def test_a_page_has_the_table_as_it_was_printed_and_counts_what_is_met(self) -> None:
        text = page.write(FOUND, None, {}, page.TEMPLATE.read_text())
        assert "a machine" in text
        assert "frame <CPU>" in text
        assert "1 of 2 goals are met; missed: G4 (by 100 %)." in text
        assert "<!--" not in text

    def test_a_miss_is_explained_by_what_is_known_of_it_and_a_goal_that_is_met_is_not(self) -> None:
        known = {"G4": Limit("in the rows", "caches", "Python"), "G1": Limit("nowhere")}
        text = page.misses(ROWS, known)
        assert "### G4: frame <CPU>\n\nMISS by 100 %: 2 ms against 1 ms." in text
        assert "- **Where it goes.** in the rows\n- **What was tried.** caches\n- **The limit.** Python" in text
        assert "nowhere" not in text
        assert "Nothing is written down" in page.misses(ROWS, {})

    def test_a_goal_of_several_lines_is_met_when_all_of_them_are_and_explained_once(self) -> None:
        def two(*shares: float) -> list[Row]:
            return [Row("G7", f"line {place}", "", "", Ratio((share,)), 1.5) for place, share in enumerate(shares)]

        assert page.verdicts(two(1.0, 1.2)) == "1 of 1 goals are met."
        assert page.verdicts(two(1.0, 3.0)) == "0 of 1 goals are met; missed: G7 (by 100 %)."
        assert page.verdicts(two(2.25, 3.0)) == "0 of 1 goals are met; missed: G7 (by 50 %; by 100 %)."
        text = page.misses(two(2.25, 3.0), {"G7": Limit("in the rows")})
        assert text.count("### G7: line") == 2
        assert text.count("in the rows") == 1

    def test_figures_of_something_else_are_refused(self) -> None:
        with pytest.raises(ValueError, match="no figures"):
            page.write({"machine": []}, None, {}, page.TEMPLATE.read_text())
        with pytest.raises(ValueError, match="has no"):
            page.write(FOUND, None, {}, "nothing")

    def test_the_page_in_the_manual_shows_the_figures_that_are_kept_beside_it(self) -> None:
        found = json.loads(page.FIGURES.read_text())
        shown = page.PAGE.read_text()
        assert render(page.rows_of(found)) in shown, "python -m tests.bench.page writes it anew"
        assert page.verdicts(page.rows_of(found)) in shown
        assert page.PLOT.read_text() == page.plot(found)


class TestLimits:
    def test_what_is_kept_can_be_read(self) -> None:
        limits(FILE.read_text())

    def test_lines_are_joined_and_other_keys_are_refused(self) -> None:
        assert limits('[G4]\nprofile = """\na\nb"""')["G4"].profile == "a b"
        with pytest.raises(ValueError, match="there are profile, tried and limit"):
            limits('[G4]\nreason = "a"')
        with pytest.raises(ValueError, match="a table of texts"):
            limits("[G4]\nprofile = 3")


class TestPlot:
    def test_a_plot_is_well_formed_and_a_miss_ends_right_of_the_line(self) -> None:
        root = ET.fromstring(bars("t", [Bar("G1 <", 0.5, 0.4, 0.6), Bar("G4", 2.0, 1.5, 90.0)]))
        rects = [node for node in root if node.tag.endswith("rect")][1:]
        line = next(node for node in root if node.tag.endswith("line") and node.get("stroke-width") == "2")
        ends = [float(node.get("x", "")) + float(node.get("width", "")) for node in rects]
        assert ends[0] < float(line.get("x1", "")) < ends[1]

    def test_curves_are_well_formed_even_of_one_point(self) -> None:
        ET.fromstring(curves("t", [Curve("rss", "MB", [(0.0, 0.0)]), Curve("p99", "ms", [(0.0, 1.0), (60.0, 2.0)], (1.0, 0.01))]))

    def test_a_line_is_fitted(self) -> None:
        start, slope = fitted([(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)])
        assert (start, slope) == pytest.approx((1.0, 2.0))
        with pytest.raises(ValueError, match="no line"):
            fitted([(1.0, 1.0)])


class TestLong:
    def run(self, rise: float) -> long_run.Run:
        run = long_run.Run(keys=[1.0, 2.0], lags=[0.1])
        for step in range(40):
            run.add(step, (60.0 + rise * step / 40, 18, 2.0, 5.0, 9.0 + step % 3, 12.0))
        return run

    def test_what_rises_is_told_from_what_is_flat(self) -> None:
        flat = long_run.told(self.run(1.0), 5_000, ["a machine"])
        rising = long_run.told(self.run(30.0), 5_000, ["a machine"])
        assert "flat" in flat["lines"][2]
        assert "RISES" in rising["lines"][2]
        assert all("flat" in line for line in rising["lines"][3:8])

    def test_what_fills_up_in_the_first_quarter_is_no_rise_and_the_title_says_how_long_it_ran(self) -> None:
        run = long_run.Run()
        for step in range(40):
            run.add(step, (50.0 + min(step, 10) * 3, 18, 2.0, 5.0, 9.0, 12.0))
        found = long_run.told(run, 5_000, [])
        assert "flat" in found["lines"][2]
        assert found["title"].startswith("39 minutes at")

    def test_its_page_shows_the_lines_and_its_plot_is_well_formed(self) -> None:
        found = json.loads(json.dumps(long_run.told(self.run(1.0), 5_000, ["a machine"])))
        ET.fromstring(page.long_plot(found))
        assert "39 minutes at 5,000 messages a second" in page.long_part(found)

    def test_a_run_of_one_reading_says_that_it_is_too_short(self) -> None:
        run = long_run.Run()
        run.add(0.5, (60.0, 18, 2.0, 5.0, 9.0, 12.0))
        assert "too short to say" in long_run.told(run, 5_000, [])["lines"][2]
