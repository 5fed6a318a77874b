"""Where bytes may go."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Any

import pytest

from tui_trader.core.error import ConfigError
from tui_trader.net.endpoint import Misled, PublicNames, check_url, tls_context

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


@pytest.fixture
def leads_to(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that makes every name resolve to given addresses."""

    def lead(*addresses: str) -> None:
        async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
            return [
                (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (one, port, 0, 0))
                if ":" in one
                else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
                for one in addresses
            ]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)

    return lead


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "224.0.0.1",
        "::1",
        "fd00::1",
        "::ffff:10.0.0.1",
    ],
)
async def test_a_name_that_leads_near_is_refused(leads_to: Any, address: str) -> None:
    leads_to(address)
    with pytest.raises(Misled, match="not on the public internet"):
        await PublicNames().resolve("api.phemex.com", 443)


async def test_of_several_addresses_the_public_ones_are_used(leads_to: Any) -> None:
    leads_to("10.0.0.1", "93.184.216.34", "2606:2800:220:1::1")
    found = await PublicNames().resolve("api.phemex.com", 443)
    assert [each["host"] for each in found] == ["93.184.216.34", "2606:2800:220:1::1"]


async def test_where_a_vpn_client_lets_all_names_lead_is_no_private_network(leads_to: Any) -> None:
    leads_to("198.18.0.7")
    assert len(await PublicNames().resolve("api.phemex.com", 443)) == 1
