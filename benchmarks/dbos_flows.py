"""The same flows as benchmarks.postgres, done with DBOS. Run by that benchmark in an environment that has `dbos`.

    python dbos_flows.py ADDRESS NAME FLOWS STEPS

prints `ready`, waits for a line, and prints when the first flow started and the last one ended, the CPU time it took
(seconds), and how many flows it has ended.
"""

from __future__ import annotations

import sys
import time

from dbos import DBOS  # type: ignore[import-not-found]

REPLY = '{"id": "1234567890", "status": "open"}' * 10


@DBOS.step()  # type: ignore[untyped-decorator]
def call(key: str, body: str) -> str:
    """Answer at once, as the stub of the other side does."""
    return REPLY


@DBOS.workflow()  # type: ignore[untyped-decorator]
def lifecycle(name: str, steps: int) -> str:
    """Make some calls."""
    for number in range(steps):
        call(f"q2c/{name}/{number}", "x" * 300)
    return "done"


def main(address: str, name: str, flows: int, steps: int) -> None:
    """Run."""
    DBOS(config={"name": "bench", "system_database_url": address, "log_level": "ERROR", "run_admin_server": False})
    DBOS.launch()
    print("ready", flush=True)
    sys.stdin.readline()
    started, spent = time.time(), time.process_time()
    handles = [DBOS.start_workflow(lifecycle, f"{name}-{number:06}", steps) for number in range(flows)]
    for handle in handles:
        handle.get_result()
    print(started, time.time(), time.process_time() - spent, flows, flush=True)
    DBOS.destroy()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
