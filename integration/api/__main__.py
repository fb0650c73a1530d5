"""Writes what is made from the interface: `python -m integration.api` in the root of the project."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from integration.api import asynchronous, document

PAGES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "contracts/openapi/integration.json": document.text,
        "contracts/asyncapi/integration.json": asynchronous.text,
        "docs/reference/api.md": document.page,
    }
)
"""What is made, by its place in the project."""


def main(root: Path) -> None:
    """Write every page."""
    for name, made in PAGES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
