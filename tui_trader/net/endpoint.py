"""Where bytes may go, and the one kind of aiohttp session they go through.

Every guard that must hold for each request is here: addresses on an allow-list, TLS verified, no redirects to elsewhere, no
cookies, no proxies or credentials picked up from the environment, and no second sending by the library.
"""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Collection
from ipaddress import IPv4Network, ip_address
from typing import NamedTuple

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from tui_trader.core.error import ConfigError
from tui_trader.core.sanitise import sanitise
from tui_trader.net import prompt

LOOPBACK = frozenset({"127.0.0.1", "::1"})
"""The only hosts that may be spoken to without TLS."""

KEEP_ALIVE_S = 30.0
"""An idle connection is not used again after this long: shorter than the idle limits of common front ends (60 s and more),
because an order written to a connection that the other end is just closing is an order in doubt."""


class Interrupted(aiohttp.ClientError):
    """The connection broke after the request may have left; aiohttp must not send it again."""


class Strayed(aiohttp.ClientError):
    """A redirect pointed away from the configured address."""


class Misled(OSError):
    """A name of the outside world resolved into a private network."""


class Trust(NamedTuple):
    """What is believed beyond the public roots and the public internet."""

    ca_file: str | None = None
    """Additional trusted roots."""
    private_addresses: bool = False
    """Whether a name may lead to this machine or into a private network: for addresses that the user gave."""


_STRICT = ssl.VERIFY_X509_TRUSTED_FIRST | (ssl.VERIFY_X509_STRICT if sys.version_info >= (3, 13) else 0)
"""What Python itself asks of certificates, version by version."""

_STAND_IN = IPv4Network("198.18.0.0/15")
"""Where VPN clients let every name lead; set aside for benchmarks (RFC 2544), so nobody's machine."""


class PublicNames(AbstractResolver):
    """Resolves names to public addresses only: a venue does not live on this machine or behind this router.

    What would otherwise be spoken to there is refused by its certificate anyway; this says why, before a byte is sent.
    """

    def __init__(self) -> None:
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Return the public addresses of ``host``; raises OSError when there are none, or no thread to ask with."""
        try:
            found = await self._inner.resolve(host, port, family)
        except RuntimeError as error:  # "can't start new thread"
            raise OSError(str(error)) from error
        public = [each for each in found if _is_public(each["host"])]
        if not public:
            raise Misled(f"{host} leads to {', '.join(each['host'] for each in found)}, which is not on the public internet")
        return public

    async def close(self) -> None:
        """Do nothing: there is nothing to close."""


def _is_public(text: str) -> bool:
    address = ip_address(text.partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    near = address.is_private or address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified
    return not near or (address.version == 4 and address in _STAND_IN)


def check_url(text: str, *, schemes: Collection[str], hosts: Collection[str]) -> URL:
    """Return ``text`` as a URL that may be connected to.

    ``schemes`` are a secure scheme and its plain sibling, e.g. ``("https", "http")``; the plain one is for loopback only.
    Raises ConfigError when the scheme, the host or anything besides host, port and path is not as allowed.
    """
    try:
        url = URL(text)
        port = url.port
    except ValueError as error:
        raise ConfigError([f"{text!r} is not an address: {error}"]) from error
    problem = ""
    if url.scheme not in schemes or port is None:
        problem = f"has to begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    elif url.user is not None or url.password is not None:
        problem = "must not carry a user name or a password"
    elif url.raw_query_string or url.raw_fragment:
        problem = "must end with its path"
    elif url.scheme in ("http", "ws"):
        if url.host not in LOOPBACK:
            problem = "is not encrypted: only 127.0.0.1 and [::1] may be reached without TLS"
    elif url.host not in hosts:
        problem = f"is not one of the venue's hosts ({', '.join(sorted(hosts)) or 'none are known'})"
    if problem:
        raise ConfigError([f"the address {text} {problem}"])
    return url


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Return the TLS settings of every connection: certificate and host name verified, TLS 1.2 or newer.

    ``ca_file`` names additional trusted roots (a company proxy's, a test's); nothing can turn verification off. Not
    ``create_default_context``: that writes the keys of every connection where ``SSLKEYLOGFILE`` says, and with them whoever
    recorded the traffic reads the signatures.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    context.check_hostname = True
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION
    context.verify_flags |= _STRICT
    context.load_default_certs()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def why_unreachable(host: str, error: BaseException) -> tuple[str, str] | None:
    """Return a code and half a sentence for a failure to connect, or None when ``error`` can come after that.

    The types here are raised by aiohttp while it connects and at no other time: no byte of a request can have left.
    """
    match error:
        case aiohttp.ConnectionTimeoutError():
            return "connect_timeout", f"{host} did not accept a connection in time"
        case aiohttp.ClientConnectorDNSError(os_error=Misled() as misled):
            return "private_address", sanitise(str(misled), 160)
        case aiohttp.ClientConnectorDNSError():
            return "dns", f"the name {host} does not resolve"
        case aiohttp.ClientConnectorCertificateError():
            cause = error.certificate_error
            detail = cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else str(cause)
            return "certificate", f"the certificate of {host} is not trusted ({sanitise(detail, 160)})"
        case aiohttp.ClientConnectorError():
            inner = error.os_error
            detail = sanitise(inner.strerror or str(inner) or type(inner).__name__, 160)
            if isinstance(inner, ConnectionResetError) and getattr(error.args[0], "is_ssl", False):
                return "tls", f"no TLS connection to {host} (it hung up during the handshake)"
            if isinstance(error, aiohttp.ClientConnectorSSLError):
                return "tls", f"no TLS connection to {host} ({detail})"
            return "connect", f"{host} cannot be reached ({detail})"
    return None


def open_client(url: URL, timeout: aiohttp.ClientTimeout, trust: Trust = Trust()) -> aiohttp.ClientSession:  # noqa: B008
    """Open a client for ``url``'s origin alone, and for a WebSocket for ``url`` alone, whatever its query: its handshake would
    follow redirects.

    Must be called with a running loop; the caller closes it.
    """
    scheme, host, port = url.scheme, url.host, url.port
    fixed = url if scheme in ("ws", "wss") else None
    tls = tls_context(trust.ca_file) if scheme in ("https", "wss") else True  # reading the system's roots costs 20 ms

    async def once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        # aiohttp silently sends GET, HEAD, PUT and DELETE a second time when the connection breaks before the answer
        # (aio-libs/aiohttp#10790): an order would execute twice. It repeats on these two types only, so they leave as ours.
        target = request.url
        if (target.host != host or target.port != port or target.scheme != scheme) or (
            fixed is not None and target.with_query(None) != fixed
        ):
            raise Strayed(f"a redirect to {target.host} was not followed")
        try:
            return await handler(request)
        except aiohttp.ClientConnectorError:
            raise  # before any byte of the request; never repeated
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            raise Interrupted(str(error)) from error

    return aiohttp.ClientSession(
        # No limit of connections: the budgets of Limiter bound them, and a cancel must not queue behind a hung read.
        connector=aiohttp.TCPConnector(
            ssl=tls,
            limit=0,
            keepalive_timeout=KEEP_ALIVE_S,
            ttl_dns_cache=300,
            resolver=None if trust.private_addresses else PublicNames(),
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        request_class=prompt.request_class(),
        timeout=timeout,
        middlewares=(once,),
        trust_env=False,
        auto_decompress=False,
        skip_auto_headers=prompt.UNASKED,
    )
