"""The configuration as it is in force: defaults, then the file, then the environment, then flags.

Strict: what is misspelled, out of bounds or of the wrong type stops the program with every problem named at its place,
because a limit that silently stayed at another value is the one that would have mattered. It must not know the screen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from tui_trader.core.error import ConfigError
from tui_trader.core.sanitise import sanitise
from tui_trader.desk.config_check import contradictions
from tui_trader.desk.key import ElementError
from tui_trader.desk.locations import Locations
from tui_trader.desk.settings import KEYS, SECTIONS, Settings, keys_of
from tui_trader.desk.toml_source import KeyPath, TomlSource, read_toml

ENV_PREFIX = "TUI_TRADER__"
"""Variables that begin so are configuration: ``TUI_TRADER__UI__FPS=5``."""

_SECRET = re.compile(r"api_?key|secret|token|pass_?(phrase|word)|private_?key|mnemonic|seed_?phrase")
_NO_SECRETS = (
    "secrets are never read from here: they would lie in plain text, in backups and in screenshots; "
    "they belong in the system's keyring: tui-trader keys add"
)

_FILE_ONLY = frozenset(key for key in KEYS if key.endswith(".secret_command"))
"""What a passing shell must not set."""

Flags = Mapping[str, object]
"""Dotted key -> value from the command line, text or typed; None for a flag that was not given."""


@dataclass(frozen=True, slots=True)
class Config:
    """Settings, and where each of them came from."""

    settings: Settings = field(default_factory=Settings)
    sources: Mapping[str, str] = field(default_factory=dict)
    """Dotted key -> ``config.toml:12``, ``env TUI_TRADER__UI__FPS`` or ``flag --fps``; defaults are not listed."""
    path: Path | None = None
    """The file that was read; None when there was none."""

    def source(self, key: str) -> str:
        """Return where the value of a dotted key came from; ``default`` when nobody set it."""
        return self.sources.get(key, "default")

    def value(self, key: str) -> Any:
        """Return the value of a dotted key. Raises KeyError for an unknown one."""
        return _section(self.settings, key.rpartition(".")[0], key.rpartition(".")[2])

    def rows(self) -> Iterator[tuple[str, Any, str]]:
        """Yield ``(dotted key, value, source)`` for every key, in the order of the example file."""
        for key in KEYS:
            yield key, self.value(key), self.source(key)


def load(
    path: Path | None,
    environ: Mapping[str, str],
    flags: Flags | None = None,
    *,
    venues: Collection[str] = ("phemex",),
) -> Config:
    """Return the configuration in force.

    ``path`` is a file that has to exist; with None the usual place is looked at, where none is needed. ``venues`` are the names
    that ``general.venue`` may have. Raises ConfigError with one line for every problem of every layer.
    """
    reading = _Reading()
    file = _find(path, environ, reading.problems)
    if file is not None:
        try:
            reading.take_file(read_toml(file), file.name)
        except ConfigError as error:
            reading.problems += error.problems
    reading.take_environment(environ)
    reading.take_flags(flags or {})
    settings = reading.settings()
    for key, fault in contradictions(settings, venues, reading.sources):
        if reading.whole(key):
            reading.problems.append(f"{reading.place(key)}: {fault}")
    if reading.problems:
        raise ConfigError(reading.problems)
    return Config(settings, reading.sources, file)


def _find(path: Path | None, environ: Mapping[str, str], problems: list[str]) -> Path | None:
    """Return the file to read: the one that was named, or the usual one if it is there."""
    try:
        if path is not None:
            return path.expanduser()
        usual = Locations.find(environ).config_file
        # lexists, not exists: a dangling link is a file somebody meant to be read.
        return usual if usual.is_symlink() or usual.exists() else None
    except ConfigError as error:
        problems += error.problems
    except (OSError, RuntimeError) as error:  # a home that cannot be looked at, or ~somebody who does not exist
        problems.append(f"{path or 'config.toml'}: cannot be reached: {error}")
    return None


class _Reading:
    """Collects values layer by layer; a later layer wins."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.sources: dict[str, str] = {}
        self._values: dict[str, Any] = {}
        self._places: dict[str, str] = {}
        self._spoilt: set[str] = set()

    def whole(self, key: str) -> bool:
        """Whether nothing was wrong with the value of a key by itself."""
        return key not in self._spoilt

    def place(self, key: str) -> str:
        """Return the beginning of a problem with the value of a key."""
        return self._places.get(key, f"default: {_name(key)}")

    def settings(self) -> Settings:
        """Build the settings out of what was taken."""
        sections = {
            section.rpartition(".")[2]: kind(
                **{name: self._values[f"{section}.{name}"] for name in keys_of(section) if f"{section}.{name}" in self._values}
            )
            for section, kind in SECTIONS.items()
        }
        return Settings(**sections)

    # -- the layers ------------------------------------------------------------------------------------------------

    def take_file(self, source: TomlSource, short: str) -> None:
        """Take everything out of a parsed file; ``short`` names it in sources."""
        secrets = set(_secrets(source.tree, ()))
        leaves = {path: value for path, value in _leaves(source.tree, ()) if path not in secrets}
        for path in sorted({*secrets, *leaves}, key=source.order):
            key = ".".join(path)
            if path in secrets:
                self.problems.append(f"{source.key_at(path)}: {_name(key)}: {_NO_SECRETS}")
            elif key not in KEYS:
                self.problems.append(f"{source.key_at(path)}: {_unknown(path, leaves[path])}")
            else:
                self._take_one(source, path, leaves[path], f"{short}:{source.line_of(path)}")

    def _take_one(self, source: TomlSource, path: KeyPath, raw: object, label: str) -> None:
        key = ".".join(path)
        place = f"{source.value_at(path)}: {_name(key)}"
        try:
            self._keep(key, KEYS[key].read(raw), place, label)
        except ElementError as error:
            self._spoil(key, f"{source.value_at((*path, str(error.index)))}: {_name(key)}", error)
        except ValueError as error:
            self._spoil(key, place, error)

    def take_environment(self, environ: Mapping[str, str]) -> None:
        """Take the variables with our prefix, in any letter case."""
        seen: dict[str, str] = {}
        for variable in sorted(environ):
            if not variable.upper().startswith(ENV_PREFIX):
                continue
            shown = sanitise(variable)
            key = variable[len(ENV_PREFIX) :].lower().replace("__", ".")
            if key in _FILE_ONLY:
                self.problems.append(f"env {shown}: only the configuration file can name the program that prints a key")
            elif is_secret_name(key):
                self.problems.append(f"env {shown}: {_NO_SECRETS}")
            elif key not in KEYS:
                near = _nearest(key, KEYS)
                hint = f'; did you mean "{ENV_PREFIX}{near.upper().replace(".", "__")}"?' if near else ""
                self.problems.append(f"env {shown}: unknown variable{hint}")
            elif key in seen:
                self.problems.append(f"env {shown}: is also given as {seen[key]}")
            else:
                seen[key] = shown
                self._take(key, environ[variable], f"env {shown}: {_name(key)}", f"env {shown}")

    def take_flags(self, flags: Flags) -> None:
        """Take what the command line said."""
        for key, value in flags.items():
            if value is None:
                continue
            flag = f"flag --{sanitise(key.rpartition('.')[2]).replace('_', '-')}"
            if key in KEYS:
                self._take(key, value, f"{flag}: {_name(key)}", flag)
            else:
                near = _nearest(key, KEYS)
                self.problems.append(f"{flag}: unknown key" + (f'; did you mean "{near}"?' if near else ""))

    def _take(self, key: str, raw: object, place: str, label: str) -> None:
        try:
            self._keep(key, KEYS[key].read_text(raw) if isinstance(raw, str) else KEYS[key].read(raw), place, label)
        except ValueError as error:
            self._spoil(key, place, error)

    def _keep(self, key: str, value: object, place: str, label: str) -> None:
        self._values[key] = value
        self._places[key] = place
        self.sources[key] = label

    def _spoil(self, key: str, place: str, error: ValueError) -> None:
        self.problems.append(f"{place}: must be {error}")
        self._spoilt.add(key)


def is_secret_name(name: str) -> bool:
    """Whether a key is called like something that must not stand in a file."""
    return bool(_SECRET.search(name.lower().replace("-", "_")))


def _leaves(tree: Mapping[str, Any], path: KeyPath) -> Iterator[tuple[KeyPath, object]]:
    """Yield every value in a known section, and every unknown section whole."""
    for name, value in tree.items():
        here = (*path, name)
        if isinstance(value, dict) and ".".join(here) in (*SECTIONS, "venues"):
            yield from _leaves(value, here)
        else:
            yield here, value


def _secrets(value: object, path: KeyPath) -> Iterator[KeyPath]:
    """Yield the path of everything that is called like a secret, however deep it stands."""
    inner: Iterator[tuple[str, object]] = iter(())
    if isinstance(value, dict):
        inner = iter(value.items())
    elif isinstance(value, list):
        inner = ((str(index), one) for index, one in enumerate(value))
    for name, one in inner:
        if is_secret_name(name) and not _means_a_key((*path, name)):
            yield (*path, name)
        else:
            yield from _secrets(one, (*path, name))


def _means_a_key(path: KeyPath) -> bool:
    """Whether a name that sounds like a secret is that of a key, perhaps misspelled: ``secret_command`` names a program."""
    section = ".".join(path[:-1])
    known = [key.rpartition(".")[2] for key in _FILE_ONLY if key.rpartition(".")[0] == section]
    return bool(get_close_matches(path[-1], known, n=1, cutoff=0.85))


def _section(settings: Settings, section: str, name: str) -> Any:
    if f"{section}.{name}" not in KEYS:
        raise KeyError(f"{section}.{name}")
    return getattr(getattr(settings, section.rpartition(".")[2]), name)


def _name(key: str) -> str:
    """Return a dotted key as ``[section] key``."""
    section, _, name = key.rpartition(".")
    return f"[{sanitise(section)}] {sanitise(name)}" if section else sanitise(name)


def _unknown(path: KeyPath, value: object) -> str:
    """Say what is wrong with a name that means nothing, and what it may have been meant to be."""
    dotted = ".".join(path)
    if dotted in SECTIONS or dotted == "venues":
        return f"[{dotted}]: is a section, not a value"
    if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict)):
        near = _nearest(dotted, SECTIONS)
        return f"[{sanitise(dotted)}]: unknown section" + (f'; did you mean "{near}"?' if near else "")
    section, name = ".".join(path[:-1]), path[-1]
    near = _nearest(name, keys_of(section)) if section in SECTIONS else ""
    if near:
        return f'{_name(dotted)}: unknown key; did you mean "{near}"?'
    elsewhere = [key for key in KEYS if key.rpartition(".")[2] == name] or _near_names(name)
    hint = f'; did you mean "{_name(elsewhere[0])}"?' if elsewhere else ""
    return f"{_name(dotted)}: {'unknown key' if section else 'stands outside any section'}{hint}"


def _near_names(name: str) -> list[str]:
    near = _nearest(name, {key.rpartition(".")[2] for key in KEYS})
    return [key for key in KEYS if near and key.rpartition(".")[2] == near]


def _nearest(name: str, known: Collection[str]) -> str:
    """Return the known name most like ``name``, or an empty string."""
    found = get_close_matches(name.lower()[:80], sorted(known), n=1, cutoff=0.5)
    return found[0] if found else ""
