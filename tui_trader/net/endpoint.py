"""Where bytes may go, and the one kind of aiohttp session they go through.

Every guard that must hold for each request is here: addresses on an allow-list, TLS verified, no redirects to elsewhere, no
cookies, no proxies or credentials picked up from the environment, and no second sending by the library.
"""

from __future__ import annotations

import ssl
from collections.abc import Collection

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from yarl import URL

from tui_trader.core.error import ConfigError
from tui_trader.core.sanitise import sanitise

LOOPBACK = frozenset({"127.0.0.1", "::1"})
"""The only hosts that may be spoken to without TLS."""

KEEP_ALIVE_S = 30.0
"""An idle connection is not used again after this long: shorter than the idle limits of common front ends (60 s and more),
because an order written to a connection that the other end is just closing is an order in doubt."""


class Interrupted(aiohttp.ClientError):
    """The connection broke after the request may have left; aiohttp must not send it again."""


class Strayed(aiohttp.ClientError):
    """A redirect pointed away from the configured address."""


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

    ``ca_file`` names additional trusted roots (a company proxy's, a test's); nothing can turn verification off.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
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
        case aiohttp.ClientConnectorDNSError():
            return "dns", f"the name {host} does not resolve"
        case aiohttp.ClientConnectorCertificateError():
            cause = error.certificate_error
            detail = cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else str(cause)
            return "certificate", f"the certificate of {host} is not trusted ({sanitise(detail, 160)})"
        case aiohttp.ClientConnectorError():
            inner = error.os_error
            detail = sanitise(inner.strerror or str(inner) or type(inner).__name__, 160)
            if isinstance(error, aiohttp.ClientConnectorSSLError):
                return "tls", f"no TLS connection to {host} ({detail})"
            return "connect", f"{host} cannot be reached ({detail})"
    return None


def open_client(url: URL, timeout: aiohttp.ClientTimeout, ca_file: str | None = None) -> aiohttp.ClientSession:
    """Open a client for ``url``'s origin alone, and for a WebSocket for ``url`` alone: its handshake would follow redirects.

    Must be called with a running loop; the caller closes it.
    """
    scheme, host, port = url.scheme, url.host, url.port
    fixed = url if scheme in ("ws", "wss") else None
    tls = tls_context(ca_file) if scheme in ("https", "wss") else True  # reading the system's roots costs 20 ms

    async def once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        # aiohttp silently sends GET, HEAD, PUT and DELETE a second time when the connection breaks before the answer
        # (aio-libs/aiohttp#10790): an order would execute twice. It repeats on these two types only, so they leave as ours.
        target = request.url
        if (target.host != host or target.port != port or target.scheme != scheme) or (fixed is not None and target != fixed):
            raise Strayed(f"a redirect to {target.host} was not followed")
        try:
            return await handler(request)
        except aiohttp.ClientConnectorError:
            raise  # before any byte of the request; never repeated
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            raise Interrupted(str(error)) from error

    return aiohttp.ClientSession(
        # No limit of connections: the budgets of Limiter bound them, and a cancel must not queue behind a hung read.
        connector=aiohttp.TCPConnector(ssl=tls, limit=0, keepalive_timeout=KEEP_ALIVE_S, ttl_dns_cache=300),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=timeout,
        middlewares=(once,),
        trust_env=False,
        auto_decompress=False,
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
    )
