"""A text that must not be seen: it is given out by ``reveal`` and by nothing else. It must not know what it opens.

Python cannot promise that a text is gone from memory. What can be done is that none gets out by accident: a Secret does not
print, format, copy, pickle or turn into JSON, and is compared in constant time. Where ``reveal`` may stand is a rule of the house
that the tests check.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Final, NoReturn, final

from tui_trader.core.error import RefusedError

MASK: Final = "Secret(…)"
"""What is seen of any secret, whatever its length."""

_living: dict[int, weakref.ref[Secret]] = {}
_listeners: list[Callable[[str], object]] = []


@final
class Secret:
    """One text that opens something: the secret of an API key, a token, a passphrase."""

    __slots__ = ("__text", "__weakref__")

    def __init__(self, text: str) -> None:
        self.__text: str | None = text
        mark = id(self)
        _living[mark] = weakref.ref(self, lambda _: _living.pop(mark, None))
        for hear in _listeners:
            hear(text)

    def reveal(self) -> str:
        """Return the text. For signers and stores only; raises RefusedError after ``forget``."""
        if self.__text is None:
            raise RefusedError("the key was locked: it is not in memory any more")
        return self.__text

    def forget(self) -> None:
        """Let go of the text: whoever still holds this object can do nothing with it."""
        self.__text = None

    @property
    def is_forgotten(self) -> bool:
        """Whether there is nothing left to reveal."""
        return self.__text is None

    def __repr__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret) or self.__text is None or other.__text is None:
            return False
        import hmac  # late: it brings all of hashlib, and the first paint compares no keys

        return hmac.compare_digest(self.__text.encode("utf-8", "surrogatepass"), other.__text.encode("utf-8", "surrogatepass"))

    __hash__ = None  # type: ignore[assignment]  # a hash is a fingerprint

    def __str__(self) -> NoReturn:
        raise TypeError("a secret is not a text to be shown or put into another")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("a secret is not a text to be shown or put into another")

    def __copy__(self) -> NoReturn:
        raise TypeError("a secret is not copied: hand on the one there is")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("a secret is not copied: hand on the one there is")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret does not leave its process")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a secret does not leave its process")


def exact_values() -> tuple[str, ...]:
    """Return the text of every secret that is alive, for the one who takes them out of what is printed.

    The texts are the very objects that the secrets hold, not copies; let go of them soon.
    """
    secrets = (reference() for reference in tuple(_living.values()))
    return tuple(secret.reveal() for secret in secrets if secret is not None and not secret.is_forgotten)


def announce(hear: Callable[[str], object]) -> Callable[[], None]:
    """Tell ``hear`` the text of every secret, those that live and each that will be made; return what ends that."""
    for text in exact_values():
        hear(text)
    _listeners.append(hear)

    def end() -> None:
        if hear in _listeners:
            _listeners.remove(hear)

    return end
