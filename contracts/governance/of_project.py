"""The registry of this project, from its code: `python -m contracts.governance.of_project [FOLDER]`.

Rows come and go with the events of `domain.events`, the documents and the pacts. What people decided of a row (its
owner, its life, its end, its compatibility) stays as they wrote it. Parties, fields and objects are written by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from contracts.compatibility.documents import read as read_document
from contracts.compatibility.pacts import read_pact
from contracts.governance.drafting import beside, written
from contracts.governance.registry import ANYBODY, Contract, Event, Registry, read
from domain.events.registry import REGISTRY

R = TypeVar("R", Contract, Event)
CONTRACTS = Path(__file__).parents[1]
FOLDER = CONTRACTS / "registry"
OWNERS = {
    "cpq": "sales systems", "crm": "sales systems", "erp": "finance systems", "billing": "billing", "tax": "tax",
    "payment": "payments", "bank": "payments", "fulfilment": "fulfilment", "mdm": "master data",
}  # fmt: skip
"""Who answers for what a system tells; for everything else the team of the integration."""
PLATFORM = "integration platform"
_DIALECTS = {
    "crm": "salesforce", "erp": "netsuite", "billing": "chargebee", "tax": "avatax", "payment": "stripe",
    "fulfilment": "fulfilment",
}  # fmt: skip
_DECIDED = ("owner", "lifecycle", "sunset", "compatibility")
_HEAD = "# Made by `python -m contracts.governance.of_project`; owner, lifecycle, sunset and compatibility are yours."


def texts(known: Registry, folder: Path = FOLDER) -> dict[str, str]:
    """Return the generated files of the registry by name; what `known` decided of a row stays."""
    contracts_before = {row.name: row for row in known.contracts}
    contracts = [_as_decided(row, contracts_before.get(row.name)) for row in _contracts(known, folder)]
    events_before = {row.name: row for row in known.events}
    events = [_as_decided(row, events_before.get(row.name)) for row in _events()]
    return {
        "contracts.toml": written({"contracts": contracts}, _HEAD),
        "events.toml": written({"events": events}, _HEAD),
    }


def _as_decided(row: R, known: R | None) -> R:
    if known is None:
        return row
    return msgspec.structs.replace(row, **{name: getattr(known, name) for name in _DECIDED})


def _events() -> Iterator[Event]:
    for kind, row in sorted(REGISTRY.items()):
        major = kind.rpartition(".v")[2]
        yield Event(
            type=kind, owner=OWNERS.get(row.producers[0], PLATFORM), version=f"{major}.{row.minor}",
            producers=row.producers, consumers=tuple(ANYBODY if name == "all" else name for name in row.consumers),
        )  # fmt: skip


def _contracts(known: Registry, folder: Path) -> Iterator[Contract]:
    for path in sorted(CONTRACTS.glob("openapi/*.json")):
        system = path.stem
        is_ours = system == "integration"
        yield Contract(
            id=f"{system} api", kind="openapi", file=beside(path, folder), owner=OWNERS.get(system, PLATFORM),
            version=_version(path), dialect=_DIALECTS.get(system, ""),
            producers=("orchestrator" if is_ours else system,),
            consumers=(ANYBODY,) if is_ours else ("orchestrator",),
        )  # fmt: skip
    for path in sorted(CONTRACTS.glob("asyncapi/*.json")):
        yield Contract(
            id=f"{path.stem} events", kind="asyncapi", file=beside(path, folder), owner=PLATFORM,
            version=_version(path), producers=("orchestrator",), consumers=(ANYBODY,),
        )  # fmt: skip
    for path in sorted(CONTRACTS.glob("pacts/*.json")):
        pact = read_pact(path)
        yield Contract(
            id=f"{pact.consumer} with {pact.provider}", kind="pact", file=beside(path, folder), owner=PLATFORM,
            producers=(known.party(pact.provider),), consumers=(known.party(pact.consumer),),
        )  # fmt: skip


def _version(path: Path) -> str:
    return str(read_document(path).tree["info"]["version"])


def main() -> None:
    """Write the generated files of the registry."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    known = read(folder) if any(folder.glob("*.toml")) else Registry(folder, ())
    for name, text in texts(known, folder).items():
        (folder / name).write_text(text, encoding="utf-8")
        print(folder / name)


if __name__ == "__main__":
    main()
