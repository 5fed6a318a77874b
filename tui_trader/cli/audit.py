"""``tui-trader audit``: prove the journal, show it as a timeline, export it, and go on after damage.

It reads without the lock, so it works while a terminal runs. Only ``set-aside`` changes a file, and never what is in one. It must
not connect anywhere.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import merge
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_trader.cli.moments import HELP
from tui_trader.cli.options import add_connection, add_json
from tui_trader.core.error import JournalError, UsageError

if TYPE_CHECKING:
    from tui_trader.storage.chain import Damage
    from tui_trader.storage.proof import Proof
    from tui_trader.storage.record import Record

_PART = re.compile(r"\.\d+\Z")

_DESCRIPTION = (
    "Prove, show or export the journal: every intent, every answer and everything concluded from them. "
    "Exit codes: 0 whole, 1 damaged, 2 usage."
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A record with where it was read."""

    journal: str
    record: Record
    proved: bool
    """False behind a damage: it reads, but nothing shows that nothing is missing before it."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the ``audit`` command and its own commands."""
    parser = subparsers.add_parser("audit", help="prove, show or export the journal", description=_DESCRIPTION)
    commands = parser.add_subparsers(dest="audit_command", metavar="COMMAND", required=True)
    verify = commands.add_parser("verify", help="prove every record of every part; exit code 1 names the damage")
    show = commands.add_parser("show", help="print what happened, oldest first")
    export = commands.add_parser("export", help="write every record as CSV or JSON")
    aside = commands.add_parser("set-aside", help="put a damaged journal away and begin a new one that goes on from it")
    export.add_argument("format", choices=("csv", "json"), help="what to write")
    for command in (verify, show, export, aside):
        command.add_argument("files", nargs="*", type=Path, metavar="FILE", help="instead of the configured account's journals")
        command.add_argument("--all", action="store_true", help="every journal of this machine's user")
        add_connection(command)
    show.add_argument("--order", default="", metavar="ID", help="the whole story of one order: the end of its id is enough")
    show.add_argument("--kind", action="append", default=[], metavar="KIND", help="only records of this kind; may be repeated")
    show.add_argument("-n", "--last", type=int, default=None, metavar="N", help="only the last N")
    show.add_argument("--since", default=None, metavar="TIME", help=HELP)
    export.add_argument("--out", type=Path, default=None, metavar="FILE", help="file to write (default: standard output)")
    export.add_argument("--force", action="store_true", help="replace the file if it is there")
    export.add_argument("--from", dest="since", default=None, metavar="TIME", help=f"only records since then: {HELP}")
    export.add_argument("--to", dest="until", default=None, metavar="TIME", help="only records before then, written likewise")
    for command in (verify, show):
        add_json(command)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run one of the commands and return the exit code."""
    paths = _journals(args)
    match args.audit_command:
        case "verify":
            return _verify(paths, as_json=args.json)
        case "show":
            return _show(paths, args)
        case "export":
            return _export(paths, args)
        case _:
            return _set_aside(paths)


# -- which journals ------------------------------------------------------------------------------------------------------


def _journals(args: argparse.Namespace) -> list[Path]:
    """Return the first file of every journal that is meant; raises UsageError for one that is not there."""
    from urllib.parse import urlsplit

    from tui_trader.cli.configure import configuration
    from tui_trader.desk.account import journal_names
    from tui_trader.desk.environment import Environment
    from tui_trader.desk.locations import Locations

    if args.files:
        if args.all:
            raise UsageError("--all and FILE name two different things: give one of them")
        for path in args.files:
            if not path.is_file():
                raise UsageError(f"{path}: no such file")
        return list(args.files)
    folder = Locations.find(os.environ).journal_dir
    found = sorted(path for path in folder.glob("*.jsonl") if not _PART.search(path.stem))
    if args.all:
        return found
    general = configuration(args).settings.general
    env = Environment.SIM if args.sim_url else general.env
    wanted = journal_names(general.venue, env, general.account)
    found = [path for path in found if wanted.match(path.stem)]
    if args.sim_url:
        place = f"-{urlsplit(args.sim_url).port}-{general.account}"
        found = [path for path in found if path.stem.endswith(place)]
    return found


# -- verify --------------------------------------------------------------------------------------------------------------


def _verify(paths: list[Path], *, as_json: bool) -> int:
    from tui_trader.cli.render import emit
    from tui_trader.storage.proof import prove

    damaged = False
    documents = []
    for path in paths:
        try:
            proofs = prove(path)
        except OSError as error:
            raise JournalError(f"{path}: cannot be read: {error.strerror or error}") from error
        whole = all(proof.damage is None for proof in proofs)
        damaged |= not whole
        if as_json:
            documents.append({"journal": str(path), "ok": whole, "parts": [_proof_json(proof) for proof in proofs]})
        else:
            for proof in proofs:
                print("\n".join(_proof_lines(proof)))
            if proofs and proofs[-1].damage is not None:
                print(f"  entries are refused until: tui-trader audit set-aside '{path}'")
    if as_json:
        emit({"ok": not damaged, "journals": documents})
    elif not paths:
        print("no journal yet")
    return 1 if damaged else 0


def _proof_lines(proof: Proof) -> Iterator[str]:
    verdict = "whole" if proof.damage is None else f"DAMAGED: {_damage_words(proof.damage)}"
    yield f"{proof.file}: {verdict}"
    if proof.first is not None and proof.last is not None:
        yield f"  records {proof.first.number} to {proof.last.number} proved, {proof.first.at} to {proof.last.at}"
        yield f"  last hash {proof.end.hash}"
    else:
        yield "  no record proved"
    if proof.remark:
        yield f"  {proof.remark}"
    if proof.torn_bytes:
        yield f"  then {proof.torn_bytes} bytes of an unfinished record: one being written, or cut off at the next start"


def _damage_words(damage: Damage) -> str:
    return f"record {damage.number} (byte {damage.offset}) {damage.what}"


def _proof_json(proof: Proof) -> dict[str, Any]:
    damage = proof.damage
    return {
        "file": str(proof.file),
        "records": proof.records,
        "first": proof.first and {"n": proof.first.number, "at": proof.first.at},
        "last": proof.last and {"n": proof.last.number, "at": proof.last.at},
        "last_hash": proof.end.hash,
        "torn_bytes": proof.torn_bytes,
        "damage": damage and {"record": damage.number, "byte": damage.offset, "what": damage.what},
        "remark": proof.remark or None,
    }


# -- show ----------------------------------------------------------------------------------------------------------------


def _show(paths: list[Path], args: argparse.Namespace) -> int:
    from tui_trader.cli.render import emit
    from tui_trader.cli.timeline import Timeline, concerns

    if args.last is not None and args.last < 1:
        raise UsageError(f"-n {args.last}: must be at least 1")
    damages: list[Damage] = []
    since = _moment(args.since, "--since")
    kinds = set(args.kind)
    chosen: Iterable[Entry] = (
        entry
        for entry in _entries(paths, damages)
        if entry.record.at >= since
        and (not kinds or entry.record.kind in kinds)
        and (not args.order or concerns(entry.record, args.order))
    )
    if args.last is not None:
        chosen = deque(chosen, maxlen=args.last)
    if args.json:
        from tui_trader.cli.export import row

        emit({"records": [row(entry) for entry in chosen]})
    else:
        timeline = Timeline(colours=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
        for entry in chosen:
            for line in timeline.lines(entry):
                print(line)
        if args.order and len(timeline.orders) > 1:
            sys.stderr.write(f"{len(timeline.orders)} orders end in {args.order!r}: give more of the id\n")
        if not timeline.told:
            print("no records" if paths else "no journal yet")
    return _say_damages(damages)


def _export(paths: list[Path], args: argparse.Namespace) -> int:
    from tui_trader.cli.export import write_csv, write_json
    from tui_trader.cli.sheet import Exported

    damages: list[Damage] = []
    since, until = _moment(args.since, "--from"), _moment(args.until, "--to") or "~"
    chosen = (entry for entry in _entries(paths, damages) if since <= entry.record.at < until)
    write = write_csv if args.format == "csv" else write_json
    if args.out is None:
        write(chosen, sys.stdout)
        sys.stdout.flush()
    else:
        with Exported(args.out, replace=args.force) as file:
            count = write(chosen, file)
        sys.stderr.write(f"{args.out}: {count} records\n")
    return _say_damages(damages)


def _entries(paths: list[Path], damages: list[Damage]) -> Iterator[Entry]:
    """Yield the records of all journals by time; what was damaged is added to ``damages``."""
    if len(paths) == 1:
        return _entries_of(paths[0], damages)
    return merge(*(_entries_of(path, damages) for path in paths), key=lambda entry: entry.record.at)


def _entries_of(path: Path, damages: list[Damage]) -> Iterator[Entry]:
    from tui_trader.storage.chain import salvage, walk

    try:
        for part in walk(path):
            for record in part:
                yield Entry(path.stem, record, True)
            if part.damage is not None:
                damages.append(part.damage)
                for record in salvage(part.file, part.good_bytes):
                    yield Entry(path.stem, record, False)
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {error.strerror or error}") from error


def _say_damages(damages: list[Damage]) -> int:
    for damage in damages:
        sys.stderr.write(f"tui-trader: DAMAGED: {damage.file}: {_damage_words(damage)}; what follows it is not proved\n")
    return 1 if damages else 0


# -- set-aside -----------------------------------------------------------------------------------------------------------


def _set_aside(paths: list[Path]) -> int:
    from tui_trader.core.clock import SystemClock
    from tui_trader.desk.records import OpenIntents
    from tui_trader.storage.proof import set_aside

    if not paths:
        print("no journal yet")
    for path in paths:
        try:
            aside = set_aside(path, SystemClock(), OpenIntents())
        except OSError as error:
            raise JournalError(f"{path}: cannot be set aside: {error.strerror or error}") from error
        if aside is None:
            print(f"{path}: the part that is written to is not damaged; nothing was changed")
            continue
        print(f"{aside.moved}: kept as it was; {_damage_words(aside.damage)}")
        print(f"{aside.damage.file}: goes on after record {aside.end.number}, last hash {aside.end.hash}")
        for intent in aside.carried["open"]:
            print(f"  still to be asked after: order {intent.get('id')} {intent.get('symbol')}")
    return 0


# -- times ---------------------------------------------------------------------------------------------------------------


def _moment(text: str | None, flag: str) -> str:
    """Return a time as the journal writes it; empty for none. Raises UsageError."""
    from tui_trader.cli.moments import moment
    from tui_trader.core.clock import rfc3339

    return "" if text is None else rfc3339(moment(text, flag))
