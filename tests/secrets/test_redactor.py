"""What is learned is not printed, in whatever form; what is meant for people is left alone."""

from __future__ import annotations

import base64
import copy
import json
import pickle
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trader.secrets.redactor import MARK, MOST, Redactor

SECRET = "k7Q-/x+9_vB2 é%w&Zt<4'mL8\"pR5sN1"
LONG = "5tGq0XbC9dWvK2LrPz7HnJm4YsFa8EuToI1RkQxVhZyBwNc3MgSlDe6UpAfi"


@pytest.fixture
def redactor() -> Redactor:
    one = Redactor()
    one.learn(SECRET, LONG)
    return one


def forms(secret: str) -> dict[str, str]:
    raw = secret.encode()
    found = {
        "plain": secret,
        "json": json.dumps({"x": secret}),
        "repr": repr(secret),
        "quote": quote(secret),
        "quote all": quote(secret, safe=""),
        "quote small": quote(secret, safe="").lower() if secret.islower() else quote(secret, safe=""),
        "plus": quote_plus(secret),
        "hex": raw.hex(),
        "HEX": raw.hex().upper(),
        "hex spaced": raw.hex(" "),
        "percent hex": "".join(f"%{byte:02X}" for byte in raw),
        "backslash hex": "".join(f"\\x{byte:02x}" for byte in raw),
    }
    for before in (b"", b"a", b"ab", b"api:"):
        for after in (b"", b"z", b"zz"):
            found[f"base64 {before!r} {after!r}"] = base64.b64encode(before + raw + after).decode()
            found[f"url-safe {before!r} {after!r}"] = base64.urlsafe_b64encode(before + raw + after).decode().rstrip("=")
    return found


@pytest.mark.parametrize("secret", [SECRET, LONG], ids=["odd", "long"])
@pytest.mark.parametrize("name", forms(SECRET))
def test_every_form_is_taken_out(redactor: Redactor, secret: str, name: str) -> None:
    form = forms(secret)[name]
    text = f"before {form} after"
    cleaned = redactor.exact(text)
    assert MARK in cleaned
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")
    # At most the characters at the ends that base64 shares with what stands beside the value are left.
    assert len(cleaned) <= len("before  after") + len(MARK) + 16
    assert not redactor.knows(cleaned)


@pytest.mark.parametrize("cut", [slice(0, 20), slice(-20, None), slice(17, 35)])
def test_a_part_of_a_long_one_is_taken_out(redactor: Redactor, cut: slice) -> None:
    assert redactor.exact(f"…{LONG[cut]}…") == f"…{MARK}…"


def test_a_key_that_is_base64_is_known_in_both_alphabets_and_as_bytes() -> None:
    key = bytes(range(200, 250))
    redactor = Redactor()
    redactor.learn(base64.urlsafe_b64encode(key).decode().rstrip("="))
    for form in (base64.b64encode(key).decode(), base64.urlsafe_b64encode(key).decode(), key.hex()):
        assert MARK in redactor.exact(f"x {form} x")


def test_two_at_once_and_twice(redactor: Redactor) -> None:
    text = f"{LONG}{SECRET} and {LONG}, {LONG.encode().hex()}"
    assert redactor.exact(text) == f"{MARK} and {MARK}, {MARK}", "what touches is one"


def test_text_without_a_secret_is_the_same_object(redactor: Redactor) -> None:
    text = "nothing to see: 5tGq0X and 0.01 BTCUSDT @ 96000"
    assert redactor.exact(text) is text


def test_short_values_are_not_looked_for() -> None:
    redactor = Redactor()
    redactor.learn("S", "secret", "")
    assert redactor.exact("a secret is S") == "a secret is S"


def test_bytes_trees_and_samples(redactor: Redactor) -> None:
    assert redactor.clean_bytes(b"\xff" + LONG.encode() + b"\x00") == b"\xff" + MARK.encode() + b"\x00"
    assert redactor.clean_bytes(b"\xff plain") == b"\xff plain"
    tree = {"id": "tt-1", "n": 1, LONG: [SECRET, {"x": (LONG, None)}]}
    assert redactor.clean_tree(tree) == {"id": "tt-1", "n": 1, MARK: [MARK, {"x": [MARK, None]}]}
    sample = json.dumps({"msg": f"bad {LONG}"}).encode().hex()
    assert bytes.fromhex(redactor.clean_hex(sample)) == json.dumps({"msg": f"bad {MARK}"}).encode()
    assert redactor.clean_hex("00ff80") == "00ff80"


def test_a_letter_whose_small_form_is_longer_moves_nothing(redactor: Redactor) -> None:
    assert redactor.exact(f"İİ {LONG} {LONG.encode().hex().upper()}") == f"İİ {MARK} {MARK}"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("token eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln rest", f"token {MARK} rest"),
        ("x-phemex-request-signature: 0a1b2c3d4e5f6071", f"x-phemex-request-signature: {MARK}"),
        ("{'x-phemex-access-token': 'aabb-ccdd', 'n': 1}", f"{{'x-phemex-access-token': '{MARK}', 'n': 1}}"),
        ("Authorization: Bearer abcdefghij", f"Authorization: Bearer {MARK}"),
        ("GET /x?listenKey=abcdefgh1234&a=1", f"GET /x?listenKey={MARK}&a=1"),
        ('{"api_key":"abcdefgh1234"}', f'{{"api_key":"{MARK}"}}'),
        ('{"method":"user.auth","params":["API","K","S",17],"id":1}', f'{{"method":"user.auth","params":{MARK},"id":1}}'),
        ('{"params":{"bearer":"q"},"method":"auth","id":0}', f'{{"params":{MARK},"method":"auth","id":0}}'),
        (r'"{\"method\":\"user.auth\",\"params\":[\"API\",\"K\"', r'"{\"method\":\"user.auth\",\"params\":' + MARK),
        ("hmac 9c2f0d6e8a1b4c5d7e9f0a1b2c3d4e5f6071829304a5b6c7d8e9f0a1b2c3d4e5", f"hmac {MARK}"),
        ("key 5tGq0XbC9dWvK2Lr/z7HnJm4YsFa8EuToI1RkQ+x=", f"key {MARK}"),
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text: str, cleaned: str) -> None:
    assert Redactor().clean(text) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        'File "/home/someone/src/tui_trader/venues/phemex/replies.py", line 12, in test_a_name_that_takes_for_ever_is_not_sent',
        "/tmp/pytest-of-root/pytest-12/popen-gw1/test_every_order_is_known0/state/journal/phemex-live-main.jsonl",
        "order tt-0a1b2c3d4e5f60718293a4b5c6d7e8f9 may have been executed",
        "order tt-0a1b2c3d4e5f60718293a4b5c6d7 may have been executed",
        "order 123e4567-e89b-12d3-a456-426614174000 buy 0.01 BTCUSDT @ 96000",
        "ClientConnectorCertificateError: the certificate of api.phemex.com is not trusted (certificate has expired)",
        "========================================================",
        "2026-11-28T02:31:00.123456789Z CRITICAL tui_trader.crash crash 0a1b2c3d",
        "TerminalSupportsSynchronizedOutputMessageOfTheDriver",
        "password: no",
    ],
)
def test_what_people_read_is_left(text: str) -> None:
    assert Redactor().clean(text) == text


def test_it_does_not_leave_its_process_and_shows_nothing(redactor: Redactor) -> None:
    assert repr(redactor) == "Redactor(2 values)"
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leave(redactor)


def test_what_it_remembers_is_bounded() -> None:
    redactor = Redactor()
    for number in range(MOST + 10):
        redactor.learn(f"value number {number:04}")
    assert repr(redactor) == f"Redactor({MOST} values)"
    assert redactor.knows(f"value number {MOST + 9:04}")
    assert not redactor.knows("value number 0000")


def test_the_key_is_still_known_after_more_tokens_than_are_remembered(redactor: Redactor) -> None:
    for number in range(2 * MOST):
        redactor.learn(f"eyJhbGciOiJFUzI1NiJ9.eyJleHAiOjE3{number:08}.c2lnbmF0dXJlLW9m{number:08}")
    assert repr(redactor) == f"Redactor({MOST} values)"
    assert redactor.knows(SECRET), "tokens come every few minutes: they must not push the key out"
    assert redactor.knows(LONG)
    assert redactor.exact(f"signed with {SECRET}") == f"signed with {MARK}"


@given(st.text(min_size=8, max_size=60), st.text(max_size=40), st.text(max_size=40))
def test_no_value_survives(secret: str, before: str, after: str) -> None:
    redactor = Redactor()
    redactor.learn(secret)
    cleaned = redactor.exact(f"{before}{secret}{after}")
    assert secret not in cleaned.split(MARK) or secret in MARK
    assert MARK in cleaned


@given(st.text(alphabet="aA0/+_=-.: \"'[]{}\\auth", max_size=3000))
def test_nothing_hostile_takes_long(text: str) -> None:
    Redactor().clean(text)


@pytest.mark.parametrize("piece", ["a", "a/", "a-", "auth.", "secret", "'params':[", "/a_b-c=", "\\'"])
def test_what_is_built_to_take_long_does_not(redactor: Redactor, piece: str) -> None:
    started = time.process_time()
    redactor.clean(piece * (100_000 // len(piece)))
    assert time.process_time() - started < 20, "quadratic in the length of the text"
