"""Who is spoken to, and how: real sockets, certificates of a local authority, and an environment that would have it otherwise."""

from __future__ import annotations

import ast
import asyncio
import ssl
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tui_trader.core.error import ConfigError
from tui_trader.desk.account import Account
from tui_trader.desk.environment import Environment
from tui_trader.net.endpoint import tls_context
from tui_trader.venues.base import Credential, Endpoints, Lane, Outcome, Request, RequestKind
from tui_trader.venues.phemex import PHEMEX

PACKAGE = Path(__file__).parents[2] / "tui_trader"
PLACE = Request(RequestKind.CREATE, "place", "POST", "/orders", body=b'{"a":1}', group="contract")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine"
PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ws_proxy", "WSS_PROXY", "all_proxy", "ALL_PROXY")


class Ear:
    """Answers every request as told, and keeps what it heard."""

    def __init__(self, answer: bytes = OK) -> None:
        self.heard: list[bytes] = []
        self._answer = answer

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while block := await reader.read(65536):
            self.heard.append(block)
            writer.write(self._answer)


def speaking(context: ssl.SSLContext, version: ssl.TLSVersion) -> ssl.SSLContext:
    """Let a server speak one version of TLS and no other."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = version
        context.minimum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
async def test_an_old_tls_is_not_spoken_though_the_server_can(
    ground: Any, exchange: Any, credential: Credential, make_tls: Callable[[str], Any], conftest_ca: str, version: ssl.TLSVersion
) -> None:
    ear = Ear()
    port = await ground.raw(ear, speaking(make_tls("good"), version))
    client = await ground.client(port, scheme="https")
    verdict = await client.send(PLACE, exchange, credential)
    assert (verdict.outcome, verdict.code) == (Outcome.NOT_SENT, "tls")
    assert ear.heard == []
    lax = speaking(ssl.create_default_context(cafile=conftest_ca), version)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=lax, server_hostname="127.0.0.1")
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert await reader.readexactly(len(OK)) == OK, "whoever asks for it is served"
    writer.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_present_tls_is_spoken(
    ground: Any, exchange: Any, credential: Credential, make_tls: Callable[[str], Any], version: ssl.TLSVersion
) -> None:
    context = make_tls("good")
    context.minimum_version = context.maximum_version = version
    client = await ground.client(await ground.raw(Ear(), context), scheme="https")
    assert (await client.send(PLACE, exchange, credential)).outcome is Outcome.ACK


@pytest.mark.parametrize(
    ("name", "why"), [("expired", "expired"), ("other", "mismatch"), ("self", "self-signed certificate")], ids=str
)
async def test_neither_a_request_nor_a_login_goes_to_a_certificate_that_is_not_right(
    ground: Any,
    exchange: Any,
    credential: Credential,
    make_feed: Any,
    watcher: Any,
    make_tls: Callable[[str], Any],
    name: str,
    why: str,
) -> None:
    ear = Ear()
    port = await ground.raw(ear, make_tls(name))
    client = await ground.client(port, scheme="https")
    verdict = await client.send(PLACE, exchange, credential)
    assert (verdict.outcome, verdict.code) == (Outcome.NOT_SENT, "certificate")
    assert why in verdict.text
    session = ground.session(port, make_feed(Lane.PRIVATE), watcher, scheme="wss")
    running = asyncio.get_running_loop().create_task(session.run())
    await watcher.until(lambda: "down" in watcher.states)
    assert why in watcher.links[1].reason
    assert session._dialect.logins == []
    assert ear.heard == []
    await session.close()
    await asyncio.wait([running])


@pytest.mark.parametrize("location", ["https://127.0.0.1:{port}/orders", "http://127.0.0.1:{port}/", "//127.0.0.1:{port}/x"])
async def test_a_redirect_over_tls_is_not_followed_with_the_signature(
    ground: Any, exchange: Any, credential: Credential, good_tls: Any, location: str
) -> None:
    other = Ear()
    there = await ground.raw(other, good_tls if location.startswith(("https", "//")) else None)
    target = location.format(port=there).encode()
    ear = Ear(b"HTTP/1.1 307 x\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % target)
    client = await ground.client(await ground.raw(ear, good_tls), scheme="https")
    verdict = await client.send(PLACE, exchange, credential)
    assert (verdict.outcome, verdict.code) == (Outcome.UNKNOWN, "307")
    assert len(ear.heard) == 1
    assert other.heard == []


async def test_the_environment_sends_nothing_through_a_proxy(
    ground: Any,
    exchange: Any,
    credential: Credential,
    make_feed: Any,
    watcher: Any,
    good_tls: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = Ear(b"HTTP/1.1 200 Connection established\r\n\r\n")
    address = f"http://user:word@127.0.0.1:{await ground.raw(proxy)}"
    for name in PROXIES:
        monkeypatch.setenv(name, address)
    monkeypatch.setenv("NO_PROXY", "")
    ear = Ear()
    client = await ground.client(await ground.raw(ear, good_tls), scheme="https")
    assert (await client.send(PLACE, exchange, credential)).outcome is Outcome.ACK
    assert b"Proxy" not in ear.heard[0]

    async def greet(socket: Any) -> None:
        await socket.receive()
        await socket.send_str("login ok")
        await socket.receive()

    session = ground.session(await ground.ws(greet, good_tls), make_feed(Lane.PRIVATE), watcher, scheme="wss")
    running = asyncio.get_running_loop().create_task(session.run())
    await watcher.until(lambda: session._dialect.logins != [] and "live" in watcher.states)
    await session.close()
    await asyncio.wait([running])
    assert proxy.heard == []


async def test_the_environment_does_not_get_the_keys_of_a_connection(
    ground: Any, exchange: Any, credential: Credential, good_tls: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(keys))
    ssl.create_default_context()
    assert keys.exists(), "Python's own context writes them"
    keys.unlink()
    client = await ground.client(await ground.raw(Ear(), good_tls), scheme="https")
    assert (await client.send(PLACE, exchange, credential)).outcome is Outcome.ACK
    assert not keys.exists()


def test_the_context_asks_what_pythons_own_asks() -> None:
    ours, theirs = tls_context(), ssl.create_default_context()
    assert (ours.verify_mode, ours.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert ours.verify_flags & theirs.verify_flags == theirs.verify_flags
    assert ours.options & theirs.options == theirs.options
    assert ours.cert_store_stats() == theirs.cert_store_stats()
    assert ours.keylog_filename is None


class TestAccount:
    KEY = Credential("key", lambda: "secret")

    @pytest.mark.parametrize("env", [Environment.TESTNET, Environment.LIVE])
    @pytest.mark.parametrize(
        "endpoints", [Endpoints("http://127.0.0.1:1", "wss://x"), Endpoints("https://x", "ws://127.0.0.1:1")], ids=["rest", "ws"]
    )
    def test_a_real_environment_is_never_spoken_to_without_tls(self, env: Environment, endpoints: Endpoints) -> None:
        with pytest.raises(ConfigError, match="not encrypted"):
            Account(PHEMEX, env, endpoints, self.KEY)

    @pytest.mark.parametrize("url", ["https://api.phemex.com", "http://192.168.0.1:80", "http://localhost.example:1"])
    def test_the_built_in_exchange_is_on_this_machine(self, url: str) -> None:
        with pytest.raises(ConfigError, match="not on this machine"):
            Account(PHEMEX, Environment.SIM, Endpoints(url, "ws://127.0.0.1:1"), self.KEY)
        with pytest.raises(ConfigError, match="not on this machine"):
            Account(PHEMEX, Environment.SIM, Endpoints("http://127.0.0.1:1", url), self.KEY)

    @pytest.mark.parametrize("env", ["testnet", "live"])
    def test_a_key_goes_to_the_hosts_of_its_environment_and_no_other(self, env: str) -> None:
        other = "live" if env == "testnet" else "testnet"
        account = Account(PHEMEX, Environment(env), PHEMEX.endpoints[other], self.KEY)
        assert account.hosts == Account(PHEMEX, Environment(env), PHEMEX.endpoints[env], self.KEY).hosts
        assert not account.hosts & Account(PHEMEX, Environment(other), PHEMEX.endpoints[other], self.KEY).hosts


def test_there_is_no_switch_and_no_second_way_out() -> None:
    """No source turns verification off, follows a redirect, or opens a client anywhere but where the rules are."""
    clients = []
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(), str(path))
        for node in ast.walk(tree):
            where = f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("CERT_NONE", "CERT_OPTIONAL", "_create_unverified_context", "TrustMode"), where
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Attribute) and target.attr == "check_hostname":
                        assert ast.unparse(node.value) == "True", where
            if isinstance(node, ast.Call):
                words = {word.arg: ast.unparse(word.value) for word in node.keywords}
                assert words.get("ssl") not in ("False", "None"), where
                assert words.get("verify_ssl") is None, where
                assert words.get("allow_redirects", "False") == "False", where
                assert words.get("trust_env", "False") == "False", where
                if ast.unparse(node.func).endswith("ClientSession"):
                    assert words["trust_env"] == "False", where
                    clients.append(path.relative_to(PACKAGE).as_posix())
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", "") or ""}
                assert not names & {"urllib.request", "http.client", "requests", "httpx"}, where
    assert sorted(clients) == ["cli/launch.py", "net/endpoint.py"]
