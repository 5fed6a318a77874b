"""The configuration: strict, every problem at its place, every value with its source, the example never out of date."""

from __future__ import annotations

import contextlib
import os
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trader.core.error import ConfigError
from tui_trader.core.risk import Limits
from tui_trader.desk.config import Config, load
from tui_trader.desk.environment import Environment
from tui_trader.desk.settings import KEYS, SECTIONS, OnHangup, Settings, keys_of
from tui_trader.desk.settings_text import example, table
from tui_trader.desk.toml_source import MAX_BYTES, parse_toml, read_toml

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def problems_of(file: Path, text: str | bytes, environ: dict[str, str] | None = None, **flags: object) -> list[str]:
    """Return the problems of a file with ``text`` in it, without its path."""
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        load(file, environ or {}, flags)
    return [problem.replace(str(file), "F") for problem in caught.value.problems]


def loaded(file: Path, text: str, environ: dict[str, str] | None = None, **flags: object) -> Config:
    file.write_text(text)
    return load(file, environ or {}, flags)


# -- values ------------------------------------------------------------------------------------------------------------


def test_without_anything_the_defaults_are_in_force(tmp_path: Path) -> None:
    config = load(None, {"TUI_TRADER_HOME": str(tmp_path)})
    assert config.settings == Settings()
    assert config.path is None
    assert {source for _, _, source in config.rows()} == {"default"}
    assert config.settings.general.env is Environment.SIM
    assert config.settings.hangup.on_hangup is OnHangup.KEEP


def test_the_default_limits_are_those_of_the_risk_check() -> None:
    assert Settings().risk.limits() == Limits()


def test_the_limits_carry_every_value(file: Path) -> None:
    limits = loaded(
        file, "[risk]\ndaily_loss_limit = 12.5\nmax_order_notional = 7\nduplicate_window_s = 3"
    ).settings.risk.limits()
    assert (limits.day_loss, limits.order_notional, limits.duplicate_s) == (Decimal("12.5"), Decimal(7), 3)


@pytest.mark.parametrize("text", ["0.1", '"0.1"', "0.10", "1e-1"])
def test_fractions_are_exact_however_they_are_written(file: Path, text: str) -> None:
    value = loaded(file, f"[ticket]\nslippage_cap_percent = {text}").settings.ticket.slippage_cap_percent
    assert isinstance(value, Decimal)
    assert value == Decimal("0.1")


def test_a_later_layer_wins_and_each_value_knows_where_it_is_from(file: Path) -> None:
    text = "[ui]\nfps = 1\nfps_ssh = 2\ntheme = 'amber'\n[risk]\nmax_open_orders = 9\n"
    environ = {"TUI_TRADER__UI__FPS": "3", "tui_trader__ui__fps_ssh": "4", "OTHER": "x", "TUI_TRADER_HOME": "relative"}
    config = loaded(file, text, environ, **{"ui.fps": "5", "ui.mouse": None, "sim.seed": 7})
    ui = config.settings.ui
    assert (ui.fps, ui.fps_ssh, ui.theme, config.settings.risk.max_open_orders, config.settings.sim.seed) == (5, 4, "amber", 9, 7)
    assert config.source("ui.fps") == "flag --fps"
    assert config.source("ui.fps_ssh") == "env tui_trader__ui__fps_ssh"
    assert config.source("ui.theme") == "config.toml:4"
    assert config.source("risk.max_open_orders") == "config.toml:6"
    assert config.source("ui.mouse") == "default"
    assert config.value("ui.theme") == "amber"
    assert config.path == file
    with pytest.raises(KeyError):
        config.value("ui.nothing")


def test_the_environment_can_say_everything(file: Path) -> None:
    environ = {
        f"TUI_TRADER__{key.upper().replace('.', '__')}": value
        for key, value in {
            "general.symbols": "BTCUSDT, uBTCUSD",
            "ticket.presets": "1,2,3,4,5.5",
            "ui.mouse": "FALSE",
            "sim.speed": "2.5",
            "risk.max_order_notional": "10",
            "venues.phemex.allow_remote_custom": "true",
            "venues.phemex.rest_url": "http://127.0.0.1:8080",
        }.items()
    }
    settings = loaded(file, "", environ).settings
    assert settings.general.symbols == ("BTCUSDT", "uBTCUSD")
    assert settings.ticket.presets[-1] == Decimal("5.5")
    assert settings.ui.mouse is False
    assert settings.sim.speed == 2.5
    assert settings.venue("phemex").allow_remote_custom is True
    assert settings.venue("another") == settings.venue("phemex").__class__()


def test_the_usual_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[ui]\nfps = 7\n")
    config = load(None, {"TUI_TRADER_HOME": str(tmp_path)})
    assert config.settings.ui.fps == 7
    assert config.path == tmp_path / "config.toml"


def test_the_bounds_belong_to_the_range(file: Path) -> None:
    for key, low, high in (("fps", 1, 60), ("fps_ssh", 1, 60)):
        for value in (low, high):
            assert getattr(loaded(file, f"[ui]\n{key} = {value}").settings.ui, key) == value
        for value in (low - 1, high + 1):
            assert problems_of(file, f"[ui]\n{key} = {value}") == [
                f"F:2:{len(key) + 4}: [ui] {key}: must be a whole number from 1 to 60, not {value}"
            ]


# -- what is wrong with a value ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[ui]\nfsp = 5", 'F:2:1: [ui] fsp: unknown key; did you mean "fps"?'),
        ("fps = 5", 'F:1:1: fps: stands outside any section; did you mean "[ui] fps"?'),
        (
            "[ui]\nmax_order_notional = 5",
            'F:2:1: [ui] max_order_notional: unknown key; did you mean "[risk] max_order_notional"?',
        ),
        ("[iu]\nfps = 5", 'F:1:2: [iu]: unknown section; did you mean "ui"?'),
        ("[venues.phemix]\nrest_url = 5", 'F:1:2: [venues.phemix]: unknown section; did you mean "venues.phemex"?'),
        ("[[ui]]\nfps = 5", "F:1:3: [ui]: is a section, not a value"),
        ("ui = 5", "F:1:1: [ui]: is a section, not a value"),
        ("ui.fps = 'x'", 'F:1:10: [ui] fps: must be a whole number from 1 to 60, not "x"'),
        ("ui = { fps = true }", "F:1:14: [ui] fps: must be a whole number from 1 to 60, not true"),
        ("[ui]\nfps = 20.0", "F:2:7: [ui] fps: must be a whole number from 1 to 60, not 20.0"),
        ("[ui]\nfps = [20]", "F:2:7: [ui] fps: must be a whole number from 1 to 60, not a list"),
        ("[ui.fps]\nx = 1", "F:1:2: [ui] fps: must be a whole number from 1 to 60, not a section"),
        ("[ui]\nfps = 2026-01-01", "F:2:7: [ui] fps: must be a whole number from 1 to 60, not 2026-01-01"),
        ('[ui]\nmouse = "true"', 'F:2:9: [ui] mouse: must be true or false, not "true" (without quotes)'),
        ("[ui]\nmouse = 1", "F:2:9: [ui] mouse: must be true or false, not 1"),
        ("[ui]\ntheme = false", "F:2:9: [ui] theme: must be 1 to 32 small letters, digits, - and _, not false"),
        ('[ui]\nborders = "round"', 'F:2:11: [ui] borders: must be one of "auto", "unicode", "ascii", not "round"'),
        (
            "[risk]\nmax_order_notional = -5",
            "F:2:22: [risk] max_order_notional: must be a number above 0, at most 100000000, not -5",
        ),
        (
            "[risk]\nmax_order_notional = 0",
            "F:2:22: [risk] max_order_notional: must be a number above 0, at most 100000000, not 0",
        ),
        (
            "[risk]\nmax_order_notional = nan",
            "F:2:22: [risk] max_order_notional: must be a number above 0, at most 100000000, not NaN",
        ),
        (
            "[risk]\nmax_order_notional = inf",
            "F:2:22: [risk] max_order_notional: must be a number above 0, at most 100000000, not Infinity",
        ),
        (
            '[risk]\nmax_order_notional = "1,000"',
            'F:2:22: [risk] max_order_notional: must be a number above 0, at most 100000000, not "1,000"',
        ),
        ('[risk]\nprice_band_percent = "1e0"', 'F:2:22: [risk] price_band_percent: must be a number from 0.1 to 50, not "1e0"'),
        ('[risk]\nprice_band_percent = "１"', 'F:2:22: [risk] price_band_percent: must be a number from 0.1 to 50, not "１"'),
        (
            "[risk]\nprice_band_percent = 1e999999999",
            "F:2:22: [risk] price_band_percent: must be a number from 0.1 to 50, not 1E+999999999",
        ),
        (
            "[risk]\nprice_band_percent = 1e99999999999999999999",
            "F:2:22: [risk] price_band_percent: must be a number from 0.1 to 50, not NaN",
        ),
        ("[feed]\nbook_stale_s = nan", "F:2:16: [feed] book_stale_s: must be a number from 0.1 to 120, not NaN"),
        ('[feed]\nbook_stale_s = "1"', 'F:2:16: [feed] book_stale_s: must be a number from 0.1 to 120, not "1"'),
        (
            "[ticket]\npresets = [1, 2,\n  3, 4,\n  -5]",
            "F:4:3: [ticket] presets: must be a number above 0, at most 100000000, not -5",
        ),
        (
            "[ticket]\npresets = [1]",
            "F:2:11: [ticket] presets: must be a list of 5 values, each a number above 0, at most 100000000; it has 1",
        ),
        (
            '[general]\nsymbols = ["BTCUSDT", "ВTCUSDT"]',  # the second begins with a Cyrillic letter
            'F:2:23: [general] symbols: must be a symbol like BTCUSDT, not "ВTCUSDT"',
        ),
        (
            '[general]\nsymbols = ["A", "A"]',
            "F:2:17: [general] symbols: must be a list of 1 to 20 values, each a symbol like BTCUSDT, none of them twice",
        ),
        ('[general]\nvenue = "phemx"', 'F:2:9: [general] venue: must be one of phemex, not "phemx"'),
        (
            "[risk]\nmax_order_notional = 6000",
            "F:2:22: [risk] max_order_notional: must not be above risk.max_position_notional (5000)",
        ),
        (
            "[risk]\nmax_position_notional = 500",
            "F:2:25: [risk] max_position_notional: must not be below risk.max_order_notional (1000)",
        ),
    ],
)
def test_a_problem_is_named_with_its_place(file: Path, text: str, problem: str) -> None:
    assert problems_of(file, text) == [problem]


def test_every_problem_is_named_at_once_in_the_order_of_the_file(file: Path) -> None:
    text = "x = 1\n[ui]\nfps = 0\nmouse = 'no'\n[riks]\n[sim]\nseed = -1\n"
    environ = {"TUI_TRADER__UI__FPS": "fast", "TUI_TRADER__UI__FSP": "1"}
    found = problems_of(file, text, environ, **{"ui.thme": "x", "ui.theme": "UPPER"})
    assert [problem.split(": ")[0] for problem in found] == [
        *("F:1:1", "F:3:7", "F:4:9", "F:5:2", "F:7:8"),
        *("env TUI_TRADER__UI__FPS", "env TUI_TRADER__UI__FSP", "flag --thme", "flag --theme"),
    ]
    assert found[6].endswith('did you mean "TUI_TRADER__UI__FPS"?')
    assert found[7].endswith('did you mean "ui.theme"?')


def test_a_variable_given_in_two_spellings_is_a_problem(file: Path) -> None:
    found = problems_of(file, "", {"TUI_TRADER__UI__FPS": "5", "tui_trader__ui__fps": "6"})
    assert found == ["env tui_trader__ui__fps: is also given as TUI_TRADER__UI__FPS"]


@pytest.mark.parametrize("value", ["", " ", "５", "5.0", "0x5", "1_0", "true", "+5"])
def test_text_that_is_not_a_number_is_refused_from_the_environment(file: Path, value: str) -> None:
    assert len(problems_of(file, "", {"TUI_TRADER__UI__FPS": value})) == 1


# -- secrets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        'api_key = "CANARY"',
        '[venues.phemex]\napi-key = "CANARY"',
        '[venues.phemex]\nAPI_SECRET = "CANARY"',
        '[keys]\n[keys.main]\nid = { private_key = "CANARY" }',
        '[[accounts]]\npassphrase = "CANARY"',
        '[general]\naccount = { token = "CANARY" }',
        'list = [{ password = "CANARY" }]',
    ],
)
def test_a_secret_anywhere_in_the_file_is_refused_by_name_and_never_repeated(file: Path, text: str) -> None:
    found = problems_of(file, text)
    assert any("secrets are never read from here" in problem and "keyring" in problem for problem in found)
    assert "CANARY" not in "".join(found)


def test_a_secret_in_the_environment_is_refused_too(file: Path) -> None:
    found = problems_of(file, "", {"TUI_TRADER__PHEMEX__API_SECRET": "CANARY"})
    assert found[0].startswith("env TUI_TRADER__PHEMEX__API_SECRET: secrets are never")
    assert "CANARY" not in found[0]


# -- addresses ---------------------------------------------------------------------------------------------------------


def addressed(file: Path, rest: str, extra: str = "") -> list[str]:
    return problems_of(file, f"[venues.phemex]\nrest_url = {rest!r}\n{extra}")


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://example.com", "is not encrypted"),
        ("http://127.0.0.1.example.com", "is not encrypted"),
        ("http://2130706433", "is not encrypted"),
        ("http://localhost", "is not encrypted"),
        ("https://user:CANARY@127.0.0.1", "carries a user name"),
        ("http://127.0.0.1@example.com", "carries a user name"),
        ("https://example.com/../x", "has a path"),
        ("https://example.com/v1", "has a path"),
        ("https://example.com?x=1", "holds a character"),
        ("https://example.com#x", "holds a character"),
        ("https://exa mple.com", "holds a character"),
        ("https://127.0.0.1\\\\example.com", "holds a character"),
        ("https://exаmple.com", "holds a character"),  # a Cyrillic letter
        ("https://example.com:0", "has no usable host and port"),
        ("https://example.com:70000", "is not an address"),
        ("https://example.com:", "has no usable host and port"),
        ("https://", "has no usable host and port"),
        ("https://[::1", "is not an address"),
        ("ftp://127.0.0.1", "begins with neither https:// nor http://"),
        ("127.0.0.1:8080", "begins with neither"),
        ("example.com", "begins with neither"),
    ],
)
def test_addresses_with_a_trick_in_them_are_refused(file: Path, url: str, fault: str) -> None:
    found = addressed(file, url)
    assert len(found) == 1
    assert fault in found[0]
    assert "CANARY" not in found[0]


def test_custom_addresses_stay_on_this_machine_unless_told_otherwise(file: Path) -> None:
    assert addressed(file, "https://example.com") == [
        "F:2:12: [venues.phemex] rest_url: leads off this machine (example.com); set allow_remote_custom = true if that is meant"
    ]
    text = "[venues.phemex]\nrest_url = 'https://example.com:8443/'\nws_url = 'wss://example.com/ws'\nallow_remote_custom = true"
    assert loaded(file, text).settings.phemex.ws_url == "wss://example.com/ws"
    local = "[general]\nenv = 'custom'\n[venues.phemex]\nrest_url = 'http://[::1]:80'\nws_url = 'ws://127.0.0.1:80/ws'"
    assert loaded(file, local).settings.general.env is Environment.CUSTOM


@pytest.mark.parametrize("host", ["api.phemex.com", "phemex.com", "API.PHEMEX.COM"])
def test_the_venue_itself_is_no_custom_address(file: Path, host: str) -> None:
    found = addressed(file, f"https://{host}", "allow_remote_custom = true")
    assert found == [
        'F:2:12: [venues.phemex] rest_url: is the venue\'s own address; set general.env to "live" or "testnet" instead'
    ]


def test_custom_needs_both_addresses(file: Path) -> None:
    assert problems_of(file, '[general]\nenv = "custom"\n') == [
        f'default: [venues.phemex] {name}: is needed while general.env is "custom"' for name in ("rest_url", "ws_url")
    ]


# -- files -------------------------------------------------------------------------------------------------------------


def test_an_empty_file_is_fine(file: Path) -> None:
    assert loaded(file, "").settings == Settings()
    assert loaded(file, "# nothing\n").settings == Settings()


def test_a_named_file_has_to_exist(tmp_path: Path) -> None:
    for name in ("missing.toml", "$HOME/config.toml"):
        with pytest.raises(ConfigError, match="no such file") as caught:
            load(tmp_path / name, {})
        assert ("variables are not expanded" in str(caught.value)) == ("$" in name)


def test_a_home_is_expanded_in_a_named_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("[ui]\nfps = 9\n")
    monkeypatch.setenv("HOME", str(file.parent))
    assert load(Path("~/config.toml"), {}).settings.ui.fps == 9
    with pytest.raises(ConfigError, match="cannot be reached"):
        load(Path("~no-such-user-here/config.toml"), {})


def test_a_relative_path_is_from_the_present_directory(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("[ui]\nfps = 9\n")
    monkeypatch.chdir(file.parent)
    assert load(Path("config.toml"), {}).settings.ui.fps == 9


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"[ui]\nfps = \xff", "F:2:7: is not UTF-8 (byte 0xff)"),
        ("[ui]\nfps = 5".encode("utf-16"), "F:1:1: is not UTF-8 (byte 0xff)"),
        (b"\xef\xbb\xbf[ui]\nfps = 5", "F:1:1: starts with a byte order mark; save the file as UTF-8 without one"),
        (b"[ui]\nfps = 5\nfps = 6", "F:3:8: this key is given twice"),
        (b"[ui]\nfps = 5\n[ui]\n", "F:3:4: this section is given twice"),
        (b"[ui]\nfps 5", "F:2:5: Expected '=' after a key in a key/value pair"),
        (b"[ui]\nfps = five", "F:2:7: this is not a TOML value (text needs quotes)"),
        (b"[ui]\nfps =", "F:2:6: Invalid value: the file ends here"),
        (b"[ui]\nfps = 5\x00", "F:2:8: Expected newline or end of document after a statement"),
        (b"[ui]\nfps = " + b"9" * 5000, "F:1:1: holds a number with too many digits"),
        (b"x = " + b"[" * 100_000, "F:1:1: is nested too deeply"),
        (b"a." * 200_000 + b"b = 1", "F:1:1: is nested too deeply"),
        (b"#" * (MAX_BYTES + 1), "F: is larger than 1,000,000 bytes, which no configuration is"),
    ],
    ids=lambda part: str(part)[:24],
)
def test_what_is_not_toml_is_said_to_be(file: Path, raw: bytes, problem: str) -> None:
    assert problems_of(file, raw) == [problem]


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for path, fault in (
        (tmp_path, "is a directory"),
        (tmp_path / "pipe", "is not a regular file"),
        (Path("/dev/zero"), "regular"),
    ):
        with pytest.raises(ConfigError, match=fault):
            read_toml(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_toml(tmp_path / "loop")


def test_a_file_that_others_may_write_to_is_refused(file: Path) -> None:
    file.write_text("")
    for mode in (0o620, 0o602, 0o666):
        file.chmod(mode)
        with pytest.raises(ConfigError, match="may be written to by other users"):
            load(file, {})
    for mode in (0o600, 0o644):
        file.chmod(mode)
        assert load(file, {}).settings == Settings()


def test_a_file_of_somebody_else_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("")
    owner = 4242
    real = os.fstat
    monkeypatch.setattr(os, "fstat", lambda fd: os.stat_result([*real(fd)[:4], owner, *real(fd)[5:]]))
    with pytest.raises(ConfigError, match="belongs to another user"):
        load(file, {})


def test_a_link_is_followed_and_a_dangling_one_is_a_problem(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text("[ui]\nfps = 3\n")
    (tmp_path / "config.toml").symlink_to(real)
    assert load(None, {"TUI_TRADER_HOME": str(tmp_path)}).settings.ui.fps == 3
    real.unlink()
    with pytest.raises(ConfigError, match="no such file"):
        load(None, {"TUI_TRADER_HOME": str(tmp_path)})


def test_nothing_from_the_file_reaches_the_terminal_raw(file: Path) -> None:
    text = '"\\u001b[5n" = 1\n[ui]\ntheme = "\\u001b]52;c;x\\u0007"\n"\\u009b1m" = 2\n["\\u202e"]\nx = 1'
    found = "".join(problems_of(file, text, {"TUI_TRADER__\x1b[5n": "1"}))
    assert all(char.isprintable() for char in found)


# -- places ------------------------------------------------------------------------------------------------------------

TRICKY = '''\
# [not.a.section]
a = """
[neither] = "x" \\"""
""" # comment = 1
"quoted key" . 'other' = 'lit#eral'   # b = 2
b = [ # comment ]
  "x]", { c = 1, "d e" = [2, 3] },
]
  [ sec . "tion" ]
date = 1979-05-27 07:32:00
end = \'\'\'it''s\'\'\'\'\'
[[many]]
x = 1
'''


def test_places_are_found_in_any_toml() -> None:
    source = parse_toml(TRICKY.encode(), "F")
    assert source.tree == tomllib.loads(TRICKY)
    assert source.key_at(("a",)) == "F:2:1"
    assert source.key_at(("quoted key", "other")) == "F:5:1"
    assert source.value_at(("quoted key", "other")) == "F:5:26"
    assert source.value_at(("b",)) == "F:6:5"
    assert source.value_at(("b", "1", "d e", "1")) == "F:7:30"
    assert source.key_at(("sec", "tion")) == "F:9:5"
    assert source.value_at(("sec", "tion", "date")) == "F:10:8"
    assert source.key_at(("sec", "tion", "end")) == "F:11:1"
    assert source.key_at(("many", "0", "x")) == "F:12:3"
    assert source.key_at(("nowhere",)) == "F"


def test_windows_line_ends_count_as_one() -> None:
    assert parse_toml(b"# x\r\n[ui]\r\nfps = 5\r\n", "F").value_at(("ui", "fps")) == "F:3:7"


VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-(10**6), 10**6).map(str), st.sampled_from(['"a]b#"', "'c}d'", '"""e\n"f"""', "1.5"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(map(_text, items)) + "]"),
        st.lists(inner, max_size=3).map(
            lambda items: "{" + ", ".join(f'"k {i}" = {_text(item)}' for i, item in enumerate(items)) + "}"
        ),
    ),
    max_leaves=6,
)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@given(st.lists(VALUES, min_size=1, max_size=6))
def test_every_key_of_any_document_has_its_line(values: list[object]) -> None:
    lines, expected = 1, {}
    text = ""
    for index, value in enumerate(values):
        expected[f"key{index}"] = lines
        piece = f"key{index} = {_text(value)}\n"
        text += piece
        lines += piece.count("\n")
    source = parse_toml(text.encode(), "F")
    assert {name: source.line_of((name,)) for name in source.tree} == expected


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(ConfigError):
        parse_toml(text.encode("utf-8", "surrogatepass"), "F")


# -- the example and the manual ----------------------------------------------------------------------------------------


def test_the_example_is_generated_from_the_schema() -> None:
    committed = (REPOSITORY / "config.example.toml").read_text()
    assert committed == example(), "run: tui-trader config example > config.example.toml"


def test_the_example_has_every_key_with_its_default_and_loads() -> None:
    path = REPOSITORY / "config.example.toml"
    config = load(path, {})
    assert config.settings == Settings()
    assert set(config.sources) == set(KEYS)
    written = read_toml(path)
    for section in SECTIONS:
        tree = written.tree
        for part in section.split("."):
            tree = tree[part]
        assert list(tree) == list(keys_of(section))


def test_the_example_says_the_unit_and_the_range_of_every_key() -> None:
    text = " ".join(example().replace("\n#", " ").split())
    for key in KEYS.values():
        facts = f"Unit: {key.unit}. Must be {key.domain}." if key.unit else f"Must be {key.domain}."
        assert " ".join(key.doc.split()) in text
        assert facts in text
        assert key.doc.endswith(".")


@pytest.mark.parametrize("suffix", ["_percent", "_s", "_ms", "_per_second", "_per_minute", "notional", "_limit"])
def test_a_name_that_promises_a_unit_has_one(suffix: str) -> None:
    named = [key for name, key in KEYS.items() if name.endswith(suffix)]
    assert named
    assert all(key.unit for key in named)


def test_every_default_is_allowed() -> None:
    for key in KEYS.values():
        value = tomllib.loads(f"v = {key.write(key.default)}", parse_float=Decimal)["v"]
        assert key.read(value) == key.default


def test_the_manual_holds_the_generated_table() -> None:
    manual = (REPOSITORY / "docs" / "configuration.md").read_text()
    assert manual.endswith(table()), "run: tui-trader config example --markdown, and put it at the end of docs/configuration.md"
