"""Which checks notice which mutants: `python -m benchmarks.mutants [--write]`.

All checks on all mutants, which takes some minutes. Prints a row for each, and how many are noticed by one check alone.
With `--write` the table that `q2c verify --mutants` shows is made anew. The mutants are those of tests/contracts.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path

from contracts.fuzzing import mutants as providers
from contracts.responses import mutants as readers
from contracts.verification.mutants import KILLS, MUTANTS, Mutant, kills
from tests.contracts.conformance import test_client, test_lifecycle, test_server, test_webhooks
from tests.contracts.conformance.hook_receiver import HookReceiver
from tests.contracts.conformance.order_service import OrderService

KEPT_MAX = 6
"""So many of the cases that notice a reader are kept, the one that is meant for it first."""


def noticed(mutant: Mutant, folder: Path) -> tuple[str, ...]:
    """Return the checks that notice a mutant, of all that its kind of program is tried by."""
    name = mutant.name
    if mutant.kind == "server":
        tally = test_server.examined(OrderService(name))
    elif mutant.kind == "client":
        tally = test_client.examined(folder, name, patience_seconds=4 if name == "never_ends" else 15)
    elif mutant.kind == "receiver":
        tally = test_webhooks.examined(HookReceiver(name))
    elif mutant.kind == "sender":
        tally = test_webhooks.sent(name)
    else:
        tally = test_lifecycle.examined(folder, name)
    return tuple(sorted({finding.rule for finding in tally.findings}))


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"write {KILLS.name}")
    parser.add_argument("--kind", default="", help="only one kind")
    chosen = parser.parse_args(argv)
    found: dict[str, tuple[str, ...]] = {}
    for mutant in MUTANTS:
        if chosen.kind in ("", mutant.kind):
            with tempfile.TemporaryDirectory() as folder:
                checks = noticed(mutant, Path(folder))
            found[f"{mutant.kind}/{mutant.name}"] = checks
            meant = "killed by its check" if set(checks) & set(mutant.checks) else "SURVIVES ITS CHECK"
            print(f"{mutant.kind:9} {mutant.name:32} {meant}: {' '.join(checks) or 'nobody'}", flush=True)
    for kind, several in (("mapping", readers.killed), ("provider", providers.killed)):
        if chosen.kind in ("", kind):
            for kill in several():
                by = sorted(kill.killed_by, key=lambda check, meant=kill.mutant.check: check != meant)  # type: ignore[misc]
                found[f"{kind}/{kill.mutant.name}"] = tuple(by[:KEPT_MAX])
                print(f"{kind:9} {kill.mutant.name:32} {len(by)} checks: {' '.join(by[:2]) or 'nobody'}", flush=True)
    alone = Counter(checks[0] for checks in found.values() if len(checks) == 1)
    print(f"{len(found)} mutants; noticed by one check alone: {sum(alone.values())}, by {len(alone)} different checks")
    if chosen.write:
        KILLS.write_text(json.dumps({**kills(), **found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
