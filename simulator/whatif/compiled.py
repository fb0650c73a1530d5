"""The one place that touches Numba: decorators that keep the types of what they compile, or leave it as it is."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])
AVAILABLE = importlib.util.find_spec("numba") is not None
"""Whether the compiler is installed (extra `fast`)."""


def _njit(**options: Any) -> Callable[[F], F]:
    if not AVAILABLE:
        return lambda function: function
    return cast("Callable[[F], F]", importlib.import_module("numba").njit(error_model="numpy", _nrt=False, **options))


def inlined(function: F) -> F:
    """Compile a part of a kernel; it becomes part of whoever calls it. No fast math: both engines must agree."""
    return _njit(forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)


def part(function: F) -> F:
    """Compile a part of a kernel that stays a function."""
    return _njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)


def kernel(function: F) -> F:
    """Compile a kernel that runs without the interpreter's lock, and keep the result on disk.

    Numba would keep it as long as the kernel's own file is the same; its parts lie in others, so that the name under
    which it is kept has a hash of all of them.
    """
    function.__qualname__ += f"_{sources_hash()}"
    return _njit(nogil=True, cache=True)(function)


@cache
def sources_hash(folder: Path = Path(__file__).parent) -> str:
    """Return a hash of the modules in a folder."""
    return blake2b(b"\0".join(path.read_bytes() for path in sorted(folder.glob("*.py"))), digest_size=8).hexdigest()
