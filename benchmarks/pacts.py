"""How fast pacts are verified: `python -m benchmarks.pacts [INTERACTIONS]` (200 by default; the aim is 10 seconds).

The pacts of the reference integration with the mocks over HTTP, each interaction in a state made anew, and as many of
them again as make the number. CPU seconds stand beside the wall clock, for other people's work makes the wall slow.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from contracts.pacting.of_mocks import of_mocks
from contracts.pacting.recording import FOLDER

SYSTEMS = ("crm", "erp", "billing", "tax", "payment", "fulfilment")


def pacts_of(count: int, folder: Path) -> list[Path]:
    """Write pacts with so many interactions in all; those of the project, and then the same again."""
    found: list[Path] = []
    left = count
    while left > 0:
        for system in SYSTEMS:
            pact = json.loads((FOLDER / f"q2c-integration-{system}.json").read_text(encoding="utf-8"))
            pact["interactions"] = pact["interactions"][:left]
            left -= len(pact["interactions"])
            if pact["interactions"]:
                path = folder / f"{len(found)}-{system}.json"
                path.write_text(json.dumps(pact), encoding="utf-8")
                found.append(path)
    return found


def _cpu_seconds() -> tuple[float, float]:
    """Return what this process used until now, and what the verifiers used."""
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime, others.ru_utime + others.ru_stime


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        paths = pacts_of(count, Path(folder))
        began, (own, others) = time.perf_counter(), _cpu_seconds()
        found = of_mocks(paths)
        wall, (own_now, others_now) = time.perf_counter() - began, _cpu_seconds()
    held = sum(each.held for each in found)
    load = os.getloadavg()[0]
    print(f"{len(found)} interactions, {held} held: {wall:.1f} s on {os.cpu_count()} cores (load {load:.1f})")
    print(f"CPU: mocks and states {own_now - own:.1f} s, verifiers of Pact {others_now - others:.1f} s")


if __name__ == "__main__":
    main()
