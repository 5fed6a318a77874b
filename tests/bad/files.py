"""Configurations as people mistype, misplace and mistreat them: 20 classes, as files, variables, flags and folders."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bad.row import Row, rng
from tui_trader.desk.key import Address, Amount, Choice, Flag, Key, Many, Name, Seconds, Whole
from tui_trader.desk.settings import KEYS, SECTIONS
from tui_trader.desk.toml_source import MAX_BYTES


@dataclass(frozen=True, slots=True)
class File:
    """A file's bytes, or what arranges a folder; ``says`` is a pattern of the problem, empty where it is fine."""

    content: bytes = b""
    says: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)
    arrange: Callable[[Path], Path] | None = None
    """Makes something in an empty folder and returns the path that is given to the program."""


def _texts(texts: Sequence[str | bytes], says: str) -> list[File]:
    return [File(text if isinstance(text, bytes) else text.encode(), says) for text in dict.fromkeys(texts)]


def _set(key: str, toml: str) -> str:
    section, _, name = key.rpartition(".")
    return f"[{section}]\n{name} = {toml}\n"


def _typos(name: str) -> list[str]:
    """Return a key as fingers miss it."""
    dice = rng(name)
    at = dice.randrange(len(name) - 1)
    letters = [name[:at] + name[at + 1 :], name + "s", name.upper(), name[:at] + name[at + 1] + name[at] + name[at + 2 :]]
    return [typo for typo in letters if typo not in {key.rpartition(".")[2] for key in KEYS} and typo]


def _wrong(key: Key[Any]) -> list[str]:
    """Return TOML values of a type that a key does not take."""
    match key:
        case Flag():
            return ['"true"', "1", "0", '"yes"', "[true]"]
        case Whole() | Amount() | Seconds():
            return ["true", '"ten"', "[1]", "{}", '"1 "', '"１"']
        case Choice() | Name():
            return ["1", "true", "[]", '"Not A Word"', '""' if isinstance(key, Name) and key.pattern else "2.5"]
        case Many():
            return ["1", '"a,b"', "{}", *(["[]"] if key.least else [])]
        case Address():
            return ["1", "true", "[]", '"nonsense"']
        case _:
            return ["{}"]


_BOUNDED = {name: key for name, key in KEYS.items() if isinstance(key, (Whole, Amount, Seconds))}
_LIMITS = {name: key for name, key in _BOUNDED.items() if name.startswith("risk.")}


def _link(folder: Path, target: Path) -> Path:
    link = folder / "link.toml"
    link.symlink_to(target)
    return link


def _named(folder: Path, name: str, text: str = "[ui]\nfps = 9\n", mode: int = 0o600) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def _sparse(folder: Path, size: int) -> Path:
    path = folder / "config.toml"
    with path.open("wb") as file:
        file.truncate(size)
    return path


def _mode(mode: int) -> Callable[[Path], Path]:
    return lambda folder: _named(folder, "config.toml", mode=mode)


def _missing(name: str) -> Callable[[Path], Path]:
    return lambda folder: folder / name


_TRICKS = (
    ("https://user:CANARY@127.0.0.1", "carries a user name"),
    ("https://user@example.com", "carries a user name"),
    ("https://127.0.0.1@example.com", "carries a user name"),
    ("https://example.com/../x", "has a path"),
    ("https://example.com/v1", "has a path"),
    ("https://example.com?x=1", "holds a character"),
    ("https://example.com#x", "holds a character"),
    ("https://exa mple.com", "holds a character"),
    ("https://127.0.0.1%2eexample.com", "holds a character"),
    ("https://exаmple.com", "holds a character"),
    ("https://example.com:0", "no usable host"),
    ("https://example.com:70000", "is not an address"),
    ("https://example.com:", "no usable host"),
    ("https://example.com:80:80", "is not an address|no usable"),
    ("https://", "no usable host"),
    ("https://[::1", "is not an address"),
    ("https://-example.com", "no usable host"),
    ("https://example..com", "no usable host"),
    ("https://.example.com", "no usable host"),
    ("//example.com", "begins with neither"),
    ("https:example.com", "no usable host"),
    ("HTTPS//x", "begins with neither"),
)
_SECRETS = (
    "api_key",
    "api-key",
    "API_SECRET",
    "secret",
    "token",
    "password",
    "pass_phrase",
    "private_key",
    "mnemonic",
    "apiKey",
    "seed_phrase",
)
_HOMES = ("relative", "./here", "..", "~/x", "$HOME/x", "%APPDATA%", "a/b", "~")

ROWS: tuple[Row, ...] = tuple(
    Row(name, put_in, expected, cases, also)
    for name, put_in, expected, cases, also in (
        (
            "missing",
            "--config FILE",
            "refused: no such file",
            [
                File(says="no such file", arrange=_missing(n))
                for n in ("nothing.toml", "a/b/c.toml", "$HOME/config.toml", "config.toml ", "é.toml", "x" * 200)
            ],
            (),
        ),
        (
            "empty",
            "the file",
            "the defaults are in force",
            _texts(["", "\n", " \n\t\n", "# only words\n", "\r\n", "[risk]\n", "[ui]\n[sim]\n"], ""),
            (),
        ),
        (
            "not UTF-8",
            "the file",
            "refused with line, column and byte",
            _texts(
                [
                    b"[ui]\nfps = \xff",
                    b"\xe9",
                    "[ui]\nfps = 5".encode("utf-16"),
                    "[ui]".encode("utf-32"),
                    b"# caf\xe9\n",
                    b"\xc0\xaf",
                    b"# \xed\xa0\x80",
                    b"a\n\n  \x80",
                    b"# \xf5\x80\x80\x80",
                    b"x = '\xc3'",
                ],
                r":\d+:\d+: is not UTF-8 \(byte 0x",
            ),
            (),
        ),
        (
            "BOM",
            "the file",
            "refused: byte order mark",
            _texts([b"\xef\xbb\xbf", b"\xef\xbb\xbf[ui]\nfps = 5\n", b"\xef\xbb\xbf\xef\xbb\xbf#"], "byte order mark"),
            (),
        ),
        (
            "100 MB",
            "the file",
            "refused before it is read whole",
            [
                File(says="is larger than", arrange=lambda folder, size=size: _sparse(folder, size))
                for size in (100_000_000, MAX_BYTES + 1, 1 << 33)
            ],
            ("tests/desk/test_config.py::test_only_regular_files_are_read",),
        ),
        (
            "dup keys",
            "the file",
            "refused at the second",
            [
                *_texts(
                    [_set(key, KEYS[key].write(KEYS[key].default)) + _set(key, "1").partition("\n")[2] for key in KEYS],
                    r":3:.*given twice",
                ),
                *_texts([f"[{s}]\n[{s}]\n" for s in SECTIONS], r":2:.*given twice"),
            ],
            (),
        ),
        (
            "unknown key",
            "the file, variables",
            "refused with the key that was meant",
            [
                *(
                    File(_set(f"{k.rpartition('.')[0]}.{typo}", "1").encode(), r":2:1: .*unknown key")
                    for k in KEYS
                    for typo in _typos(k.rpartition(".")[2])[:2]
                ),
                *_texts([f"[{s}x]\na = 1" for s in SECTIONS], "unknown section"),
                *(
                    File(environ={f"TUI_TRADER__UI__{n}": "1"}, says="unknown variable")
                    for n in ("FSP", "FPSS", "THEMES", "X", "")
                ),
            ],
            (),
        ),
        (
            'wrong type (`"true"`)',
            "the file",
            "refused with what it must be",
            [File(_set(name, toml).encode(), r":2:\d+: .* must be ") for name, key in KEYS.items() for toml in _wrong(key)],
            (),
        ),
        (
            "negative limits",
            "the file, variables",
            "refused with the bounds",
            [
                *(
                    File(_set(name, toml).encode(), "must be a (whole )?number")
                    for name in _LIMITS
                    for toml in ("-1", "-0.5", '"-1"')
                ),
                *(
                    File(environ={f"TUI_TRADER__{name.upper().replace('.', '__')}": "-1"}, says="must be a (whole )?number")
                    for name in _LIMITS
                ),
            ],
            (),
        ),
        (
            "NaN limit",
            "the file, variables",
            "refused with the bounds",
            [
                *(
                    File(_set(name, toml).encode(), "must be a (whole )?number")
                    for name in _BOUNDED
                    for toml in ("nan", "inf", "-inf", '"NaN"')
                ),
                *(
                    File(environ={f"TUI_TRADER__{name.upper().replace('.', '__')}": "NaN"}, says="must be a (whole )?number")
                    for name in _BOUNDED
                ),
            ],
            (),
        ),
        (
            "limit omitted",
            "the file",
            "its default is in force, never none",
            _texts(
                [
                    "[risk]\n"
                    + "".join(
                        f"{other.rpartition('.')[2]} = {KEYS[other].write(KEYS[other].default)}\n"
                        for other in _LIMITS
                        if other != name
                    )
                    for name in _LIMITS
                ],
                "",
            ),
            ("tests/desk/test_config.py::test_the_default_limits_are_those_of_the_risk_check",),
        ),
        (
            "http:// URL",
            "the file",
            "refused: not encrypted",
            [
                File(_set("venues.phemex.rest_url", json.dumps(u)).encode(), "is not encrypted")
                for u in (
                    "http://example.com",
                    "http://127.0.0.1.example.com",
                    "http://2130706433",
                    "http://localhost",
                    "http://0.0.0.0",
                    "http://10.0.0.1:80",
                )
            ]
            + [
                File(_set("venues.phemex.ws_url", json.dumps(u)).encode(), "is not encrypted|begins with neither")
                for u in ("ws://example.com/ws", "http://127.0.0.1", "ws://localhost:1/ws")
            ],
            (),
        ),
        (
            "URL with userinfo/port/path tricks",
            "the file",
            "refused with the trick; the address is not repeated",
            [File(_set("venues.phemex.rest_url", json.dumps(url, ensure_ascii=False)).encode(), says) for url, says in _TRICKS],
            (),
        ),
        (
            "LIVE host + TEST key",
            "the file",
            "the venue's own hosts are no custom addresses",
            [
                File(
                    (_set("venues.phemex.rest_url", json.dumps(f"https://{h}")) + "allow_remote_custom = true\n").encode(),
                    "is the venue's own address",
                )
                for h in ("api.phemex.com", "testnet-api.phemex.com", "PHEMEX.com", "phemex.com", "vapi.phemex.com")
            ],
            (
                "tests/desk/test_config.py::test_the_venue_itself_is_no_custom_address",
                "tests/cli/test_keys.py::test_a_key_signs_for_its_own_environment_and_host_only",
                "tests/cli/test_keys.py::test_one_key_is_not_for_two_environments",
            ),
        ),
        (
            "0644 file",
            "the file's mode",
            "others may read it, since nothing secret may stand in it; they may not write to it",
            [
                *(File(arrange=_mode(mode)) for mode in (0o644, 0o640, 0o600, 0o400, 0o444)),
                *(
                    File(says="may be written to by other users", arrange=_mode(mode))
                    for mode in (0o666, 0o620, 0o602, 0o664, 0o646, 0o777, 0o622)
                ),
            ],
            (),
        ),
        (
            "symlink",
            "the file",
            "followed to a sound file; dangling, looping and unsound ones refused",
            [
                File(arrange=lambda folder: _link(folder, _named(folder, "real.toml"))),
                File(says="no such file", arrange=lambda folder: _link(folder, folder / "gone.toml")),
                File(says="cannot be read", arrange=lambda folder: _link(folder, folder / "link.toml")),
                File(says="is a directory", arrange=lambda folder: _link(folder, folder)),
                File(says="is not a regular file", arrange=lambda folder: _link(folder, Path("/dev/zero"))),
                File(says="may be written to", arrange=lambda folder: _link(folder, _named(folder, "real.toml", mode=0o666))),
            ],
            ("tests/desk/test_config.py::test_a_link_is_followed_and_a_dangling_one_is_a_problem",),
        ),
        ("owned by other", "the file", "refused", (), ("tests/desk/test_config.py::test_a_file_of_somebody_else_is_refused",)),
        (
            "secret placed in file or argv",
            "the file, variables",
            "refused by name and never repeated",
            [
                *(
                    File(f'{head}\n{name} = "CANARY"'.encode(), "secrets are never read from here")
                    for name in _SECRETS
                    for head in ("", "[general]", "[venues.phemex]", "[keys.main]")
                ),
                *(
                    File(environ={f"TUI_TRADER__PHEMEX__{name.upper()}": "CANARY"}, says="secrets are never read from here")
                    for name in _SECRETS
                ),
            ],
            (
                "tests/desk/test_config.py::test_a_secret_in_the_environment_is_refused_too",
                "tests/cli/test_keys.py::test_a_secret_on_the_command_line_is_refused_and_not_repeated",
                "tests/cli/test_keys.py::test_secrets_in_the_environment_stop_real_money_and_are_said_elsewhere",
            ),
        ),
        (
            "~/$VAR/relative path",
            "--config FILE, TUI_TRADER_HOME",
            "~ is a home, variables are not expanded, a home has to be absolute",
            [
                *(
                    File(says="absolute path", environ={"TUI_TRADER_HOME": home}, arrange=lambda folder: Path())
                    for home in _HOMES
                ),
                *(
                    File(says="no such file|cannot be reached", arrange=lambda folder, name=name: Path(name))
                    for name in (
                        "$HOME/config.toml",
                        "${XDG_CONFIG_HOME}/x",
                        "~no-such-user-here/config.toml",
                        "nowhere/relative.toml",
                    )
                ),
            ],
            (
                "tests/desk/test_config.py::test_a_home_is_expanded_in_a_named_file",
                "tests/desk/test_config.py::test_a_relative_path_is_from_the_present_directory",
            ),
        ),
        (
            "XDG unset/HOME unset/read-only home",
            "the environment",
            "the system's place, or refused with the variable",
            (),
            (
                "tests/desk/test_locations.py::test_without_a_home_the_password_file_is_asked",
                "tests/desk/test_locations.py::test_a_system_without_a_usable_place_is_refused",
                "tests/desk/test_locations.py::test_a_read_only_home_is_named",
                "tests/desk/test_locations.py::test_relative_variables_never_lead_into_the_present_directory",
            ),
        ),
    )
)
