"""The console that commands print on: as wide as the terminal, or as the examples of the documentation are."""

from __future__ import annotations

import os
import sys
from typing import Any

from rich.console import Console

PIPED_COLUMNS = 96
"""How wide lines are where nobody says: in a pipe, a file, the documentation. COLUMNS says otherwise."""


def standard_output(**settings: Any) -> Console:
    """Return a console on standard output; `settings` are those of rich."""
    if not sys.stdout.isatty() and not os.environ.get("COLUMNS"):
        settings.setdefault("width", PIPED_COLUMNS)
    return Console(**settings)
