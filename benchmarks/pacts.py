"""How fast pacts are verified: `python -m benchmarks.pacts [INTERACTIONS]` (200 by default; the aim is 10 seconds).

The pacts of the reference integration with the mocks over HTTP, each interaction in a state made anew, and as many of
them again as make the number. CPU seconds stand beside the wall clock, for other people's work makes the wall slow.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from contracts.compatibility.pacts import read_pact
from contracts.pacting.of_mocks import handlers, served
from contracts.pacting.recording import FOLDER
from contracts.pacting.verification import Provider, Verified, verify

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


def verified(paths: list[Path]) -> list[Verified]:
    """Verify the mocks against all of the pacts."""
    found: list[Verified] = []
    with served() as (doors, stage):
        for path in paths:
            name = read_pact(path).provider
            found += verify(Provider(name=name, url=doors[name]), [path], handlers(doors, stage, name))
    return found


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        paths = pacts_of(count, Path(folder))
        began, cpu = time.perf_counter(), _cpu_seconds()
        found = verified(paths)
        wall, cpu = time.perf_counter() - began, _cpu_seconds() - cpu
    held = sum(each.held for each in found)
    each = 1000 * wall / len(found)
    print(f"{len(found)} interactions, {held} held: {wall:.1f} s, {cpu:.1f} s of CPU, {each:.0f} ms each")


if __name__ == "__main__":
    main()
