"""Where a secret may be opened: in the modules that sign and in those that store, and nowhere else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "tui_trader"

SIGNERS = {
    "venues/phemex/sign.py",
    "venues/mexc/sign.py",
    "venues/paradex/stark.py",
    "venues/paradex/tokens.py",
    "desk/guardian.py",
}
"""They sign, or hand the key over a pipe to the process that signs when this one is dead."""

STORES = {"secrets/secret.py", "secrets/entry.py", "secrets/vault.py", "secrets/sealed.py"}
"""They write secrets where secrets are kept, and open what was written."""

REDACTORS = {"secrets/secret.py", "secrets/redactor.py", "cli/main.py", "ui/crash.py"}
"""They may ask for every text there is, to take it out of what is printed."""


def offences(source: str, name: str) -> Iterator[str]:
    """Yield what a module does to a secret that it may not do: by its name, by a name in text, or past the lock."""
    for node in ast.walk(ast.parse(source)):
        words: set[str] = set()
        if isinstance(node, ast.Attribute):
            words = {node.attr}
        elif isinstance(node, ast.Name):
            words = {node.id}
        elif isinstance(node, ast.alias):
            words = {node.name}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = {node.value}
        if "reveal" in words and name not in SIGNERS | STORES:
            yield f"{name}:{node.lineno}: reveals a secret, and is neither a signer nor a store"
        if words & {"exact_values", "announce"} and name not in REDACTORS:
            yield f"{name}:{node.lineno}: asks for the texts of all secrets, and is no redactor"
        if any(word.startswith("_Secret") for word in words):
            yield f"{name}:{node.lineno}: looks into a secret past its lock"


def test_only_signers_and_stores_open_a_secret() -> None:
    found = [
        offence
        for path in sorted(PACKAGE.rglob("*.py"))
        for offence in offences(path.read_text(), path.relative_to(PACKAGE).as_posix())
    ]
    assert not found, "\n".join(found)


def test_the_signers_that_are_named_exist_and_sign() -> None:
    for name in SIGNERS:
        assert ".reveal()" in (PACKAGE / name).read_text(), f"{name} reveals nothing: strike it"


@pytest.mark.parametrize(
    "planted",
    [
        "credential.secret.reveal()",
        "use(credential.secret.reveal)",
        "getattr(secret, 'reveal')()",
        "from operator import methodcaller as m\nm('reveal')(secret)",
        "secret._Secret__text",
        "getattr(secret, '_Secret__text')",
        "from tui_trader.secrets.secret import exact_values",
        "from tui_trader.secrets import secret\nsecret.exact_values()",
        "from tui_trader.secrets.secret import announce as tell",
    ],
)
def test_a_planted_offence_is_seen(planted: str) -> None:
    assert list(offences(planted, "ui/app.py"))
    assert not list(offences("credential.secret\nsecret.forget()", "ui/app.py"))
