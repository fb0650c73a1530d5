"""How many full lifecycles a rehearsal plays per CPU second, and how memory grows with their number.

    python -m benchmarks.rehearsal --sizes 1000,10000,100000

Each size runs in a process of its own: build the timeline, play it with the journal on and every request and reply in
its vendor's dialect, stream the history to disk, then judge it. A lifecycle is an accepted quote or amendment taken to
the end of the run. CPU seconds are those of the process and of what it has another do beside, so other work on the
machine disturbs them only a little.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ORDERS_PER_SUBSCRIPTION = 10


def measure(lifecycles: int, scenario: str) -> dict[str, float]:
    """Return the figures of one size, in this process."""
    from q2c.rehearsing import judged, rehearse_into
    from q2c.run_folder import create
    from scenarios.library import find
    from scenarios.scale import scaled

    sized = scaled(find(scenario), orders=lifecycles, subscriptions=lifecycles // ORDERS_PER_SUBSCRIPTION)
    with tempfile.TemporaryDirectory() as folder:
        started = sum(os.times()[:4])
        played = rehearse_into(sized, 1, create(Path(folder), sized.name, 1))
        verdict = judged(played)
        total = sum(os.times()[:4]) - started
    return {
        "lifecycles": played.timeline.lifecycles,
        "records": played.records,
        "play_seconds": verdict.play_seconds,
        "total_seconds": total,
        "rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "holds": float(verdict.verdict.status == "holds"),
    }


def main(argv: list[str] | None = None) -> None:
    """Measure each size and print a table, with ratios to the smallest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,5000")
    parser.add_argument("--scenario", default="quarter_end")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args(argv)
    if chosen.one is not None:
        print(json.dumps(measure(chosen.one, chosen.scenario)))
        return
    print(f"rehearsal of {chosen.scenario}, seed 1")
    print("lifecycles  per CPU s  with checks  CPU ms each  ratio     memory      each")
    base = 0.0
    for size in map(int, chosen.sizes.split(",")):
        found = _in_a_process(size, chosen.scenario)
        each = found["total_seconds"] / found["lifecycles"] * 1000
        base = base or each
        print(
            f"{found['lifecycles']:>10,.0f} {found['lifecycles'] / found['play_seconds']:>10,.0f} "
            f"{found['lifecycles'] / found['total_seconds']:>12,.0f} {each:>12.2f} {each / base:>6.2f} "
            f"{found['rss_bytes'] / 1e6:>6,.0f} MB {found['rss_bytes'] / found['lifecycles'] / 1000:>5,.0f} kB",
            flush=True,
        )


def _in_a_process(size: int, scenario: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.rehearsal", "--one", str(size), "--scenario", scenario]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
