"""How long the demo takes, from the shell to the report, set-up not counted.

python -m benchmarks.demo
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time


def main() -> None:
    """Run the demo's command once and print its wall-clock time."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "q2c", "rehearse", "quarter_end", "--runs", folder]
        started = time.perf_counter()
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        seconds = time.perf_counter() - started
    print(f"demo: verdict and report in {seconds:.1f} s of wall clock, exit status {done.returncode}")


if __name__ == "__main__":
    main()
