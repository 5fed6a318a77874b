"""Background work that cannot be lost."""

from __future__ import annotations

import asyncio
import collections
import gc
from typing import Any

import pytest

from tui_trader.net.tasks import TaskSet, stop


async def test_a_task_is_named_held_and_let_go() -> None:
    tasks = TaskSet(lambda name, error: None)
    go = asyncio.Event()
    done = asyncio.Event()

    async def work() -> None:
        await go.wait()
        done.set()

    tasks.spawn("feed", work())
    gc.collect()
    assert tasks.names == ["feed"]
    go.set()
    await asyncio.wait_for(done.wait(), 1)
    await tasks.close()
    assert len(tasks) == 0


async def test_a_failure_is_seen_with_its_name() -> None:
    seen: list[tuple[str, str]] = []
    own: list[str] = []
    tasks = TaskSet(lambda name, error: seen.append((name, str(error))))

    async def fail(why: str) -> None:
        raise LookupError(why)

    first = tasks.spawn("a", fail("one"))
    second = tasks.spawn("b", fail("two"), lambda name, error: own.append(name))
    await asyncio.wait({first, second})
    await tasks.close()
    assert seen == [("a", "one")]
    assert own == ["b"]


async def test_a_cancellation_is_not_a_failure() -> None:
    seen: list[str] = []
    tasks = TaskSet(lambda name, error: seen.append(name))
    task = tasks.spawn("sleeper", asyncio.Event().wait())
    assert await stop(task)
    assert await tasks.close() == []
    assert seen == []


async def test_closing_is_bounded_and_names_who_would_not_end() -> None:
    release = asyncio.Event()
    tasks = TaskSet(lambda name, error: None)
    started = asyncio.Event()

    async def stubborn() -> None:
        started.set()
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    task = tasks.spawn("stubborn", stubborn())
    await started.wait()
    assert await tasks.close(timeout_s=0.05) == ["stubborn"]
    release.set()
    await asyncio.wait_for(task, 1)


async def test_a_cancelled_wait_leaves_shielded_work_alone() -> None:
    tasks = TaskSet(lambda name, error: None)
    go = asyncio.Event()

    async def work() -> str:
        await go.wait()
        return "done"

    task = tasks.spawn("order", work())

    async def wait() -> None:
        await asyncio.shield(task)

    waiter = tasks.spawn("waiter", wait())
    await asyncio.wait({waiter}, timeout=0)
    assert await stop(waiter)
    go.set()
    assert await asyncio.wait_for(task, 1) == "done"


async def test_what_is_ahead_begins_before_what_is_due_and_in_the_order_it_was_asked_for() -> None:
    said: list[str] = []
    tasks = TaskSet(lambda name, error: said.append(f"{name} died of {error}"))
    loop = asyncio.get_running_loop()

    async def say(word: str) -> None:
        said.append(word)

    async def order(word: str) -> None:
        said.append(word)
        await asyncio.shield(tasks.spawn(f"{word} inner", say(f"{word} inner"), ahead=True))

    loop.call_soon(said.append, "frame")
    tasks.spawn("plain", say("plain"))
    first = tasks.spawn("first", order("first"), ahead=True)
    second = tasks.spawn("second", order("second"), ahead=True)
    await asyncio.wait({first, second})
    begun = [word for word in said if word not in ("frame", "plain")]
    assert begun == ["first", "second", "first inner", "second inner"]
    assert said[-2:] == ["frame", "plain"]
    again = tasks.spawn("third", say("third"), ahead=True)
    loop.call_soon(said.append, "later")
    await again
    assert said[-2:] == ["third", "later"]
    await tasks.close()


async def test_where_the_queue_is_another_a_task_that_is_ahead_waits_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    tasks = TaskSet(lambda name, error: None)
    loop = asyncio.get_running_loop()

    async def say(word: str) -> None:
        said.append(word)

    create = asyncio.create_task  # noqa: TID251 - it stands in for itself
    for due in (None, collections.deque(), collections.deque([loop.call_later(60, print)])):
        loop.call_soon(said.append, "due")
        with monkeypatch.context() as patch:

            def strange(coro: Any, *, name: str, patch: Any = patch, due: Any = due) -> asyncio.Task[Any]:
                task = create(coro, name=name)
                patch.setattr(loop, "_ready", due)
                return task

            patch.setattr(asyncio, "create_task", strange)
            task = tasks.spawn("a", say("a"), ahead=True)
        await task
    assert said == ["due", "a"] * 3
