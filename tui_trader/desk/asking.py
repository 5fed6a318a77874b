"""How questions in pages are asked: one after the other, with patience where the budget of requests is used up."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

from tui_trader.venues.base import Outcome, Request, Verdict

MAX_WAITS = 5
"""How often a page is waited for when the budget of requests is used up."""

MAX_PAGES = 20


class Sender(Protocol):
    """Signs and sends a request exactly once."""

    async def __call__(self, request: Request) -> Verdict: ...


async def page_of(request: Request, send: Sender, sleep: Callable[[float], Any]) -> Verdict:
    """Ask for one page of a history, and wait for the budget of requests where it is used up.

    Beginning again with the first page would never end while others spend the same budget.
    """
    verdict = await send(request)
    for _ in range(MAX_WAITS):
        if verdict.outcome is not Outcome.NOT_SENT or not 0 < verdict.retry_after_s < math.inf:
            break
        await sleep(verdict.retry_after_s)
        verdict = await send(request)
    return verdict
