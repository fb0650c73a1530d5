"""How long conformance takes, of the mocks and of the reference integration: `python -m benchmarks.conformance`.

The aim is under 25 s on two cores; the figures are those of benchmarks/verify.py.
"""

from __future__ import annotations

from benchmarks import verify

TABLES = ("server", "webhooks", "lifecycle")


def main() -> None:
    """Measure and print."""
    verify.main([part for table in TABLES for part in ("--only", table)])


if __name__ == "__main__":
    main()
