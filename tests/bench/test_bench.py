"""The benchmark's own arithmetic and its market; nothing here measures time."""

from __future__ import annotations

import argparse
import json

import orjson
import pytest

from tui_trader.core.clock import SystemClock
from tui_trader.net.limiter import Limiter

from . import enter, latency
from . import long as long_run
from .__main__ import GOALS, GROUPS, build_parser, goals_of
from .cockpit_floor import Floor
from .cockpit_rows import merged
from .disk import RECORD_BYTES, Disk
from .exchange import STILL, Flood, newest_rate, template
from .feed import ours, parse
from .feeder import _frame, _unmask
from .frame import Turn, net, rows
from .measure import Ratio, percentile, take_turns
from .pty_probe import _painted
from .roomy import widen
from .stream import LEVELS, Stream, instrument, mixed, symbols
from .table import Row, as_json, render, skipped


class TestStream:
    def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not(self) -> None:
        frames = list(Stream(seed=3).frames(300))
        assert frames == list(Stream(seed=3).frames(300))
        assert frames != list(Stream(seed=4).frames(300))

    def test_the_mix_is_85_10_4_1(self) -> None:
        frames = list(Stream().frames(20_000))[1:]
        share = {key: sum(key in frame for frame in frames) / len(frames) for key in KEYS}
        assert share == pytest.approx(
            {b"orderbook_p": 0.85, b"trades_p": 0.10, b"perp_market24h": 0.04, b"accounts_p": 0.01}, abs=0.01
        )

    def test_sequences_rise_and_numbers_are_decimal_text(self) -> None:
        last = 0
        for frame in Stream().frames(2_000):
            message = orjson.loads(frame)
            if "sequence" in message:
                assert message["sequence"] > last
                last = message["sequence"]
            book = message.get("orderbook_p")
            if book:
                assert all(type(number) is str for side in book.values() for row in side for number in row)

    def test_it_never_crosses_and_keeps_its_depth(self) -> None:
        stream = Stream()
        for number, _ in enumerate(stream.frames(5_000)):
            if number % 50:
                continue
            bids, asks = stream.top(LEVELS)
            assert bids[0][0] < asks[0][0]
            assert LEVELS // 2 <= len(bids) <= LEVELS
            assert LEVELS // 2 <= len(asks) <= LEVELS

    def test_reading_it_ends_in_its_own_book(self) -> None:
        stream = Stream()
        frames = list(stream.frames(3_000))
        assert ours(frames) == stream.top()
        parse(frames)

    def test_a_lost_frame_is_noticed(self) -> None:
        stream = Stream()
        frames = list(stream.frames(3_000))
        del frames[-60:]
        assert ours(frames) != stream.top()

    def test_many_symbols_start_with_their_snapshots(self) -> None:
        names = symbols(4)
        frames = list(mixed([Stream(name) for name in names], 200))
        assert len(frames) == 200
        assert [orjson.loads(frame)["symbol"] for frame in frames[:4]] == names
        assert all(orjson.loads(frame)["type"] == "snapshot" for frame in frames[:4])
        assert names[0] == instrument(names[0]).symbol == "BTCUSDT"


KEYS = (b"orderbook_p", b"trades_p", b"perp_market24h", b"accounts_p")


class TestMeasure:
    def test_a_ratio_is_taken_per_round(self) -> None:
        ratio = Ratio.of([1.0, 4.0, 3.0], [2.0, 2.0, 2.0])
        assert ratio.values == (0.5, 2.0, 1.5)
        assert (ratio.median, ratio.low, ratio.high) == (1.5, 0.5, 2.0)

    def test_rounds_must_match_and_exist(self) -> None:
        with pytest.raises(ValueError, match="zip"):
            Ratio.of([1.0], [1.0, 2.0])
        with pytest.raises(ValueError, match="no rounds"):
            Ratio.of([], [])

    def test_sides_take_turns_and_another_one_begins_each_round(self) -> None:
        order: list[str] = []

        def side(name: str) -> float:
            order.append(name)
            return float(len(order))

        found = take_turns(3, {name: (lambda name=name: side(name)) for name in "abc"})  # type: ignore[misc]
        assert "".join(order) == "abcbcacab"
        assert found == {"a": [1.0, 6.0, 8.0], "b": [2.0, 4.0, 9.0], "c": [3.0, 5.0, 7.0]}

    def test_percentiles_are_values_that_occurred(self) -> None:
        values = [float(number) for number in range(100, 0, -1)]
        assert [percentile(values, percent) for percent in (50, 99, 100)] == [50.0, 99.0, 100.0]
        assert percentile([7.0], 99) == 7.0
        with pytest.raises(ValueError, match="no values"):
            percentile([], 50)


class TestTable:
    def test_a_verdict_says_by_how_much_a_goal_was_missed(self) -> None:
        assert Row("G1", "x", "", "", Ratio((1.5,)), 1.5).verdict == "PASS"
        assert Row("G1", "x", "", "", Ratio((3.0,)), 1.5).verdict == "MISS by 100 %"
        assert Row("G7", "x", "", "", Ratio((1.0,)), 1.5, unmet="not below 25 ms").verdict == "MISS: not below 25 ms"
        assert Row("-", "x", "", "", Ratio((1.0,))).verdict == "-"
        assert skipped("G2", "x", "no ccxt").verdict == "-"

    def test_every_figure_stands_under_its_heading(self) -> None:
        rows = [Row("G1", "feed", "1 us", "2 us", Ratio((0.4, 0.5, 0.6)), 0.75, "quiet"), skipped("G2", "peer", "no ccxt")]
        head, rule, first, second, blank, *notes = render(rows).split("\n")
        assert [first[head.index(name) :].split("  ")[0] for name in ("ours", "ratio", "spread", "at most", "verdict")] == [
            "1 us",
            "0.500",
            "0.400-0.600",
            "0.750",
            "PASS",
        ]
        assert set(rule) == {"-", " "}
        assert second.startswith("G2")
        assert (blank, notes) == ("", ["G1: quiet", "G2: skipped: no ccxt"])

    def test_a_row_survives_json(self) -> None:
        row = json.loads(json.dumps(as_json(Row("G1", "feed", "1", "2", Ratio((0.4, 0.6)), 0.75))))
        assert (row["ratio"], row["verdict"]) == ({"median": 0.5, "rounds": [0.4, 0.6]}, "PASS")
        assert json.loads(json.dumps(as_json(skipped("G2", "peer", "no ccxt"))))["ratio"] is None


class TestCommandLine:
    def test_only_names_goals_in_any_case(self) -> None:
        assert goals_of("G1,g12") == {"G1", "G12"}
        assert build_parser().parse_args(["--only", " g4 "]).only == {"G4"}
        assert build_parser().parse_args([]).only == set(GOALS)

    @pytest.mark.parametrize("text", ["G21", "G1,x", "", ","])
    def test_only_refuses_what_is_no_goal(self, text: str) -> None:
        with pytest.raises(argparse.ArgumentTypeError, match="no goal"):
            goals_of(text)

    def test_every_goal_is_measured_by_one_module(self) -> None:
        assert sorted(goal for offered in GROUPS.values() for goal in offered) == sorted(GOALS)


class TestLatency:
    def test_keys_and_orders_are_judged_in_each_flood_by_the_same_quiet_market(self) -> None:
        times = {20: [1.0] * 9 + [2.0], 1_000: [5.0], 5_000: [3.0], 20_000: [30.0]}
        keys = latency.key_rows(times, {5_000: 10.0, 20_000: 20.0})
        assert [(row.goal, row.ratio.median if row.ratio else 0) for row in keys] == [("G7", 1.5), ("G7", 15.0)]
        assert [row.verdict for row in keys] == ["PASS", "MISS by 900 %"]
        assert latency.key_rows({**times, 20: [30.0]}, {5_000: 0.0, 20_000: 0.0})[1].verdict == "MISS: not below 25 ms"
        orders = enter.rows(times, "the disk")
        assert [(row.goal, row.verdict) for row in orders] == [("G8", "PASS"), ("G8", "MISS by 650 %"), ("G20", "PASS")]
        assert orders[-1].remark.endswith("quiet p99 2.0 ms; the disk")

    def test_every_percentile_has_at_least_500_values(self) -> None:
        assert enter.ORDERS % enter.AT_ONCE == 0
        assert (
            min(
                latency.KEYS,
                enter.ORDERS,
                long_run.NEWEST,
                enter.ORDERS // enter.AT_ONCE * -(-enter.AT_ONCE // enter.DISK_EACH) * 4,
            )
            >= 500
        )

    def test_the_disk_is_asked_for_whole_records(self) -> None:
        with Disk() as disk:
            disk.append()
            disk.append()
            assert disk.size() == 2 * RECORD_BYTES
            assert "(2 of them)" in disk.told()

    def test_a_roomy_terminal_has_the_same_budgets_ten_times_as_large(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Limiter, "__init__", Limiter.__init__)
        widen()
        limiter = Limiter({"contract": (500, 60.0)}, SystemClock())
        assert limiter.bucket("contract").capacity == 5_000


class TestFrame:
    def test_a_turn_is_taken_net_of_the_middle_of_all_rests(self) -> None:
        turns = [
            Turn(2.0, 10, 10.0, 4_000, 1.0, 0.0),
            Turn(2.0, 10, 20.0, 5_000, 2.0, 50.0),
            Turn(2.0, 20, 60.0, 12_100, 9.0, 50.0),
        ]
        milliseconds, taken = net(turns)
        assert milliseconds == pytest.approx([0.6, 1.6, 2.8])
        assert taken == pytest.approx([390, 490, 600])

    def test_each_goal_stands_against_the_better_floor(self) -> None:
        turns = {
            "ours": [Turn(0.5, 10, 3.4, 4500, 0.8, 0.0)],
            "floor": [Turn(0.5, 10, 2.4, 9000, 0.8, 0.0)],
            "floor_cells": [Turn(0.5, 10, 3.4, 5000, 0.8, 0.0)],
            "datatable": [Turn(0.5, 10, 200.4, 90000, 0.8, 0.0)],
        }
        found = rows(turns)
        assert [row.goal for row in found] == ["G4", "G5", "G6"]
        assert [row.title.partition("/ ")[2] for row in found[:2]] == ["floor (fields)", "floor (cells)"]
        assert [row.ratio.median for row in found if row.ratio] == pytest.approx([1.5, 0.9, 0.015])


class TestFlood:
    def test_of_rates_that_come_together_the_newest_counts_and_half_a_line_waits(self) -> None:
        told = bytearray()
        assert newest_rate(told, b"20\n1000\n50") == 1_000
        assert newest_rate(told, b"0") is None
        assert newest_rate(told, b"0\n") == 5_000
        assert newest_rate(told, b"-1\n") == STILL

    def test_a_market_that_stands_still_tells_the_newest_increment_again_with_later_sequences(self) -> None:
        flood = Flood(mid=975_200)
        flood.begin(None)
        told = [flood._frame() for _ in range(50)]
        last = next(frame for frame in reversed(told) if b'"orderbook_p"' in frame)
        flood.rate = STILL
        again = [orjson.loads(flood._frame()[4:]) for _ in range(3)]
        before = orjson.loads(last[4:])
        assert [each["orderbook_p"] for each in again] == [before["orderbook_p"]] * 3
        assert before["sequence"] < again[0]["sequence"] < again[1]["sequence"] < again[2]["sequence"]


class TestFloor:
    def test_parts_of_a_frame_are_drawn_as_one_and_the_newest_line_counts(self) -> None:
        lines = [[0, "a", "x"]], [[0, "b", "x"], [1, "c", "x"]], [[2, "d", "x"]]
        frames = merged([(5.0, lines[0]), (5.01, lines[1]), (5.02, lines[2]), (5.06, lines[0])], fps=20)
        assert [at for at, _ in frames] == [0.0, 0.05, 0.1]
        assert frames[1][1] == [*lines[1], *lines[2]]

    def test_it_draws_only_what_differs_pen_by_pen(self) -> None:
        floor = Floor([([], "", ""), (["1"], "31", "")])
        assert floor.draw([(0, "abc", "\0\0\1")]) == b"\x1b[0m\x1b[1;1Hab\x1b[0;1;31m\x1b[1;3Hc"
        assert floor.draw([(0, "abc", "\0\0\1")]) == b""
        assert floor.draw([(0, "xbc", "\0\0\0"), (1, "...", "\0\0\0")]) == b"\x1b[0m\x1b[1;1Hxbc\x1b[2;1H..."


class TestWire:
    def test_frames_have_the_length_they_say(self) -> None:
        assert _frame(b"x" * 10)[:2] == b"\x81\x0a"
        assert _frame(b"x" * 200)[:4] == b"\x81\x7e\x00\xc8"
        assert _frame(b"x" * 70_000)[:2] == b"\x81\x7f"

    def test_a_client_frame_is_unmasked_once_it_is_whole(self) -> None:
        mask, text = b"\x01\x02\x03\x04", b'{"id":1}'
        wire = bytearray(b"\x81" + bytes((0x80 | len(text),)) + mask + bytes(c ^ mask[i % 4] for i, c in enumerate(text)))
        incoming = wire[:-1]
        assert _unmask(incoming) is None
        incoming += wire[-1:]
        assert _unmask(incoming) == (0x1, text)
        assert not incoming

    def test_a_frame_can_be_sent_again_with_a_later_sequence_and_time(self) -> None:
        now = 1_800_000_000_000_000_000
        for frame in Stream().frames(400):
            again = orjson.loads(template(frame) % {b"sequence": 123, b"now": now})
            before = orjson.loads(frame)
            changed: dict[str, object] = {"sequence" if "sequence" in before else "version": 123}
            if "timestamp" in before:
                changed["timestamp"] = now
            if "trades_p" in before:
                changed["trades_p"] = [[now, *row[1:]] for row in before["trades_p"]]
            assert again == {**before, **changed}

    def test_escapes_alone_are_no_paint(self) -> None:
        start = b"tui-trader starts\x1b[?1049h\x1b[?25l\x1b[1;1H\x1b[38;2;1;2;3m      \x1b]0;title\x07"
        assert not _painted(bytearray(start))
        assert _painted(bytearray(start + b"\x1b[2;2Hready to trade"))
