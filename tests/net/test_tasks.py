"""Background work that cannot be lost."""

from __future__ import annotations

import asyncio
import gc

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
