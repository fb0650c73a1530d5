"""The modules of a program, imported anew for each of its lives: what a module remembers dies with the process.

They are apart from all others of this interpreter. A program may call a module `domain` or `app`, whatever else goes by
that name here: while it runs, the name is its own.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

_HARNESS = Path(__file__).parents[2]
_ROOMS = tuple(
    str(_HARNESS / room)
    for room in ("domain", "scenarios", "mocks", "integration", "simulator", "contracts", "loadtests", "web", "q2c")
)


class NoFactory(Exception):
    """A factory cannot be had; the text says why."""


class Modules:
    """The modules that lie in one folder. They `are_contested` when other modules here go by their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = frozenset(path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir())
        self._theirs: dict[str, ModuleType] = {}
        self.are_contested = any(self._is_contested(name, module) for name, module in list(sys.modules.items()))

    def forget(self) -> None:
        """Forget every module of the folder; the next import runs it again."""
        self._theirs.clear()
        for name in [name for name, module in list(sys.modules.items()) if self._is_own(name, module)]:
            del sys.modules[name]

    def factory(self, place: str) -> Callable[[], Any]:
        """Return what `package.module:name` names, importing it; raise NoFactory when it is not there."""
        module, _, name = place.partition(":")
        importlib.invalidate_caches()
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError as missing:
            raise NoFactory(f"{place}: there is no module {missing.name}, looked for in {self._folder}") from missing
        made = getattr(found, name, None)
        if not callable(made):
            raise NoFactory(f"{place}: {module} has no function {name!r}")
        return made  # type: ignore[no-any-return]

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let the names of the folder mean its own modules until the block ends."""
        others = {name: module for name, module in list(sys.modules.items()) if self._is_contested(name, module)}
        for name in others:
            del sys.modules[name]
        sys.modules.update(self._theirs)
        sys.path.insert(0, str(self._folder))
        try:
            yield
        finally:
            sys.path.remove(str(self._folder))
            self._theirs = {name: module for name, module in list(sys.modules.items()) if self._is_own(name, module)}
            for name in self._theirs:
                del sys.modules[name]
            sys.modules.update(others)

    def _is_contested(self, name: str, module: ModuleType) -> bool:
        """Tell whether a module goes by a name of the folder: another one, or this one in an earlier life."""
        return name.partition(".")[0] in self._names and not _is_ours_here(module, self._folder)

    def _is_own(self, name: str, module: ModuleType) -> bool:
        file = getattr(module, "__file__", None) or ""
        return self._is_contested(name, module) and (not file or Path(file).is_relative_to(self._folder))


def _is_ours_here(module: ModuleType, folder: Path) -> bool:
    """Tell whether a module is a part of this harness that lies in the folder itself: a checkout tries itself out."""
    file = getattr(module, "__file__", None) or ""
    return file.startswith(_ROOMS) and Path(file).is_relative_to(folder)
