"""Numbers as people mistype them, in every place of a line where a number may stand: 28 classes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from tests.bad.row import Row, rng

SLOTS = {
    "size": "buy {} @ 67000",
    "value": "buy ${} @ 67000",
    "price": "buy 0.01 @ {}",
    "stop": "buy 0.01 @ 67000 sl {}",
    "target": "buy 0.01 @ 67000 tp {}",
    "amended size": "qty tt-resting-1 {}",
    "amended price": "move tt-resting-1 @ {}",
    "part": "close {}%",
}
EVERYWHERE = tuple(SLOTS)
AMOUNTS = ("size", "value", "price", "amended size", "amended price")
"""Where a sign has no meaning; a stop and a target may be distances."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A text in a place; ``says`` is a pattern of the refusal, or ``value`` what it is read as."""

    text: str
    slot: str
    says: str = ""
    value: Decimal | None = None

    @property
    def line(self) -> str:
        """The whole line, which would send at once."""
        return SLOTS[self.slot].format(self.text) + "!"


def _refused(name: str, texts: Sequence[str], says: str, slots: Sequence[str] = EVERYWHERE, expected: str = "") -> Row:
    cases = [Typed(text, slot, says) for text, slot in product(dict.fromkeys(texts), slots)]
    return Row(name, "parse, prompt with !, form", expected or f"refused: {_words(says)}", cases)


def _read(name: str, texts: Sequence[str], value: Callable[[str], str], expected: str, slots: Sequence[str] = ("size",)) -> Row:
    cases = [Typed(text, slot, value=Decimal(value(text))) for text, slot in product(dict.fromkeys(texts), slots)]
    return Row(name, "parse", expected, cases)


def _words(pattern: str) -> str:
    return re.sub(r"[\\^$()?]", "", pattern).replace("|", " / ")


def _spelled(word: str, count: int) -> list[str]:
    """Return ``word`` in so many mixtures of letter cases."""
    dice = rng(word)
    found = [word, word.lower(), word.upper()]
    while len(set(found)) < min(count, 2 ** sum(char.isalpha() for char in word)):
        found.append("".join(dice.choice((char.lower(), char.upper())) for char in word))
    return list(dict.fromkeys(found))


def _drawn(name: str, count: int, pattern: str) -> list[str]:
    """Return so many texts in which ``9`` is any digit, ``1`` any but zero; everything else stands for itself."""
    dice = rng(name)
    found: dict[str, None] = {}
    while len(found) < count:
        text = "".join(dice.choice("0123456789") if c == "9" else dice.choice("123456789") if c == "1" else c for c in pattern)
        found[text] = None
    return list(found)


def _foreign(name: str, zero: int) -> list[str]:
    """Return numbers in the digits of another script, whole or mixed with ours."""
    dice = rng(name)
    found = []
    for _ in range(8):
        digits = [chr(zero + dice.randrange(10)) for _ in range(dice.randrange(1, 4))]
        found += ["".join(digits), f"1{digits[0]}", f"{digits[0]}.5"]
    return found


NOT_A_NUMBER = r"expected|is not a number|glued|unexpected|missing|not a positive|exponents|is on the|second number|percentage"
OFF_GRID = r"is not a multiple of the (lot|tick)"

ROWS: tuple[Row, ...] = (
    _refused('""', [""], r"missing|expected|needs a price", ("size", "value", "price", "stop", "target", "amended size", "part")),
    _refused(
        '" "',
        [" ", "  ", "\t", " \t "],
        r"missing|expected|needs a price",
        ("size", "value", "price", "stop", "target", "amended size", "part"),
    ),
    _refused("0", ["0", "00", "000", "0" * 20], r"zero|more than 0 %"),
    _refused("0.0", ["0.0", "0.", ".0", "0.00000", "00.00", "0.0k", "0_0.0"], r"zero|more than 0 %|glued"),
    _refused("-0", ["-0", "-0.0", "- 0", "-00"], r"no sign|expected|not '-", AMOUNTS),
    _refused("-1", ["-1", "- 1", "-0.5", "-1k", *_drawn("minus", 6, "-1.9")], r"no sign|expected|not '-", AMOUNTS),
    _refused("+5", ["+5", "+ 5", "+0.5", "+1k", *_drawn("plus", 6, "+1.9")], r"no sign|expected|not '\+", AMOUNTS),
    _refused("NaN", [*_spelled("NaN", 8), "nan1", "NaN0", "1NaN"], NOT_A_NUMBER),
    _refused("sNaN", [*_spelled("sNaN", 10), "sNaN123", "qNaN"], NOT_A_NUMBER),
    _refused("Infinity", [*_spelled("Infinity", 12), "inf", "INF", "Inf", "1inf", "∞"], NOT_A_NUMBER + "|not plain ASCII"),
    _refused("-inf", ["-inf", "-Inf", "-INF", "+inf", "-Infinity", "+Infinity", "-NaN"], r"no sign|expected|missing|unexpected"),
    _refused("1e5", [*_drawn("exponent", 8, "1e9"), *_drawn("capital", 4, "1.9E9"), "1e+5", "0e0", "1e05"], r"exponents|zero"),
    _refused("1E-30", [*_drawn("tiny", 8, "1E-19"), "1e-1", "0.5e-3", "5E-0"], r"exponents"),
    _refused("1e999999999", ["1e999999999", "9e99999999999999999999", "1E-999999999", "1e400", "1.5e1000"], r"exponents"),
    _refused(
        "40 nines",
        ["9" * n for n in (21, 25, 28, 29, 30, 40, 47, 48)] + ["9" * 49, "9" * 64, "9" * 65, "9" * 200, "1" + "0" * 40],
        r"beyond any market|is not a number|above the|multiple of|more than|at most|looks like|must lie|lies|through|is worth|"
        r"needs|away from|from the mark|less than one lot|highest price",
        expected="refused: beyond any market, above a bound, or no number",
    ),
    _read(
        "1_000",
        [*_drawn("under", 6, "1_999"), *_drawn("two", 4, "1_999_999"), "1_0.5", "0_1.2_5"],
        lambda t: t.replace("_", ""),
        "read as 1000: _ between digits is ignored",
        ("size", "price"),
    ),
    Row(
        "1,000",
        "parse, prompt with !, form",
        "read as 1000 where it groups thousands, refused elsewhere",
        [
            *(Typed(text, "size", value=Decimal(text.replace(",", ""))) for text in _drawn("comma", 6, "1,999")),
            *(Typed(text, "price", value=Decimal(text.replace(",", ""))) for text in _drawn("commas", 4, "19,999.5")),
            *(
                Typed(text, slot, r"is not a number")
                for text in ("1,5", "1,50", "1,0000", "10,00,000", ",5", "1,", "1,,000", "1,000,", "0,001.0,1", "1.000,000")
                for slot in ("size", "price", "stop", "value")
            ),
        ],
    ),
    _refused("1.000,5", ["1.000,5", "1.000.000,5", "12.345,67", *_drawn("european", 6, "1.999,9")], r"is not a number"),
    _refused(
        "1.5.2", ["1.5.2", "1..5", "..5", "1.2.3.4", "5..", *_drawn("dots", 4, "1.9.9")], r"is not a number|unexpected|expected"
    ),
    Row(
        ".5 / 5.",
        "parse",
        "decided: read as 0.5 and as 5; a lone point is no number",
        [
            *(Typed(text, slot, value=Decimal(text)) for text in _drawn("point", 5, ".91") for slot in ("size", "price")),
            *(Typed(text, slot, value=Decimal(text[:-1])) for text in _drawn("end", 5, "19.") for slot in ("size", "price")),
            *(Typed(".", slot, r"expected|is not a number|unexpected") for slot in ("size", "price", "value")),
        ],
    ),
    _refused(
        "0x10",
        ["0x10", "0X1F", "0b1", "0o7", "#ff", "10h", "0x", "0xDEADBEEF"],
        r"glued|presets|preset|expected|unexpected|selects|apart",
    ),
    _refused("１２３", [*_foreign("full-width", 0xFF10), "１．５"], r"not plain ASCII"),
    _refused("٣", [*_foreign("arabic", 0x660), *_foreign("devanagari", 0x966)[:6], "½", "²", "Ⅷ", "五"], r"not plain ASCII"),
    Row(
        "1.5\\n /  1.5 ",
        "parse, prompt with !, form",
        "blanks are ignored; a line break is refused",
        [
            *(
                Typed(f"{blank}1.5{after}", "size", value=Decimal("1.5"))
                for blank in (" ", "  ", "\t")
                for after in (" ", "\t", "")
            ),
            *(
                Typed(text, slot, r"line break|not plain ASCII")
                for text in ("1.5\n", "\n1.5", "1\r5", "1.5\r\n", "1\n5", "1.5\x0b", "1.5\x0c", "1.5\u2028", "1.5\u00a0", "1\x00")
                for slot in EVERYWHERE
            ),
        ],
    ),
    Row(
        "1.5% / $5",
        "parse, prompt with !, form",
        "a bare percentage is refused with its three readings; $5 is a value in the size and nowhere else",
        [
            *(Typed(text, "size", r"of what\?") for text in _drawn("percent", 8, "1.9%")),
            *(Typed(text, "price", r"not a percentage") for text in _drawn("price percent", 6, "1.9%")),
            *(
                Typed(text, slot, r"distance needs its sign")
                for text in _drawn("stop percent", 6, "1.9%")
                for slot in ("stop", "target")
            ),
            *(
                Typed(text, slot, r"expected|missing|unexpected")
                for text in _drawn("dollar", 6, "$19")
                for slot in ("price", "stop", "target", "amended size")
            ),
            *(Typed(text, "size", value=Decimal(text[1:])) for text in _drawn("value", 6, "$19")),
            *(
                Typed(text, "size", r"not a percentage|expected|unexpected|glued|missing|not plain ASCII")
                for text in ("$5%", "5$%", "$$5", "%5", "€5", "5€")
            ),
        ],
    ),
    Row(
        "half tick / half lot",
        "prompt with !",
        "refused with the two neighbours",
        [
            *(Typed(text, slot, OFF_GRID) for text in _drawn("tick", 10, "67199.25") for slot in ("price", "amended price")),
            *(Typed(text, "stop", OFF_GRID) for text in _drawn("stop tick", 6, "66199.75")),
            *(Typed(text, "target", OFF_GRID) for text in _drawn("target tick", 6, "68999.05")),
            *(Typed(text, slot, OFF_GRID) for text in _drawn("lot", 10, "0.0195") for slot in ("size", "amended size")),
            *(Typed(text, "size", OFF_GRID) for text in ("0.0005", "0.00001", "1.0000000001")),
        ],
    ),
    Row(
        "min-1 lot, max+1 lot",
        "prompt with !",
        "refused with the bound",
        [
            *(
                Typed(text, slot, r"below the smallest|the venue wants|is filled")
                for text in ("0.001", "0.0010", "0.001000")
                for slot in ("size", "amended size")
            ),
            *(
                Typed(text, slot, r"above the largest|above the limit|beyond")
                for text in ("100.001", "101", "1000", "99999", "100_001", "1k", "1m")
                for slot in ("size", "amended size")
            ),
            *(
                Typed(text, slot, r"below the lowest|from the mark")
                for text in ("0.5", "1", "99.5")
                for slot in ("price", "amended price")
            ),
            *(
                Typed(text, slot, r"above the highest|from the mark|through|taking|beyond")
                for text in ("500000.5", "501000", "1m", "999m")
                for slot in ("price", "amended price")
            ),
        ],
    ),
    Row(
        "30 decimals",
        "prompt with !",
        "refused: off the grid or no number",
        [
            Typed(text, slot, OFF_GRID + "|is not a number|below the|beyond|more than|less than one lot|lies|must lie|part of")
            for text in [*_drawn("long", 8, "1." + "9" * 29 + "1"), "0." + "0" * 29 + "1", "0." + "3" * 40]
            for slot in ("size", "price", "stop", "target", "amended size", "amended price")
        ],
    ),
)
