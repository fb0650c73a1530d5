"""How long it takes to fuzz everything: `python -m benchmarks.fuzzing [--examples N] [--coverage N] [NAME ...]`.

Every document of the mocks and of the reference integration's own interface, in process, each in a process of its own
as `q2c verify` does it. CPU seconds stand beside the wall clock, for other people's work makes the wall slow.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from contracts.findings import Tally

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("crm", "erp", "billing", "tax", "payment", "fulfilment", "integration")


def fuzzed(name: str, examples: int, coverage: int, seed: int) -> tuple[str, Tally, float, float]:
    """Return a document's tally, with the seconds on the wall and of CPU; what is imported first counts as well."""
    import logging

    from contracts.fuzzing.configured import Fuzz, suites_of

    logging.disable(logging.CRITICAL)
    began, cpu = time.perf_counter(), _cpu_seconds()
    table = Fuzz(
        document=f"contracts/openapi/{name}.json", mock=name, max_examples=examples, coverage_cases=coverage, seed=seed
    )
    (suite,) = suites_of(table, ROOT)
    tally = suite.run(lambda _done, _total: None)
    return name, tally, time.perf_counter() - began, _cpu_seconds() - cpu


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure and print; findings are printed as well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--examples", type=int, default=1)
    parser.add_argument("--coverage", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=2)
    asked = parser.parse_args()
    began, load, sums = time.perf_counter(), os.getloadavg()[0], [0, 0, 0.0]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(asked.at_once, context, max_tasks_per_child=1) as pool:
        runs = [pool.submit(fuzzed, name, asked.examples, asked.coverage, asked.seed) for name in asked.names]
        for run in runs:
            name, tally, wall, cpu = run.result()
            sums = [sums[0] + tally.checked, sums[1] + len(tally.findings), sums[2] + cpu]
            told = f"{tally.checked:6} requests {len(tally.findings):3} findings {wall:6.1f} s {cpu:6.1f} s of CPU"
            print(f"{name:12} {told}  {tally.outcome} {tally.could_not_run}", flush=True)
            for finding in tally.findings:
                print(f"    {finding.rule} {finding.subject}: {finding.message[:500]}")
                print(f"        {finding.evidence[0][:400]}")
    total = time.perf_counter() - began
    print(f"{'all':12} {sums[0]:6} requests {sums[1]:3} findings {total:6.1f} s {sums[2]:6.1f} s of CPU")
    print(f"load {load:.1f} before, {os.getloadavg()[0]:.1f} after, {os.cpu_count()} CPUs")


if __name__ == "__main__":
    main()
