"""What proves to MEXC that a request is ours: HMAC-SHA256 of key, time and parameters, lower-case hexadecimal.

Nothing here keeps the secret, and nothing else of this venue reveals it. Source: futures API documentation, integration guide.
"""

from __future__ import annotations

import hmac

from tui_trader.secrets.secret import Secret


def rest_signature(secret: Secret, key: str, millis: int, parameters: bytes) -> str:
    """Sign ``key + time + parameters``, joined by nothing.

    ``parameters`` are the exact bytes that are sent: the query of a GET, its names sorted, or the body of a POST. ``millis`` is
    UTC milliseconds and travels in ``Request-Time``.
    """
    return _hmac(secret, f"{key}{millis}".encode() + parameters)


def feed_signature(secret: Secret, key: str, millis: int) -> str:
    """Sign the ``login`` call: ``key + time``."""
    return _hmac(secret, f"{key}{millis}".encode())


def _hmac(secret: Secret, message: bytes) -> str:
    return hmac.digest(secret.reveal().encode(), message, "sha256").hex()
