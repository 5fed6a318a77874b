"""Themes: the shipped ones keep their promises, a broken file of the user's is named and left out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from rich.color import Color
from textual.app import App, ComposeResult
from textual.widgets import Footer, Input, Label

from tui_trader.core.error import ConfigError
from tui_trader.desk.locations import shipped
from tui_trader.desk.toml_source import parse_toml
from tui_trader.ui.theme import COLORS, DEFAULT_THEME, INKS, ROLES, Theme, load_themes, luminance, parse_theme

REPOSITORY = Path(__file__).parents[2]
NAMES = ["amber", "ansi16", "colorblind", "daylight", "high-contrast", "midnight", "mono", "tidepool"]
TERMINAL = {"ansi16", "mono"}
THEMES, PROBLEMS = load_themes(REPOSITORY / "themes", None)
COLOURED = sorted(set(NAMES) - TERMINAL)

PAIRS = [
    ("header_fg", "header_bg"),
    ("selection_fg", "selection_bg"),
    ("text", "selection_bg"),
    ("up", "selection_bg"),
    ("down", "selection_bg"),
    ("own_order", "selection_bg"),
    ("up", "bar_bid"),
    ("down", "bar_ask"),
    ("text", "bar_bid"),
    ("text", "bar_ask"),
    ("text", "flash"),
    ("up", "flash"),
    ("down", "flash"),
]


def test_eight_themes_ship_without_a_problem() -> None:
    assert PROBLEMS == []
    assert sorted(THEMES) == NAMES
    assert DEFAULT_THEME in THEMES
    assert shipped("themes") == REPOSITORY / "themes"


@pytest.mark.parametrize("name", COLOURED)
def test_every_text_can_be_read(name: str) -> None:
    theme = THEMES[name]
    assert not theme.uses_terminal_colors
    floating = [(ink, surface) for ink in INKS if not ink.endswith("_fg") for surface in ("background", "panel")]
    low = {pair: ratio for pair in (*floating, *PAIRS) if (ratio := theme.contrast(*pair)) is None or ratio < 4.5}
    assert low == {}


def test_high_contrast_is_what_it_says() -> None:
    theme = THEMES["high-contrast"]
    floating = [(ink, "background") for ink in INKS if not ink.endswith("_fg")]
    low = {pair: ratio for pair in (*floating, *PAIRS) if (ratio := theme.contrast(*pair)) is None or ratio < 7}
    assert low == {}


@pytest.mark.parametrize("name", COLOURED)
def test_frames_are_seen_but_do_not_shout(name: str) -> None:
    theme = THEMES[name]
    quiet, loud = theme.contrast("border"), theme.contrast("border_focus")
    assert quiet is not None
    assert loud is not None
    assert 1.3 <= quiet < loud
    assert loud >= 3
    assert all((theme.contrast(bar) or 0) >= 1.15 for bar in ("bar_bid", "bar_ask"))


@pytest.mark.parametrize("name", NAMES)
def test_what_must_not_hang_on_colour_alone_has_an_attribute_too(name: str) -> None:
    theme = THEMES[name]
    plain = _attributes(theme, "text")
    for role in ("own_order", "alarm", "stale"):
        assert _attributes(theme, role) != plain
    if name == "mono":
        looks = {_attributes(theme, role) for role in ("text", "up", "down", "warning", "alarm", "stale", "own_order")}
        assert len(looks) >= 6
        assert all(color == "default" for color in theme.colors.values())


# Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB.
BLINDNESS = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


@pytest.mark.parametrize("kind", BLINDNESS)
def test_up_and_down_of_colorblind_stay_far_apart(kind: str) -> None:
    colors = THEMES["colorblind"].colors
    for one, other in (("up", "down"), ("bar_bid", "bar_ask")):
        assert _distance(colors[one], colors[other], kind) > (40 if one == "up" else 15)


def test_red_and_green_do_not_pass_the_same_check() -> None:
    assert _distance("#b02020", "#5a6a20", "deuteranopia") < 40


@pytest.mark.parametrize("name", NAMES)
def test_every_role_has_a_style(name: str) -> None:
    theme = THEMES[name]
    for role in ROLES:
        theme.style(role)
    with pytest.raises(KeyError):
        theme.style("no_such_role")


def test_every_role_that_a_pane_names_is_known() -> None:
    named = {role for file in (REPOSITORY / "tui_trader" / "ui" / "panes").glob("*.py") for role in _spans(file)}
    assert named
    assert named <= set(ROLES)


def test_a_style_has_the_colours_of_the_file() -> None:
    theme = THEMES["midnight"]
    assert theme.style("gain").color == Color.parse(theme.colors["up"])
    assert theme.style("gain").bgcolor is None
    assert theme.style("bid_bar").bgcolor == Color.parse(theme.colors["bar_bid"])
    assert theme.style("own_bid").bold
    assert theme.style("loss", bold=True, reverse=True, on="panel") == theme.style("loss") + _style(theme, "panel")


def test_up_may_be_red() -> None:
    theme = THEMES["high-contrast"]
    eastern = theme.with_up(red=True)
    assert theme.with_up(red=False) is theme
    assert eastern.style("gain") == theme.style("loss")
    assert eastern.style("ask_bar") == theme.style("bid_bar")
    assert eastern.style("gain").underline
    assert eastern.with_up(red=True) == theme


@pytest.mark.parametrize("name", NAMES)
async def test_textual_takes_it_and_style_sheets_see_its_colours(name: str) -> None:
    theme = THEMES[name]

    class Screen(App[None]):
        CSS = "\n".join(f"#c{index} {{ color: $role-{role.replace('_', '-')}; }}" for index, role in enumerate(COLORS))

        def compose(self) -> ComposeResult:
            yield from (Label(role, id=f"c{index}") for index, role in enumerate(COLORS))
            yield Input()
            yield Footer()

        def on_mount(self) -> None:
            self.register_theme(theme.to_textual())
            self.theme = theme.name

        def get_theme_variable_defaults(self) -> dict[str, str]:
            return theme.css_variables()

    app = Screen()
    async with app.run_test() as pilot:
        await pilot.pause()
        label = app.query_one(f"#c{list(COLORS).index('up')}", Label)
        if theme.colors["up"].startswith("#"):
            assert label.styles.color.hex.lower() == theme.colors["up"]
        else:
            assert label.styles.color.ansi is not None


GOOD = (REPOSITORY / "themes" / "midnight.toml").read_text()


def test_the_users_theme_replaces_its_namesake_and_adds_others(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD.replace('name = "midnight"\n', ""))
    (tmp_path / "over.toml").write_text(GOOD.replace('title = "Midnight"', 'title = "My midnight"'))
    themes, problems = load_themes(REPOSITORY / "themes", tmp_path)
    assert problems == []
    assert themes["mine"].name == "mine"
    assert themes["midnight"].title == "My midnight"
    assert len(themes) == len(NAMES) + 1


def test_a_broken_file_is_named_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[theme\n")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "c.toml").mkdir()
    (tmp_path / "d.toml").write_text(GOOD.replace("midnight", "fine"))
    themes, problems = load_themes(REPOSITORY / "themes", tmp_path)
    assert sorted(themes) == sorted([*NAMES, "fine"])
    assert [problem.partition(": ")[0].removeprefix(f"{tmp_path}/") for problem in problems] == [
        "a.toml:1:7",
        "b.toml:1:1",
        "c.toml",
    ]


def test_no_directory_is_no_problem(tmp_path: Path) -> None:
    assert load_themes(tmp_path / "none", tmp_path / "neither") == ({}, [])


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('up = "#45c98f"', 'up = "green-ish"', 'x.toml:19:6: [colors] up: must be "#rrggbb"'),
        ('up = "#45c98f"', 'up = "#45c98"', 'x.toml:19:6: [colors] up: must be "#rrggbb"'),
        ('up = "#45c98f"', "up = 5", 'x.toml:19:6: [colors] up: must be "#rrggbb"'),
        ('up = "#45c98f"', 'upp = "#45c98f"', 'x.toml:19:1: [colors] upp: unknown key; did you mean "up"?'),
        ('up = "#45c98f"\n', "", "x.toml:7:2: [colors]: without up"),
        ("dark = true", 'dark = "yes"', "x.toml:4:8: [theme] dark: must be true or false"),
        ('name = "midnight"', 'name = "Mid Night"', "x.toml:2:8: [theme] name: must be 1 to 32 small letters"),
        ('title = "Midnight"', "title = 3", "x.toml:3:9: [theme] title: must be text"),
        ('stale = "italic"', 'stale = "blinking"', "[attributes] stale: must be words out of bold"),
        ("[attributes]", "[atributes]", '[atributes]: unknown section; did you mean "attributes"?'),
    ],
)
def test_what_is_wrong_is_said_with_its_place(old: str, new: str, problem: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError, match=re.escape(problem)):
        parse_theme(parse_toml(GOOD.replace(old, new, 1).encode(), "x.toml"), "x")


def test_wrong_text_cannot_reach_the_terminal() -> None:
    raw = GOOD.replace('title = "Midnight"', r'title = "\u001b[5n"', 1).encode()
    assert "\x1b" not in parse_theme(parse_toml(raw, "x.toml"), "x").title


def test_the_manual_names_every_theme_and_colour() -> None:
    manual = (REPOSITORY / "docs" / "themes.md").read_text()
    for name in NAMES:
        assert f"| `{name}` |" in manual
    for color, meaning in COLORS.items():
        assert f"| `{color}` | {meaning} |" in manual


def _attributes(theme: Theme, role: str) -> tuple[bool | None, ...]:
    style = theme.style(role)
    return tuple(bool(on) for on in (style.bold, style.dim, style.italic, style.underline, style.reverse))


def _style(theme: Theme, surface: str):  # type: ignore[no-untyped-def]
    from rich.style import Style

    return Style(bgcolor=theme.colors[surface], bold=True, reverse=True)


def _spans(file: Path) -> set[str]:
    """Return the literal roles given to Span(text, role), the least that a pane can name."""
    return {
        node.args[1].value
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Span" and len(node.args) == 2
        if isinstance(node.args[1], ast.Constant) and isinstance(node.args[1].value, str)
    }


def _distance(first: str, second: str, kind: str) -> float:
    one, other = _seen(first, kind), _seen(second, kind)
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5


def _seen(color: str, kind: str) -> tuple[float, float, float]:
    """Return CIE L*a*b* of a colour as somebody with ``kind`` sees it."""
    linear = [luminance(f"#{color[at : at + 2] * 3}") for at in (1, 3, 5)]
    red, green, blue = (min(1.0, max(0.0, sum(w * c for w, c in zip(row, linear, strict=True)))) for row in BLINDNESS[kind])
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089,
    )
    x, y, z = (c ** (1 / 3) if c > 0.008856 else 7.787 * c + 16 / 116 for c in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)
