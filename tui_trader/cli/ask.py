"""Asks for what must not be seen: on the terminal itself without echo, or from a descriptor or a file made for it. Never argv."""

from __future__ import annotations

import contextlib
import os
import sys
import termios
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tui_trader.core.error import RefusedError, UsageError
from tui_trader.secrets.private_file import read_private
from tui_trader.secrets.secret import Secret

MAX: Final = 4_096
"""Longest answer, bytes."""

CREDENTIAL: Final = "tui-trader-passphrase"
"""What systemd's LoadCredential= calls the vault's passphrase."""


def hidden(question: str) -> str:
    """Ask on the terminal that controls this process, whatever stdin is; nothing of the answer is shown.

    Raises UsageError when there is no terminal to ask on, RefusedError when it ended instead of answering.
    """
    try:
        descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        raise UsageError("there is no terminal to ask on; give --from-stdin for a key, --passphrase-fd N for the vault") from None
    try:
        before = termios.tcgetattr(descriptor)
        silent = [*before]
        silent[3] &= ~(termios.ECHO | termios.ECHONL)
        silent[3] |= termios.ICANON
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, silent)  # what was typed before was not meant as an answer
        try:
            os.write(descriptor, question.encode())
            return _line(descriptor)
        finally:
            termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
            with contextlib.suppress(OSError):
                os.write(descriptor, b"\n")
    except termios.error:
        raise UsageError("the terminal cannot hide what is typed: nothing was asked") from None
    finally:
        os.close(descriptor)


def visible(question: str) -> str:
    """Ask something that may be seen, on stdin; raises UsageError where nobody is there to answer."""
    if not sys.stdin.isatty():
        raise UsageError("there is nobody to ask: add --yes")
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def say(text: str) -> None:
    """Say something to the person who is asked."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def parts_of_a_key(venue: str) -> tuple[str, str]:
    """Ask for the two parts of an API key by the names that its venue gives them; nothing is shown."""
    from tui_trader.venues.registry import load

    first, second = load(venue).key_words
    return hidden(f"{first}: "), hidden(f"{second}: ")


def new_passphrase() -> Secret:
    """Ask for a passphrase twice; raises RefusedError when the two differ."""
    first = Secret(hidden("New passphrase of the vault: "))
    if first != Secret(hidden("The same again: ")):
        raise RefusedError("the two are not the same: nothing was changed")
    return first


def passphrase(fd: int | None, environ: Mapping[str, str] = os.environ, question: str = "Passphrase of the vault: ") -> Secret:
    """Return the vault's passphrase: from a descriptor, from systemd's credentials, or typed."""
    if fd is not None:
        return from_descriptor(fd)
    if folder := environ.get("CREDENTIALS_DIRECTORY"):
        content = read_credential(Path(folder) / CREDENTIAL)
        if content is not None:
            return content
    return Secret(hidden(question))


def from_descriptor(fd: int) -> Secret:
    """Read one line from a descriptor that the shell opened; raises UsageError when it is none."""
    try:
        return Secret(_line(fd))
    except OSError as error:
        raise UsageError(f"--passphrase-fd {fd}: cannot be read: {error.strerror}") from None


def read_credential(path: Path) -> Secret | None:
    """Return a credential that systemd loaded; None when there is none."""
    content = read_private(path, MAX)
    if content is None:
        return None
    return Secret(_text(content.rstrip(b"\r\n")))


def from_stdin() -> tuple[str, str]:
    """Return a key's id and its secret from two lines on stdin; raises UsageError when it holds something else."""
    content = sys.stdin.buffer.read(2 * MAX + 1)
    lines = [line for line in _text(content).splitlines() if line.strip()]
    if len(content) > 2 * MAX or len(lines) != 2:
        raise UsageError("--from-stdin takes two lines: the key's id, then its secret")
    return lines[0], lines[1]


def _line(descriptor: int) -> str:
    """Read up to a line end or the end, byte by byte: what follows is somebody else's."""
    heard = b""
    while len(heard) < MAX and (byte := os.read(descriptor, 1)):
        if byte == b"\n":
            return _text(heard.rstrip(b"\r"))
        heard += byte
    if not heard:
        raise RefusedError("nothing was given: nothing was done")
    if len(heard) >= MAX:
        raise RefusedError(f"what was given is longer than {MAX} bytes: nothing was done")
    return _text(heard)


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise RefusedError("what was given is not UTF-8 text: nothing was done") from None
