"""Background work that cannot be lost: every task has a name, an owner that holds it, and somebody who sees it fail.

The only module that may call ``asyncio.create_task``. It must not know what the tasks do.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import Callable, Collection, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

OnFailure = Callable[[str, BaseException], None]
"""Called with the name of a task and what it died of; never for a cancellation."""


class TaskSet:
    """The tasks of one owner: holds a reference to each until it ends, and ends them all in bounded time."""

    def __init__(self, on_failure: OnFailure) -> None:
        self._on_failure = on_failure
        self._tasks: dict[asyncio.Task[Any], None] = {}  # in the order they began: what ends them must not be left to chance

    def __len__(self) -> int:
        return len(self._tasks)

    @property
    def names(self) -> list[str]:
        """Names of the tasks that still run, sorted."""
        return sorted(task.get_name() for task in self._tasks)

    def spawn(
        self, name: str, coro: Coroutine[Any, Any, T], on_failure: OnFailure | None = None, *, ahead: bool = False
    ) -> asyncio.Task[T]:
        """Start ``coro`` as the task ``name``; a failure goes to ``on_failure``, else to the set's own.

        To let a waiting caller be cancelled without the work being cancelled, await ``asyncio.shield(task)``. What is ``ahead``
        begins before whatever else is due by then, but for others that are ahead: for an order, which would wait for frames and
        market messages otherwise.
        """
        task = asyncio.create_task(coro, name=name)  # noqa: TID251 - this is the one place
        if ahead:
            _go_ahead(asyncio.get_running_loop(), task)
        self._tasks[task] = None
        report = on_failure or self._on_failure

        def ended(task: asyncio.Task[T]) -> None:
            self._tasks.pop(task, None)
            if not task.cancelled() and (error := task.exception()) is not None:
                report(name, error)

        task.add_done_callback(ended)
        return task

    async def close(self, timeout_s: float = 1.0) -> list[str]:
        """Cancel everything and wait at most ``timeout_s`` seconds; return the names of tasks that would not end."""
        ending = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in ending:
            task.cancel()
        return await _settle(ending, timeout_s)


_ahead: list[weakref.ref[object]] = []
"""What was put ahead and had not begun when it was last looked at."""


def _go_ahead(loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any]) -> None:
    """Move the beginning of a task that was just made before all that is due, but behind others that were put there: what was
    asked for first leaves first.

    The queue is asyncio's own and private (3.11 to 3.13); where it is another, the task waits its turn.
    """
    due = getattr(loop, "_ready", None)
    if not isinstance(due, deque) or not due:
        return
    handle = due[-1]
    if getattr(getattr(handle, "_callback", None), "__self__", None) is not task:
        return
    before = 0
    while due[before] is not handle and any(due[before] is other() for other in _ahead):
        before += 1
    _ahead[:] = [weakref.ref(one) for one in (*(due[place] for place in range(before)), handle)]
    if due[before] is not handle:
        due.remove(handle)
        due.insert(before, handle)


async def stop(task: asyncio.Task[Any], timeout_s: float = 1.0) -> bool:
    """Cancel ``task`` and wait at most ``timeout_s`` seconds; return whether it ended. Its outcome is not raised here."""
    task.cancel()
    return not await _settle([task], timeout_s)


async def _settle(tasks: Collection[asyncio.Task[Any]], timeout_s: float) -> list[str]:
    if not tasks:
        return []
    _, pending = await asyncio.wait(tasks, timeout=timeout_s)
    return sorted(task.get_name() for task in pending)
