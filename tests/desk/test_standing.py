"""Lines that wait: that they run once, only on fresh numbers, and never after a panic, a halt or a restart."""

from __future__ import annotations

import pytest

from tests.desk.watching import Post
from tui_trader.core.alert_text import read_whole
from tui_trader.core.error import CommandError, RefusedError
from tui_trader.core.facts import TradingState
from tui_trader.core.types import Severity


class Work:
    """A line that counts its runs."""

    def __init__(self, error: str = "") -> None:
        self.runs = 0
        self.error = error

    async def __call__(self) -> list[str]:
        self.runs += 1
        if self.error:
            raise RefusedError(self.error)
        return ["done"]


def wait_for(post: Post, condition: str, work: Work, line: str = "flat all") -> int:
    return post.attention.lines.when(read_whole(condition), line, work, name=post.name).number


async def test_a_condition_runs_its_line_once() -> None:
    post, work = Post(), Work()
    post.tick(last="67000", mark="67000")
    wait_for(post, "btcusdt mark < 66700 && day < 10", work)
    post.tick(mark="66800", last="66800")
    await post.done()
    assert work.runs == 0
    post.tick(mark="66600", last="66600")
    post.tick(mark="66500", last="66500")
    await post.done()
    post.tick(mark="66400", last="66400")
    await post.done()
    assert work.runs == 1
    assert post.attention.lines.rows() == []
    assert [body["event"] for kind, body in post.records if kind == "line"] == ["made", "runs"]
    assert "line 1: done" in post.sayings()


async def test_an_old_number_runs_nothing() -> None:
    post, work = Post(), Work()
    post.tick(last="67000", mark="67000")
    wait_for(post, "btcusdt mark < 66700", work)
    post.world.ticker(mark="66000")
    post.world.clock.advance(4)
    post.hear_now()
    post.look()
    assert not post.work
    assert post.attention.lines.rows()[0].blind == "the mark is old"
    post.tick(mark="66000")
    await post.done()
    assert work.runs == 1


async def test_a_refusal_is_told_loudly_and_the_line_is_over() -> None:
    post, work = Post(), Work("the book is stale")
    post.tick(last="67000")
    wait_for(post, "btcusdt > 68000", work)
    post.tick(last="68001")
    await post.done()
    assert post.said[-1] == ("line 1 (flat all) was not done: the book is stale", Severity.ALARM)
    assert post.attention.lines.rows() == []


@pytest.mark.parametrize("how", ["panic", "halt"])
async def test_nothing_waits_after_a_panic_or_a_halt(how: str) -> None:
    post, work = Post(), Work()
    post.tick(last="67000")
    wait_for(post, "btcusdt > 68000", work)
    post.attention.lines.every(60, "conn", work, spelled="1m")
    if how == "panic":
        post.attention.lines.end_all("everything is being cancelled")
    else:
        post.state = TradingState.HALTED
    post.tick(last="68001")
    post.tick(seconds=120, last="68001")
    await post.done()
    assert work.runs == 0
    assert "2 waiting lines are ended and will not run" in post.sayings()


async def test_a_repeating_line_runs_again_but_never_beside_itself() -> None:
    post, work = Post(), Work()
    number = post.attention.lines.every(10, "cancel asks", work, spelled="10s").number
    post.tick(seconds=9.9)
    assert not post.work
    post.tick(seconds=0.2)
    assert len(post.work) == 1
    post.tick(seconds=20)  # still running
    assert len(post.work) == 1
    await post.done()
    post.tick(seconds=1)
    await post.done()
    assert work.runs == 2
    assert post.attention.end(number) == f"line {number}: every 10s : cancel asks"
    post.tick(seconds=60)
    assert not post.work


def test_what_would_run_at_once_or_too_often_is_refused() -> None:
    post, work = Post(), Work()
    post.tick(last="67000")
    with pytest.raises(CommandError, match="so already"):
        wait_for(post, "btcusdt < 68000", work)
    with pytest.raises(CommandError, match="every 5 s at most"):
        post.attention.lines.every(1, "conn", work, spelled="1s")
    for _ in range(20):
        wait_for(post, "btcusdt > 68000", work)
    with pytest.raises(CommandError, match="20 lines wait at most"):
        wait_for(post, "btcusdt > 68000", work)
