"""The manual of the language, made of its own tables: a line about a word for the help, and the whole of ``docs/language.md``."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from tui_trader.core.language.condition import Event, Figure
from tui_trader.core.language.read_calculation import NAMES
from tui_trader.core.language.vocabulary import (
    CLAUSE_TABLE,
    REF_TABLE,
    SELECTOR_TABLE,
    SIZE_TABLE,
    UNIT_TABLE,
    VERB_TABLE,
    Word,
)
from tui_trader.core.language.words import NOT_YET, SHORT_FOR, SIDES

_GRAMMAR = """\
line   = stmt { (";" | "&&") stmt } [ "!" ]
stmt   = order | scale | chase | manage | watch | state
order  = side size [symbol] { "@" price | clause }
side   = buy | b | long | sell | s | short
price  = ref [ (+|-) NUM [t|%|bp|atr] ]                 without one: market, capped
trig   = NUM | (+|-) NUM [t|%|bp|atr] | NUM "R"  [ ":" (mark|last|index) ]
cond   = term { "&&" term } { "||" term { "&&" term } }
term   = [symbol] figure (> | < | >= | <=) (NUM | [symbol] figure) | [symbol] event
time   = NUM (s|m|h|d)"""

_RULES = (
    "Letter case and blanks do not matter. Unambiguous beginnings of commands are read: `can all` is `cancel all`;"
    " `q`, `reverse` and `flatten` are `quit`, `rev` and `flat`.",
    "`_` between digits is ignored, and so is `,` where it groups thousands; `1,5` is refused rather than read as fifteen.",
    "A bare percentage is refused with the three things that it may be of: `%e`, `%b`, `%p`.",
    "A market order whose size looks like a price (within 50 % of the last) is refused: *did you mean `@ 50000`?*",
    "Without `!` an order is staged, visible and unsent, and Enter sends it. `!` at the very end is one Enter instead of two;"
    " it skips no limit. The ticket holds one order: a line with several needs `!`.",
    "`;` ends a statement. What cannot be done ends the line: the rest is not run. After `&&` a statement runs only when the one"
    " before was also taken by the venue.",
    "While you type, the line below the prompt says what the line means, or what is wrong with it and at which column. Tab"
    " completes, Up and Down walk through earlier lines, Ctrl-R searches them.",
    "Pasted text is never keys: it lands in the command line and sends nothing.",
    "`chase`, `gtd`, `when` and `every` run only while the terminal is up; `off` lists them and ends them by number. A panic ends"
    " them all. From the shell they are refused.",
    "Nothing here goes around a limit, the journal or the request budget: every order takes the one way out.",
)


def explain_word(word: str) -> str:
    """Return one line about a command, a clause or a named price; empty for a word that is none."""
    word = SHORT_FOR.get(word, word)
    if word in SIDES:
        word = SIDES[word].value
    for table in (VERB_TABLE, CLAUSE_TABLE, REF_TABLE):
        for row in table:
            if row.name == word:
                example = f"  e.g. {row.example}" if row.example and row.example != row.usage else ""
                return f"{row.usage}: {row.text}{example}"
    return ""


def manual() -> str:
    """Return the text of ``docs/language.md``."""
    parts = [
        "# The order language",
        "<!-- made by `python -m tui_trader.core.language` from the grammar's own tables: edit those, not this file -->",
        "One line in the terminal (`:`), or in the shell: `tui-trader do 'flat all' --json`. The same parser, the same checks,"
        " the same order path.",
        "```text\n" + _GRAMMAR + "\n```",
        "## Rules",
        "\n".join(f"- {rule}" for rule in _RULES),
        "## Commands",
    ]
    for group, rows in groupby(VERB_TABLE, key=lambda row: row.group):
        parts += [f"### {group}", _table(rows, ("Command", "What it does", "Example"))]
    parts += [
        "### Not in this version",
        ", ".join(f"`{word}`" for word in NOT_YET) + " are recognised and refused.",
        "## Sizes",
        _table(SIZE_TABLE, ("Size", "Means", "Example")),
        "## Prices",
        "After `@`, `from`, `to` and `move`; each may be followed by a distance.",
        _table(REF_TABLE, ("Price", "Means", "Example")),
        "Distances:",
        _table(UNIT_TABLE, ("Distance", "In", "Example")),
        "## Clauses",
        "In any order, after size and symbol.",
        _table(CLAUSE_TABLE, ("Clause", "What it does", "Example")),
        "## Which orders and positions",
        _table(SELECTOR_TABLE, ("Selector", "Means", "Example")),
        "## Conditions and calculations",
        "Figures: "
        + ", ".join(f"`{figure}`" for figure in Figure)
        + ". Events: "
        + ", ".join(f"`{event}`" for event in Event)
        + ".",
        "Names in calculations: " + ", ".join(f"`{name}`" for name in NAMES) + ". Sums and products are exact; a quotient that is"
        " cut off is marked `~`.",
    ]
    return "\n\n".join(parts) + "\n"


def examples() -> list[str]:
    """Return every example of the tables."""
    tables = (VERB_TABLE, CLAUSE_TABLE, SIZE_TABLE, REF_TABLE, UNIT_TABLE, SELECTOR_TABLE)
    return [row.example for table in tables for row in table if row.example]


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _table(rows: Iterable[Word], heads: tuple[str, str, str]) -> str:
    lines = [f"| {' | '.join(heads)} |", "|---|---|---|"]
    for row in rows:
        usage = row.usage.replace("|", "\\|")
        lines.append(f"| `{usage}` | {row.text} | `{row.example}` |".replace("||", "\\|\\|"))
    return "\n".join(lines)
