"""The planted errors are still there to be planted; ``python -m tests.bad --mutants`` shows that each is noticed."""

from __future__ import annotations

import pytest

from tests.bad.mutants import MUTANTS, ROOT, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.what)
def test_the_line_is_there_once(mutant: Mutant) -> None:
    assert (ROOT / mutant.path).read_text().count(mutant.line) == 1
    assert all((ROOT / path).exists() for path in mutant.tests)
