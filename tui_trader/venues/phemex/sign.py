"""What proves to Phemex that a request is ours: HMAC-SHA256, lower-case hexadecimal.

The secret is used as the text that was issued, not base64-decoded: the current reference has dropped that sentence and
every maintained client does the same. Nothing here keeps the secret, and nothing else of this venue reveals it.
"""

from __future__ import annotations

import hmac

from tui_trader.secrets.secret import Secret


def rest_signature(secret: Secret, path: str, query: str, expiry: int, body: bytes) -> str:
    """Sign ``path + query + expiry + body``, joined by nothing; ``query`` without ``?`` and exactly as sent.

    ``expiry`` is UTC seconds and travels in ``x-phemex-request-expiry``.
    """
    return _hmac(secret, f"{path}{query}{expiry}".encode() + body)


def feed_signature(secret: Secret, key: str, expiry: int) -> str:
    """Sign the ``user.auth`` call: ``key + expiry``."""
    return _hmac(secret, f"{key}{expiry}".encode())


def _hmac(secret: Secret, message: bytes) -> str:
    return hmac.digest(secret.reveal().encode(), message, "sha256").hex()
