"""Writes the OpenAPI documents of all systems into a folder: `python -m mocks.openapi contracts/openapi`."""

from __future__ import annotations

import sys
from pathlib import Path

from mocks.openapi.document import texts


def main(folder: Path) -> None:
    """Write one file per system."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (folder / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "contracts/openapi"))
