"""The door: signatures, their window and the budgets of single calls, as MEXC's gateway applies them.

Its own implementation of the signing rule: sharing the client's would make both wrong together. Source: integration guide of the
futures API documentation; budgets per endpoint.
"""

from __future__ import annotations

import hmac
from collections import deque

from tui_trader.core.clock import NS, Clock
from tui_trader.sim.masks.base import Key, RestCall, RestReply
from tui_trader.sim.masks.mexc_terms import MILLI, refused

WINDOW_MS = 10_000
"""How far the time of a request may be from ours."""

USUAL = (20, 2 * NS)
BUDGETS = {
    "/api/v1/contract/detail": (1, 5 * NS),
    "/api/v1/private/order/create": (4, 2 * NS),
    "/api/v1/private/order/submit_batch": (4, 2 * NS),
    "/api/v1/private/position/close_all": (4, 2 * NS),
    "/api/v1/private/position/reverse": (4, 2 * NS),
    "/api/v1/private/planorder/place": (4, 2 * NS),
    "/api/v1/private/planorder/place/v2": (4, 2 * NS),
    "/api/v1/private/planorder/change_price": (4, 2 * NS),
    "/api/v1/private/stoporder/change_plan_price": (4, 2 * NS),
    "/api/v1/private/trackorder/place": (4, 2 * NS),
    "/api/v1/private/trackorder/change_order": (4, 2 * NS),
    "/api/v1/private/order/batch_query": (5, 2 * NS),
}
"""Requests in so many nanoseconds; every other path has the usual budget."""


class Limiter:
    """Sliding windows by user and path, on the exchange's clock."""

    def __init__(self) -> None:
        self._spent: dict[tuple[str, str], deque[int]] = {}

    def exceeded(self, user: str, path: str, now_ns: int) -> bool:
        """Count a request; whether it is one too many, which does not count."""
        most, window = BUDGETS.get(path, USUAL)
        spent = self._spent.setdefault((user, path), deque())
        while spent and now_ns - spent[0] >= window:
            spent.popleft()
        if len(spent) >= most:
            return True
        spent.append(now_ns)
        return False


def authenticate(call: RestCall, keys: dict[str, Key], clock: Clock) -> Key | RestReply:
    """Return whose request this is, or the gateway's refusal."""
    name, moment = call.headers.get("ApiKey", ""), call.headers.get("Request-Time", "")
    signature = call.headers.get("Signature", "")
    key = keys.get(name)
    if key is None or not signature:
        return refused(401, "Unauthorized", 401)
    if not _in_time(moment, clock):
        return refused(513, "Invalid request(Request-Time)")
    parameters = call.body if call.method == "POST" else _sorted(call.query).encode()
    if not _matches(key.secret, f"{name}{moment}".encode() + parameters, signature):
        return refused(602, "Signature verification failed!")
    return key


def authenticate_socket(param: object, keys: dict[str, Key], clock: Clock) -> Key | str:
    """Return whose connection this is from the parameters of a login, or the reason why not."""
    if not isinstance(param, dict):
        return "Login failed: no parameters"
    name, moment, signature = (param.get(each) for each in ("apiKey", "reqTime", "signature"))
    key = keys.get(name) if isinstance(name, str) else None
    if key is None:
        return "Login failed: unknown apiKey"
    if not isinstance(moment, str | int) or not _in_time(str(moment), clock):
        return "Login failed: reqTime"
    if not isinstance(signature, str) or not _matches(key.secret, f"{name}{moment}".encode(), signature):
        return "Login failed: signature"
    return key


def _sorted(query: str) -> str:
    """Return the parameters as they are signed: by name, in whatever order they were sent."""
    return "&".join(sorted(query.split("&"), key=lambda part: part.partition("=")[0]))


def _in_time(moment: str, clock: Clock) -> bool:
    if not (moment.isascii() and moment.isdigit() and len(moment) < 20):
        return False
    return abs(clock.wall_ns() // MILLI - int(moment)) <= WINDOW_MS


def _matches(secret: str, text: bytes, signature: str) -> bool:
    expected = hmac.digest(secret.encode(), text, "sha256").hex()
    return hmac.compare_digest(expected.encode(), signature.encode())
