"""A secret that does not get out by accident."""

from __future__ import annotations

import copy
import gc
import json
import logging
import pickle
import subprocess
import sys
import traceback
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson
import pytest

from tui_trader.core.error import RefusedError
from tui_trader.secrets.secret import MASK, Secret, announce, exact_values
from tui_trader.venues.base import Credential

TEXT = "hush-é-☃-9f"


def test_it_gives_its_text_to_who_asks_for_it() -> None:
    assert Secret(TEXT).reveal() == TEXT


@pytest.mark.parametrize(
    "way",
    [
        str,
        "{}".format,
        "{:>40}".format,
        lambda secret: "%s" % secret,  # noqa: UP031
        lambda secret: f"Bearer {secret}",
        copy.copy,
        copy.deepcopy,
        pickle.dumps,
        json.dumps,
        orjson.dumps,
        hash,
        len,
        list,
        bytes,
        vars,
        lambda secret: secret + "",
        lambda secret: {secret: 1},
        lambda secret: asdict(Credential("key", secret)),
        lambda secret: pickle.dumps(Credential("key", secret)),
    ],
)
def test_no_way_out(way: Any) -> None:
    with pytest.raises(TypeError) as caught:
        way(Secret(TEXT))
    assert TEXT not in str(caught.value)


def test_what_is_seen_of_it_is_a_mask_whatever_its_length() -> None:
    assert repr(Secret("")) == repr(Secret(TEXT)) == f"{Secret(TEXT)!r}" == "%r" % Secret(TEXT) == MASK  # noqa: UP031
    assert repr([Secret(TEXT)]) == f"[{MASK}]"
    assert "hush" not in repr(Credential("key", Secret(TEXT)))


def test_a_traceback_with_local_variables_does_not_show_it() -> None:
    def fails(secret: Secret) -> None:
        credential = Credential("key", secret)
        raise RuntimeError(f"{credential!r}")

    try:
        fails(Secret(TEXT))
    except RuntimeError as error:
        account = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert TEXT not in account
    assert MASK in account


def test_a_log_does_not_take_it(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("somebody").error("%r", Secret(TEXT))
    assert caplog.messages == [MASK]


def test_it_has_no_attributes_to_look_into_and_no_heirs() -> None:
    secret = Secret(TEXT)
    assert not hasattr(secret, "__dict__")
    with pytest.raises(AttributeError):
        secret.other = 1  # type: ignore[attr-defined]


def test_equal_texts_are_equal_and_nothing_else_is() -> None:
    assert Secret(TEXT) == Secret(TEXT)
    assert Secret(TEXT) != Secret(TEXT + "x")
    assert Secret(TEXT) != TEXT
    assert Secret("\ud800") == Secret("\ud800")
    assert Credential("k", Secret(TEXT)) == Credential("k", Secret(TEXT))
    assert replace(Credential("k", Secret(TEXT)), key="l").secret.reveal() == TEXT


def test_comparing_takes_the_same_time_whatever_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def digest(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr("hmac.compare_digest", digest)
    assert Secret("ab") == Secret("ab")
    assert compared == [(b"ab", b"ab")], "and by nothing else"


def test_what_was_forgotten_is_not_revealed_any_more() -> None:
    text = f"{TEXT} once"
    secret = Secret(text)
    assert text in exact_values()
    secret.forget()
    assert secret.is_forgotten
    with pytest.raises(RefusedError, match="locked"):
        secret.reveal()
    assert secret != secret
    assert text not in exact_values()


def test_all_that_live_are_known_and_no_copies_are_made_of_them() -> None:
    text = "".join(["one", "-of-its-own"])
    one, other = Secret(text), Secret(text)
    known = [value for value in exact_values() if value == text]
    assert len(known) == 2
    assert all(value is text for value in known)
    del one, known
    gc.collect()
    assert sum(value == text for value in exact_values()) == 1
    assert other.reveal() == text


def test_who_listens_hears_of_those_that_are_and_of_those_to_come() -> None:
    heard: list[str] = []
    before = Secret("from before")
    end = announce(heard.append)
    assert "from before" in heard
    after = Secret("from after")
    assert heard[-1] == "from after"
    end()
    Secret("too late")
    assert heard[-1] == "from after"
    assert before != after


def test_a_class_that_holds_one_stays_frozen_and_shows_nothing() -> None:
    @dataclass(frozen=True)
    class Holder:
        secret: Secret

    assert repr(Holder(Secret(TEXT))).endswith(f"Holder(secret={MASK})")


def test_the_redactor_learns_those_that_were_there_before_it() -> None:
    """In a process of its own, where a secret lives before anything imports the redactor."""
    program = (
        "from tui_trader.secrets.secret import Secret\n"
        "kept = Secret('a-secret-from-before-0123')\n"
        "from tui_trader.secrets.redactor import REDACTOR\n"
        "later = Secret('a-secret-from-after-4567')\n"
        "print(REDACTOR.exact('a-secret-from-before-0123 and a-secret-from-after-4567'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[redacted] and [redacted]\n"
