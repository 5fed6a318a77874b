"""The cell model: what it sends makes any terminal show what was wanted, whatever the order of drawing."""

from __future__ import annotations

import random

import pyte
import pytest
from rich.segment import Segment
from rich.style import Style

from tui_trader.ui.cells import CellModel
from tui_trader.ui.graphemes import graphemes
from tui_trader.ui.pens import BLANK, DEFAULT, Pens
from tui_trader.ui.runs import move

STYLES = [
    None,
    Style(color="#ff0000"),
    Style(color="#00ff00", bgcolor="#101010"),
    Style(bgcolor="#202040", bold=True),
    Style(color="#ff0000", bold=True, italic=True),
    Style(color="#0000ff", underline=True, reverse=True),
    Style(color="red", strike=True),
    Style(color="#101010", bgcolor="#00ff00"),
    Style(color="#00ff00", bgcolor="#101010", bold=True),
    Style(color="#101010", bgcolor="#00ff00", dim=True),
    Style(color="#101010", bgcolor="#00ff00", underline=True),
]
ALPHABETS = [
    list("0123456789."),
    list("abcXYZ "),
    list("│─█▌▂"),
    list("漢字仮名"),
    ["e\u0301", "a\u0300", "o"],
    list("日x本y"),
    ["🙂", "z"],
]


def screen_of(width: int, height: int) -> tuple[pyte.Screen, pyte.Stream]:
    screen = pyte.Screen(width, height)
    screen.reset_mode(pyte.modes.DECAWM)
    return screen, pyte.Stream(screen)


def picture(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    """Return every cell with its look; the second half of a wide character has no look of its own in some terminals."""
    rows = []
    for y in range(screen.lines):
        row: list[tuple[object, ...]] = []
        for x in range(screen.columns):
            cell = screen.buffer[y][x]
            row.append(look(cell) if cell.data else ("",))
        rows.append(row)
    return rows


def look(cell: pyte.screens.Char) -> tuple[object, ...]:
    """Return what is seen of a cell: two exact colours that are held reversed look as if they had changed places, and of a blank
    the background is seen and lines are."""
    if cell.reverse and is_exact(cell.fg) and is_exact(cell.bg):
        cell = cell._replace(fg=cell.bg, bg=cell.fg, reverse=False)
    if cell.data == " " and cell.reverse and is_exact(cell.fg):
        cell = cell._replace(bg=cell.fg, reverse=False)
    if cell.data == " " and not (cell.reverse or cell.underscore or cell.strikethrough or cell.blink):
        cell = cell._replace(fg="", bold=False, italics=False)
    return tuple(cell)


def is_exact(color: str) -> bool:
    return len(color) == 6 and not set(color) - set("0123456789abcdef")


def repainted(model: CellModel) -> list[list[tuple[object, ...]]]:
    """Return what a terminal shows that sees the wanted cells for the first time."""
    screen, stream = screen_of(model.width, model.height)
    before = list(model._show), list(model._show_pens), model._pen, model._held, model._rests, dict(model._dirty)
    odd = set(model._odd)
    model.invalidate()
    stream.feed(model.difference())
    model._show, model._show_pens, model._pen, model._held, model._rests, model._dirty = before
    model._odd = odd
    return picture(screen)


def blank(model: CellModel) -> None:
    for y in range(model.height):
        model.put(y, 0, " " * model.width, DEFAULT)


def model_text(model: CellModel) -> list[str]:
    return [model.line(y).rstrip() for y in range(model.height)]


def pyte_text(screen: pyte.Screen) -> list[str]:
    return ["".join(screen.buffer[y][x].data for x in range(screen.columns)).rstrip() for y in range(screen.lines)]


def nfc(lines: list[str]) -> list[str]:
    import unicodedata

    return [unicodedata.normalize("NFC", line) for line in lines]


@pytest.mark.parametrize("seed", range(60))
def test_any_sequence_of_updates_shows_what_a_full_repaint_shows(seed: int) -> None:
    rng = random.Random(seed)
    width, height = rng.randint(4, 40), rng.randint(1, 12)
    model = CellModel(width, height, Pens(rng.choice(["truecolor", "256", "standard", None])))
    screen, stream = screen_of(width, height)
    blank(model)
    for _ in range(60):
        roll = rng.random()
        if roll < 0.05:
            width, height = rng.randint(1, 40), rng.randint(1, 12)
            model.cursor = None
            model.resize(width, height)
            screen.resize(height, width)
            blank(model)  # a compositor draws everything after a resize
        elif roll < 0.08:
            model.invalidate()  # somebody wrote on the terminal
            stream.feed(f"\x1b[{rng.randint(1, height)}H\x1b[1mgarbage")
        for _ in range(rng.randint(0, 6)):
            text = "".join(rng.choice(rng.choice(ALPHABETS)) for _ in range(rng.randint(1, 12)))
            style = rng.choice(STYLES)
            y, x = rng.randrange(height), rng.randint(-3, width)
            if rng.random() < 0.5:
                model.put(y, x, text, model.pens.of(style))
            else:  # an overlay: a box of segments, cut to a region
                left = rng.randrange(width)
                right = rng.randint(left, width)
                segments = [Segment(text, style), Segment("mid", rng.choice(STYLES)), Segment("", None)]
                for line in range(y, min(height, y + 3)):
                    model.put_segments(line, x, segments, left, right)
        if rng.random() < 0.7:  # else: the terminal is behind, and the next difference holds both
            sent = model.difference()
            stream.feed(sent)
            assert picture(screen) == repainted(model)
            assert nfc(pyte_text(screen)) == nfc(model_text(model))
            if sent and model.cursor is not None:
                assert (screen.cursor.x, screen.cursor.y) == model.cursor
        if rng.random() < 0.1:
            model.cursor = rng.choice([None, (rng.randrange(width), rng.randrange(height))])
    stream.feed(model.difference())
    assert picture(screen) == repainted(model)
    assert model.difference() == ""


@pytest.mark.parametrize("seed", range(40))
def test_the_changed_spans_of_a_row_are_put_as_the_whole_row_would_be(seed: int) -> None:
    """Some rows have wide characters or change their widths, and the terminal is behind at times."""
    rng = random.Random(seed)
    width, height, left = 30, 4, 2
    model, plain = (CellModel(width, height, Pens("truecolor")) for _ in range(2))
    screen, stream = screen_of(width, height)
    blank(model)
    blank(plain)
    rows: list[tuple[tuple[str, Style | None], ...]] = [()] * height

    def spans(old: tuple[tuple[str, Style | None], ...]) -> tuple[tuple[str, Style | None], ...]:
        if old and rng.random() < 0.85:
            return tuple(
                (f"{rng.randrange(10 ** len(text)):>{len(text)}}", rng.choice(STYLES) if rng.random() < 0.2 else style)
                if rng.random() < 0.5
                else (text, style)
                for text, style in old
            )
        alphabet = rng.choice(ALPHABETS) if rng.random() < 0.3 else ALPHABETS[0]
        counts = [rng.randint(1, 14) for _ in range(rng.randint(1, 4))]
        return tuple(("".join(rng.choice(alphabet) for _ in range(count)), rng.choice(STYLES)) for count in counts)

    def put_whole(target: CellModel, y: int, row: tuple[tuple[str, Style | None], ...]) -> None:
        x = left
        for text, style in row:
            target.put(y, x, text, target.pens.of(style))
            x += len(graphemes(text)[0])

    taken = 0
    for _ in range(200):
        y = rng.randrange(height)
        old, row = rows[y], spans(rows[y])
        pens = {id(style): (chr(model.pens.of(style)), style) for style in STYLES if rng.random() < 0.95}
        if len(old) == len(row) and model.put_changes(y, left, width - 1, row, old, pens):
            taken += 1
        else:
            put_whole(model, y, row)
        put_whole(plain, y, row)
        rows[y] = row
        assert [model.line(y) for y in range(height)] == [plain.line(y) for y in range(height)]
        assert [model.pens._pens[model.pen_at(y, x)] for x in range(width)] == [
            plain.pens._pens[plain.pen_at(y, x)] for x in range(width)
        ]
        if rng.random() < 0.5:
            stream.feed(model.difference())
            assert picture(screen) == repainted(model)
    assert taken > 60


def test_nothing_changed_sends_nothing() -> None:
    model = CellModel(20, 2, Pens())
    model.put(0, 0, "same", DEFAULT)
    assert model.difference()
    model.put(0, 0, "else", DEFAULT)
    model.put(0, 0, "same", DEFAULT)
    assert model.dirty
    assert model.difference() == ""


def test_only_the_characters_that_differ_are_sent() -> None:
    model = CellModel(40, 4, Pens())
    model.put(2, 10, "97500.5", DEFAULT)
    model.difference()
    model.put(2, 10, "97501.5", DEFAULT)
    assert model.difference() == "\x1b[3;15H1"


def test_changes_of_one_pen_are_sent_together() -> None:
    model = CellModel(80, 24, Pens())
    red, green = model.pens.of(STYLES[1]), model.pens.of(Style(color="#00ff00"))
    for y in range(24):
        model.put(y, 0, " " * 80, DEFAULT)
    model.difference()
    for y in range(4):
        model.put(y, 5, "1", red)
        model.put(y, 20, "2", green)
    sent = model.difference()
    assert sent.count("255;0;0") == 1
    assert sent.count("0;255;0") == 1


def test_half_a_wide_character_cannot_stay() -> None:
    model = CellModel(4, 1, Pens())
    model.put(0, 0, "漢字", DEFAULT)
    model.put(0, 1, "xy", DEFAULT)
    assert model.line(0) == " xy "
    model.put(0, -1, "漢", DEFAULT)
    model.put(0, 3, "字", DEFAULT)
    assert model.line(0) == " xy "


def test_cells_nobody_drew_are_left_alone() -> None:
    model = CellModel(10, 2, Pens())
    screen, stream = screen_of(10, 2)
    stream.feed("\x1b[Hforeign")
    model.forget()
    model.put(1, 0, "ours", DEFAULT)
    stream.feed(model.difference())
    assert pyte_text(screen) == ["foreign", "ours"]


def test_control_and_bidirectional_characters_never_leave() -> None:
    model = CellModel(40, 1, Pens())
    hostile = "a\x1b]52;c;QQ==\x07b\x9b5n\u202ec\u2066d\0e\nf\x7f\u200bg\ud800h"
    model.put(0, 0, hostile, DEFAULT)
    model.put_segments(0, 20, [Segment(hostile, Style(link="http://x\x1b[5n"))], 0, 40)
    sent = model.difference()
    body = sent.replace("\x1b[H", "").replace("\x1b[m", "")
    assert "\x1b" not in body.replace("\x1b[", "").replace("\x1b]8;;\x1b\\", "")
    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000 for c in body.replace("\x1b", ""))
    assert not set("\u202e\u2066\u200b") & set(body)
    assert body.startswith("a]52;c;QQ==b5ncdef")


def test_after_a_glyph_of_doubtful_width_the_neighbour_is_placed_anew() -> None:
    model = CellModel(10, 1, Pens())
    model.put(0, 0, "🙂abc", DEFAULT)
    model.difference()
    model.put(0, 0, "🚀", DEFAULT)
    assert model.difference() == "\x1b[H🚀\x1b[1;3Ha"


@pytest.mark.parametrize(
    ("text", "shown", "cells"),
    [
        ("ab", "ab", 2),
        ("漢", "漢", 2),
        ("e\u0301x", "e\u0301x", 2),
        ("\u0301x", "x", 1),
        ("a\u2028b\u2029", "ab", 2),
        ("👩\u200d🚀!", "👩!", 3),
        ("\U000f0000", "\U000f0000", 1),
    ],
)
def test_graphemes(text: str, shown: str, cells: int) -> None:
    model = CellModel(cells, 1, Pens())
    model.put(0, 0, text, DEFAULT)
    assert len(graphemes(text)[0]) == cells
    assert model.line(0) == shown


@pytest.mark.parametrize("seed", range(3))
def test_every_movement_arrives(seed: int) -> None:
    rng = random.Random(seed)
    screen, stream = screen_of(120, 50)
    at_y = at_x = -1
    for _ in range(2000):
        y, x = rng.randrange(50), rng.randrange(120)
        if rng.random() < 0.5 and at_y >= 0:
            y = min(49, max(0, at_y + rng.randint(-2, 2)))
            x = min(119, max(0, at_x + rng.randint(-6, 6)))
        if (y, x) != (at_y, at_x):
            stream.feed(move(at_y, at_x, y, x))
        assert (screen.cursor.y, screen.cursor.x) == (y, x)
        at_y, at_x = y, x


def test_a_pen_change_never_costs_more_than_reset_and_set() -> None:
    pens = Pens()
    ids = [pens.of(style) for style in STYLES]
    for old in ids:
        for new in ids:
            assert len(pens.turn(old, new)[0]) <= len(pens.turn(None, new)[0]) + 2


def test_styles_that_look_the_same_are_one_pen() -> None:
    pens = Pens()
    assert pens.of(Style(color="#ff0000", meta={"offset": (1, 2)})) == pens.of(Style(color="#ff0000"))
    assert pens.of(Style(color="default")) == DEFAULT
    assert Pens(None).of(Style(color="#ff0000")) == DEFAULT


FIGURES = ["9.60", "49.38", "1,234.57", "12,345.68", "+0.01", "-98.71%"]


@pytest.mark.parametrize("seed", range(30))
def test_a_line_whose_figures_grow_and_shrink_is_moved_and_shows_what_a_repaint_shows(seed: int) -> None:
    rng = random.Random(seed)
    model = CellModel(90, 3, Pens())
    screen, stream = screen_of(90, 3)
    blank(model)
    for _ in range(40):
        spans: list[Segment] = []
        for word in ("BUY", "notional", "lev 10x mgn", "fee", "maker", "from mark"):
            spans += [Segment(f" {rng.choice(FIGURES)} ", rng.choice(STYLES[:3])), Segment(word, None)]
        spans += [Segment(" " * 60, None), *([Segment("│ beside", STYLES[1])] if seed % 3 == 0 else [])]
        model.put_segments(rng.randrange(3), rng.choice([0, 0, 5]), spans, 0, 90)
        if rng.random() < 0.8:
            stream.feed(model.difference())
            assert picture(screen) == repainted(model)


def test_a_figure_that_grows_moves_what_follows_instead_of_writing_it_again() -> None:
    model = CellModel(120, 2, Pens())
    screen, stream = screen_of(120, 2)
    blank(model)
    for price in ("12,345.0", "123,456.0", "3,456.0"):
        model.put(
            1,
            0,
            f" BUY 0.5 BTC @ {price} gtc  notional 49.38  lev 10x mgn 4.99  fee 0.03 taker  -1.28% from mark".ljust(120),
            DEFAULT,
        )
        sent = model.difference()
        stream.feed(sent)
        assert picture(screen) == repainted(model)
        assert "notional" not in sent or price == "12,345.0"
    model.put(1, 0, "x" * 120, DEFAULT)  # nothing to move: no shift is sent
    assert "@" not in model.difference()


def test_what_stands_beside_is_not_moved_away() -> None:
    model = CellModel(60, 1, Pens())
    for price in ("9.5", "10.5"):
        model.put(0, 0, f"BUY @ {price} gtc fee".ljust(25) + "".join(chr(33 + i) for i in range(35)), DEFAULT)
        sent = model.difference()
    assert "\x1b[@" not in sent


@pytest.mark.parametrize("seed", range(40))
def test_a_line_put_at_once_is_what_its_pieces_would_be(seed: int) -> None:
    rng = random.Random(seed)
    model, plain = (CellModel(24, 3, Pens()) for _ in range(2))
    screen, stream = screen_of(24, 3)
    blank(model)
    blank(plain)
    for _ in range(60):
        y, x = rng.randrange(3), rng.randrange(8)
        if rng.random() < 0.2:  # somebody else's cells, wide ones among them
            text = "".join(rng.choice(rng.choice(ALPHABETS)) for _ in range(4))
            for other in (model, plain):
                other.put(y, x, text, other.pens.of(STYLES[1]))
        pieces = [("".join(rng.choice("0123 ▲─") for _ in range(rng.randint(1, 5))), rng.choice(STYLES)) for _ in range(3)]
        text = "".join(piece for piece, _ in pieces)
        inks = "".join(chr(model.pens.of(style)) * len(piece) for piece, style in pieces)
        if not model.put_line(y, x, text, inks):
            at = x
            for piece, style in pieces:
                model.put(y, at, piece, model.pens.of(style))
                at += len(piece)
        for piece, style in pieces:
            plain.put(y, x, piece, plain.pens.of(style))
            x += len(piece)
        assert model_text(model) == model_text(plain)
        if rng.random() < 0.7:
            stream.feed(model.difference())
            assert picture(screen) == repainted(model) == repainted(plain)


EVERY_LOOK = [
    Style(color=front, bgcolor=behind, bold=bold, dim=dim, underline=line, reverse=reverse)
    for front in (None, "#cbd5df", "#0b1016", "red")
    for behind in (None, "#cbd5df", "#0b1016", "blue")
    for bold, dim, line, reverse in (
        (None, None, None, None),
        (True, None, None, None),
        (None, True, None, None),
        (None, None, True, None),
        (True, None, None, True),
    )
]


def test_a_pen_after_any_other_draws_what_it_draws_alone_and_costs_no_more() -> None:
    """Whatever the terminal holds, and however it came to hold that."""
    rng = random.Random(5)
    pens = Pens()
    ids = [pens.of(style) for style in EVERY_LOOK]
    screen, stream = screen_of(2, 1)
    alone: dict[int, tuple[object, ...]] = {}
    for new in dict.fromkeys(ids):
        stream.feed("\x1b[m\x1b[H" + pens.turn(None, new)[0] + "x")
        alone[new] = look(screen.buffer[0][0])
    held: int | None = None
    swapped = 0
    for _ in range(6000):
        new = rng.choice(ids)
        text, now = pens.turn(held, new)
        assert len(text) <= len(pens.turn(None, new)[0])
        stream.feed(text + "\x1b[Hx")
        assert look(screen.buffer[0][0]) == alone[new]
        swapped += now != new
        held = now
    assert swapped > 20


def test_a_blank_after_any_pen_has_its_own_background_and_costs_no_more() -> None:
    rng = random.Random(7)
    pens = Pens()
    ids = [pens.of(style) for style in EVERY_LOOK]
    screen, stream = screen_of(2, 1)
    held: int | None = None
    less = 0
    for _ in range(6000):
        new, blank = rng.choice(ids), rng.random() < 0.5
        text, now = pens.turn(held, new + BLANK if blank else new)
        least = len(pens.turn(held, new)[0])
        assert len(text) <= least
        stream.feed("\x1b[m\x1b[H" + pens.turn(None, new)[0] + ("  " if blank else "x "))
        alone = look(screen.buffer[0][0])
        stream.feed(("" if held is None else pens.turn(None, held)[0]) + text + "\x1b[H" + (" " if blank else "x"))
        assert look(screen.buffer[0][0]) == alone
        less += blank and len(text) < least
        held = now
    assert less > 500


def test_colours_that_change_places_are_reversed_and_come_back() -> None:
    pens = Pens()
    text, cursor = pens.of(Style(color="#cbd5df", bgcolor="#0b1016")), pens.of(Style(color="#0b1016", bgcolor="#cbd5df"))
    there, held = pens.turn(text, cursor)
    assert (there, pens.turn(held, cursor)) == ("\x1b[7m", ("", held))
    assert pens.turn(held, text) == ("\x1b[27m", text)
    for look in ({"dim": True}, {"underline": True}, {"strike": True}):  # terminals differ about these when reversed
        there, _ = pens.turn(text, pens.of(Style(color="#0b1016", bgcolor="#cbd5df", **look)))
        assert "48;2;203;213;223" in there


def test_pens_are_taken_in_an_order_of_short_turns() -> None:
    rng = random.Random(6)
    pens = Pens()
    ids = list(dict.fromkeys(pens.of(style) for style in EVERY_LOOK))
    better = 0

    def spent(path: str) -> int:
        total, held = 0, ids[0]
        for ink in path:
            text, held = pens.turn(held, ord(ink))
            total += len(text)
        return total

    for _ in range(200):
        some = "".join(chr(pen) for pen in rng.sample(ids, rng.randint(1, 7)))
        tail = "".join(rng.sample(some, rng.randint(0, min(2, len(some)))))
        cost, order = pens.order(ids[0], some, tail)
        assert sorted(order) == sorted(some)
        assert order.endswith(tail)
        asked = "".join(ink for ink in some if ink not in tail) + tail
        assert cost == spent(order)
        better += cost < spent(asked)
    assert better > 100


def test_a_key_of_a_field_takes_few_bytes_and_leaves_the_cursor_where_it_rests() -> None:
    model = CellModel(60, 6, Pens())
    screen, stream = screen_of(60, 6)
    styles = {"text": ("#cbd5df", "#0b1016"), "field": ("#cbd5df", "#2f475e"), "cursor": ("#0b1016", "#cbd5df")}
    pens = {name: model.pens.of(Style(color=front, bgcolor=behind)) for name, (front, behind) in styles.items()}
    for y in range(6):
        model.put(y, 0, " " * 60, pens["text"])
    stream.feed(model.difference())
    sent = 0
    for at, letter in enumerate("0123456789", 10):
        model.put(1, at, letter, pens["field"])
        model.put(1, at + 1, " ", pens["cursor"])
        model.put(3, 5, f"price {at}", pens["text"])
        model.cursor = (at + 2, 1)
        text = model.difference()
        stream.feed(text)
        sent += len(text)
        assert (screen.cursor.x, screen.cursor.y) == (at + 2, 1)
        assert picture(screen) == repainted(model)
    assert sent < 60 * 10  # 70 each in the order of the lines


def test_after_the_last_column_only_the_line_is_relied_on() -> None:
    model = CellModel(20, 4, Pens())
    screen, stream = screen_of(20, 4)
    for figure in "12":
        for y in range(4):
            model.put(y, 12, f"edge {figure * 3}", DEFAULT)
        sent = model.difference()
        stream.feed(sent)
        assert picture(screen) == repainted(model)
    assert sent == "\x1b[1;18H222\v\x1b[18G222\v\x1b[18G222\v\x1b[18G222"


def test_a_terminal_that_draws_vertical_tabs_gets_none() -> None:
    for step in ("\v", ""):
        model = CellModel(10, 3, Pens())
        model.step = step
        for figure in "12":
            for y in range(3):
                model.put(y, 2, figure, DEFAULT)
            sent = model.difference()
        assert ("\v" in sent) is bool(step)
        screen, stream = screen_of(10, 3)
        stream.feed(sent)
        assert pyte_text(screen) == ["  2"] * 3


def test_what_becomes_blank_takes_no_pen_of_its_own() -> None:
    model = CellModel(40, 3, Pens())
    screen, stream = screen_of(40, 3)
    styles = (Style(color=front, bgcolor="#0b1016") for front in ("#cbd5df", "#e8b85c", "#869aa7"))
    text, warned, dim = (model.pens.of(style) for style in styles)
    for y in range(3):
        model.put(y, 0, " " * 40, text)
    model.put(0, 3, "price 12", warned)
    model.put(1, 3, "gone", dim)
    stream.feed(model.difference())
    model.put(0, 3, "price 13", warned)
    model.put(1, 3, "    ", text)
    model.put(2, 3, "    ", dim)
    sent = model.difference()
    stream.feed(sent)
    assert picture(screen) == repainted(model)
    assert "m" not in sent


def test_a_figure_that_loses_many_digits_moves_what_follows_too() -> None:
    model = CellModel(120, 1, Pens())
    screen, stream = screen_of(120, 1)
    for price, cost in (("96,000.3", "48.00"), ("1.0", "50.00"), ("123,456.0", "49.38")):
        line = f" BUY 0.0005 BTC BTCUSDT LMT {price} gtc  notional {cost}  lev 10x mgn 4.86  fee 0.01 maker  0.01% from mark"
        model.put(0, 0, line.ljust(120), DEFAULT)
        sent = model.difference()
        stream.feed(sent)
        assert picture(screen) == repainted(model)
    assert "\x1b[6@" in sent
    assert "maker" not in sent


def test_a_frame_beside_the_field_gives_the_cursor_back_with_the_pen_of_the_field() -> None:
    model = CellModel(60, 6, Pens())
    screen, stream = screen_of(60, 6)
    field, text = (model.pens.of(Style(color="#cbd5df", bgcolor=behind)) for behind in ("#2f475e", "#0b1016"))
    for y in range(6):
        model.put(y, 0, " " * 60, text)
    stream.feed(model.difference())
    model.cursor = (10, 1)
    model.put(1, 9, "1", field)
    stream.feed(model.difference())
    assert (screen.cursor.x, screen.cursor.y) == (10, 1)
    for figure in "123":
        model.put(4, 30, figure * 3, text)
        model.put(5, 50, figure * 10, field)
        sent = model.difference()
        stream.feed(sent)
        assert (sent[:2], sent[-2:]) == ("\x1b7", "\x1b8")
        assert (screen.cursor.x, screen.cursor.y) == (10, 1)
        assert not screen.savepoints
        assert picture(screen) == repainted(model)
    model.put(1, 10, "2", field)
    model.cursor = (11, 1)
    sent = model.difference()
    stream.feed(sent)
    assert sent == "\x1b[2;11H2"
    assert picture(screen) == repainted(model)
    model.invalidate()
    assert "\x1b7" not in model.difference(), "where the cursor is is not known"
    model.put(4, 0, "there", model.pens.of(Style(link="https://example.org")))
    assert "\x1b7" not in model.difference(), "a terminal need not keep a link with it"
