"""`q2c contracts registry`: who answers for which contract and event, in which version, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from contracts.compatibility.documents import Unusable as UnusableDocument
from contracts.compatibility.documents import read as read_document
from contracts.governance.drafting import drafted
from contracts.governance.registry import Contract, Event, Registry, Unusable, read
from contracts.verification import configuration
from q2c.trouble import give_up

_HEAD = ("name", "kind", "version", "lifecycle", "owner", "from", "to")
_WIDTH_MAX = 44


@click.command("registry")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--registry", "path", type=click.Path(path_type=Path), help="A file or a folder.  [as q2c.toml says]")
@click.option("--config", type=click.Path(path_type=Path), default=Path("q2c.toml"), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@click.option("--draft", is_flag=True, help="Write a first registry of FILES (documents and pacts) instead.")
def registry_command(files: tuple[Path, ...], path: Path | None, config: Path, as_json: bool, draft: bool) -> None:
    """Show the registry of contracts and events: version, lifecycle, owner, who tells and who hears.

    A draft names files as from the folder of --registry, or from here.

    \b
    q2c contracts registry
    q2c contracts registry --draft openapi.json contracts/pacts/*.json > registry.toml

    Exit status: 0 it was shown, 2 bad input.
    """
    if draft:
        click.echo(_draft(files, path), nl=False)
        return
    if files:
        give_up("FILES are for --draft; to show another registry name it with --registry.")
    try:
        found = read(path or _configured(config))
    except Unusable as refusal:
        give_up(str(refusal))
    click.echo(_json(found) if as_json else _table(found))


def _configured(config: Path) -> Path:
    try:
        tables = configuration.read(config).governance
    except configuration.Unusable as refusal:
        give_up(str(refusal))
    if not tables:
        give_up(f"{config} has no [[verify.governance]]; name the registry with --registry, or draft one with --draft.")
    return config.parent / tables[0].registry


def _draft(files: Sequence[Path], path: Path | None) -> str:
    folder = Path() if path is None else path if path.suffix != ".toml" else path.parent
    if not files:
        give_up("name the documents and pacts that are to be registered: --draft openapi.json contracts/pacts/*.json")
    try:
        pacts = [each for each in files if {"consumer", "provider"} <= read_document(each).tree.keys()]
        return drafted(folder, [each for each in files if each not in pacts], pacts)
    except UnusableDocument as refusal:
        give_up(str(refusal))


def _table(found: Registry) -> str:
    today = datetime.now(UTC).date()
    rows = [_HEAD, *(_row(row) for row in found.kept)]
    widths = [min(_WIDTH_MAX, max(len(row[column]) for row in rows)) for column in range(len(_HEAD))]
    lines = [
        "  ".join(_cut(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    over = [row.name for row in found.kept if row.sunset is not None and row.sunset < today]
    ended = f" Past their sunset: {', '.join(over)}." if over else ""
    return "\n".join([*lines, f"{len(found.contracts)} contracts, {len(found.events)} events in {found.path}.{ended}"])


def _row(row: Contract | Event) -> tuple[str, ...]:
    life = f"{row.lifecycle} until {row.sunset.isoformat()}" if row.sunset else row.lifecycle
    kind = row.kind if isinstance(row, Contract) else "event"
    told = (", ".join(row.producers) or "-", ", ".join(row.consumers) or "-")
    return (row.name, kind, row.version or "-", life, row.owner or "NOBODY", *told)


def _cut(cell: str) -> str:
    return cell if len(cell) <= _WIDTH_MAX else cell[: _WIDTH_MAX - 3] + "..."


def _json(found: Registry) -> str:
    document: dict[str, Any] = {
        "schema_version": 1,
        "contracts": [{**msgspec.to_builtins(row), "path": str(row.path)} for row in found.contracts],
        "events": [msgspec.to_builtins(row) for row in found.events],
        "objects": [msgspec.to_builtins(row) for row in found.objects],
        "groups": [msgspec.to_builtins(row) for row in found.ownership.values()],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode()
