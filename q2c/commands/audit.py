"""`q2c audit verify`: is the audit trail of the integration what it wrote?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from q2c import exits
from q2c.trouble import give_up

if TYPE_CHECKING:
    from integration.journal.protocol import Head, Verification

CONFIGURATION = Path("q2c.toml")


class Audited(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification found; `heads` are to be kept elsewhere."""

    database: str
    intact: bool
    problem: str
    entries: int
    heads: Sequence[Head]


@click.group()
def audit() -> None:
    """Prove that nobody has changed the audit trail of the integration."""


@audit.command()
@click.option("--database", help="A file (SQLite) or postgresql://USER@HOST/NAME.  [Q2C_DATABASE, q2c.toml]")
@click.option(
    "--head", "file", type=click.Path(path_type=Path, dir_okay=False),
    help="What an earlier run printed, kept elsewhere; `-` reads standard input.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def verify(database: str | None, file: Path | None, as_json: bool) -> None:
    """Recompute all chains of digests of the audit trail; the integration may be running.

    Every row is covered by its digest and by the one after it, so that a row which was changed, deleted, slipped in or
    moved breaks its chain; the first is named. Only the end can be cut without a trace: keep what this prints somewhere
    else, and give it to the next run with --head. SQLite has one chain, PostgreSQL one for each start of a worker.

    Exit status 0 when the trail is intact, 1 when it is broken, 2 when FILE is not understood, 5 when the database
    cannot be read.

    \b
    Example:
      q2c audit verify --database q2c.db > heads.txt
      q2c audit verify --database q2c.db --head heads.txt
    """
    from integration.journal.opening import open_reader
    from integration.journal.trouble import Unavailable

    place = database or _configured()
    heads = _kept(file) if file is not None else []
    try:
        reader = open_reader(place)
        try:
            found = reader.verify(heads)
        finally:
            reader.close()
    except Unavailable as trouble:
        give_up(str(trouble), exits.COULD_NOT_RUN)
    except ValueError as trouble:
        give_up(f"{file}: {trouble}")
    _tell(place, found, as_json)
    raise SystemExit(exits.HOLDS if found.intact else exits.BROKEN)


def _configured() -> str:
    """Return the database that the integration uses."""
    from integration.service.configuration import Misconfigured, read_section

    if named := os.environ.get("Q2C_DATABASE", ""):
        return named
    try:
        section = read_section(CONFIGURATION if CONFIGURATION.exists() else None)
    except Misconfigured as trouble:
        give_up(str(trouble))
    if not (named := str(section.get("database", ""))):
        give_up("which database? say --database FILE or postgresql://USER@HOST/NAME, or set Q2C_DATABASE")
    return named


def _kept(file: Path) -> list[Head]:
    """Read heads that an earlier run printed, as lines or as JSON."""
    from integration.journal.protocol import Head

    try:
        with click.open_file(str(file)) as opened:
            text = opened.read()
        if text.lstrip().startswith("{"):
            return msgspec.convert(msgspec.json.decode(text)["heads"], list[Head])
        return [_head(line) for line in text.splitlines() if line.startswith("head ")]
    except (OSError, UnicodeDecodeError, KeyError, IndexError, ValueError, msgspec.MsgspecError) as trouble:
        give_up(f"{file}: these are no heads that `q2c audit verify` printed ({trouble})")


def _head(line: str) -> Head:
    from integration.journal.protocol import Head

    _, chain, entries, digest = line.split()
    return Head(int(entries), bytes.fromhex(digest).hex(), int(chain))


def _tell(place: str, found: Verification, as_json: bool) -> None:
    if as_json:
        told = Audited(
            database=_shown(place),
            intact=found.intact,
            problem=found.problem,
            entries=found.head.entries,
            heads=found.heads,
        )
        click.echo(msgspec.json.encode(told).decode())
        return
    for head in found.heads:
        click.echo(f"head {head.chain} {head.entries} {head.digest}")
    if found.intact:
        count = len(found.heads)
        chains = f"{count} chain{'s' * (count != 1)}"
        click.echo(f"{_shown(place)}: intact, {found.head.entries:,} entries in {chains}", err=True)
    else:
        click.echo(f"{_shown(place)}: BROKEN: {found.problem}", err=True)


def _shown(place: str) -> str:
    from integration.journal.trouble import without_password

    return without_password(place)
