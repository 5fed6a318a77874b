"""Where bytes may go."""

from __future__ import annotations

import ssl

import pytest

from tui_trader.core.error import ConfigError
from tui_trader.net.endpoint import check_url, tls_context

HTTP = ("https", "http")
HOSTS = {"api.phemex.com"}


@pytest.mark.parametrize(
    "text", ["https://api.phemex.com", "https://api.phemex.com:8443/base", "http://127.0.0.1:8080", "http://[::1]:9"]
)
def test_allowed(text: str) -> None:
    assert str(check_url(text, schemes=HTTP, hosts=HOSTS)).startswith(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("http://api.phemex.com", "not encrypted"),
        ("http://localhost:8080", "not encrypted"),
        ("http://127.0.0.1.evil.example", "not encrypted"),
        ("https://evil.example", "not one of the venue's hosts"),
        ("https://api.phemex.com@evil.example", "user name"),
        ("https://user:pass@api.phemex.com", "user name"),
        ("https://api.phemex.com/?x=1", "end with its path"),
        ("https://api.phemex.com/#x", "end with its path"),
        ("https://127.0.0.1", "not one of the venue's hosts"),
        ("wss://api.phemex.com", "has to begin with"),
        ("ftp://api.phemex.com", "has to begin with"),
        ("api.phemex.com", "has to begin with"),
        ("", "has to begin with"),
        ("https://api.phemex.com:99999", "is not an address"),
    ],
)
def test_refused(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        check_url(text, schemes=HTTP, hosts=HOSTS)


def test_tls_is_verified_and_modern() -> None:
    context = tls_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
