"""The door: signatures, expiry, rate-limit groups with their weights and headers, as Phemex's gateway applies them.

Its own implementation of the signing rule: sharing the client's would make both wrong together.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

import orjson

from tui_trader.core.clock import NS, Clock
from tui_trader.sim.masks.base import Key, RestCall, RestReply

MAX_AHEAD_S = 120
"""Longest validity of a signature, in seconds."""

WINDOW_NS = 60 * NS
CAPACITY = {"contract": 500, "others": 100}
"""Weight a user may spend in a one-minute window, by group."""

IP_CAPACITY = 5_000
IP_WINDOW_NS = 300 * NS

SHARED_CAPACITY = 500
"""Requests of all users together in five minutes, as on the venue's testnet."""

_CONTRACT = ("/g-orders", "/g-accounts/", "/g-positions/", "/orders", "/accounts/", "/positions/")
_WEIGHTS = {
    ("DELETE", "/g-orders/all"): 3,
    ("DELETE", "/orders/all"): 3,
    ("GET", "/g-accounts/positions"): 25,
    ("GET", "/accounts/positions"): 25,
    ("GET", "/exchange/public/md/v2/kline"): 10,
    ("GET", "/exchange/public/md/v2/kline/last"): 10,
    ("GET", "/exchange/public/md/v2/kline/list"): 10,
}
_FREE = ("/public/", "/md/", "/v1/md/", "/exchange/public/products", "/exchange/public/cfg/", "/v1/exchange/public/products")
"""Public reads that count against the address only (the documentation does not say otherwise)."""


def refusal(code: int, message: str) -> RestReply:
    """Return a business refusal: HTTP 200, a number for a code, ``data`` null."""
    return RestReply(200, orjson.dumps({"code": code, "msg": message, "data": None}))


def turned_away(code: int | str, message: str, status: int = 401) -> RestReply:
    """Return a gateway error: its code is mostly text, and it has no ``data``."""
    return RestReply(status, orjson.dumps({"code": code, "msg": message}))


def group_of(path: str) -> str:
    """Return the rate-limit group of a path, empty when it is not limited by user."""
    if path.startswith(_CONTRACT):
        return "contract"
    return "" if path.startswith(_FREE) else "others"


def weight_of(method: str, path: str) -> int:
    """Return what a request costs of its group's minute."""
    return _WEIGHTS.get((method, path), 1)


@dataclass(slots=True)
class _Window:
    start_ns: int
    spent: int = 0


@dataclass(slots=True)
class Limiter:
    """Fixed windows on the exchange's clock, by user and group."""

    _windows: dict[tuple[str, str], _Window] = field(default_factory=dict)

    def spend(self, user: str, group: str, weight: int, now_ns: int) -> tuple[dict[str, str], int]:
        """Charge a request; returns the headers to answer with and the seconds to wait, 0 when it may pass."""
        window = self._window(user, group, now_ns, WINDOW_NS)
        capacity = CAPACITY[group]
        wait = 0
        if window.spent + weight > capacity:
            wait = max(1, -(-(window.start_ns + WINDOW_NS - now_ns) // NS))
        else:
            window.spent += weight
        suffix = "" if group == "others" else f"-{group}"
        headers = {
            f"x-ratelimit-remaining{suffix}": str(capacity - window.spent),
            f"x-ratelimit-capacity{suffix}": str(capacity),
        }
        if wait:
            headers[f"x-ratelimit-retry-after{suffix}"] = str(wait)
        return headers, wait

    def crowded(self, now_ns: int) -> int:
        """Count a request against the budget that everybody shares; returns the seconds to wait, 0 when it may pass.

        Strangers make one request a second.
        """
        window = self._window("*", "shared", now_ns, IP_WINDOW_NS)
        elapsed = now_ns - window.start_ns
        if window.spent + elapsed // NS >= SHARED_CAPACITY:
            return max(1, (IP_WINDOW_NS - elapsed) // NS)
        window.spent += 1
        return 0

    def blocked(self, address: str, now_ns: int) -> bool:
        """Count a request of an address; whether it is past its five minutes' share."""
        window = self._window(address, "ip", now_ns, IP_WINDOW_NS)
        window.spent += 1
        return window.spent > IP_CAPACITY

    def _window(self, user: str, group: str, now_ns: int, length_ns: int) -> _Window:
        window = self._windows.get((user, group))
        if window is None or now_ns - window.start_ns >= length_ns:
            window = self._windows[(user, group)] = _Window(now_ns)
        return window


def authenticate(call: RestCall, keys: dict[str, Key], clock: Clock) -> Key | RestReply:
    """Return whose request this is, or the gateway's refusal."""
    name = call.headers.get("x-phemex-access-token", "")
    expiry = call.headers.get("x-phemex-request-expiry", "")
    signature = call.headers.get("x-phemex-request-signature", "")
    if not name or not expiry or not signature:
        return turned_away("401", "401 Failed to load API KEY.")
    key = keys.get(name)
    if key is None:
        return turned_away("10500", f"Api key not found {name[:40]}")
    if not (expiry.isascii() and expiry.isdigit() and len(expiry) < 20 and _in_time(int(expiry), clock)):
        return turned_away("401", f"401 Request Expired at {expiry[:20]}")
    text = call.path.encode() + call.query.encode() + expiry.encode() + call.body
    if not _matches(key.secret, text, signature):
        return turned_away(10500, "API Signature verification failed.")
    return key


def authenticate_socket(params: object, keys: dict[str, Key], clock: Clock) -> Key | str:
    """Return whose connection this is from the ``user.auth`` parameters, or the reason why not."""
    if not isinstance(params, list) or len(params) != 4 or params[0] != "API":
        return "invalid argument"
    _, name, signature, expiry = params
    if not isinstance(name, str) or not isinstance(signature, str) or type(expiry) is not int:
        return "invalid argument"
    key = keys.get(name)
    if key is None:
        return "api key not found"
    if not _in_time(expiry, clock):
        return "request expired"
    if not _matches(key.secret, f"{name}{expiry}".encode(), signature):
        return "invalid signature"
    return key


def _in_time(expiry_s: int, clock: Clock) -> bool:
    now_s = clock.wall_ns() // NS
    return now_s <= expiry_s <= now_s + MAX_AHEAD_S


def _matches(secret: str, text: bytes, signature: str) -> bool:
    expected = hmac.digest(secret.encode(), text, "sha256").hex()
    return hmac.compare_digest(expected.encode(), signature.encode())
