"""The house rules that no linter knows: purity, sizes, docstrings, and nothing of anybody's machine in the files."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("domain", "scenarios", "mocks", "integration", "simulator", "contracts", "web", "q2c")
PURE = ("domain", "scenarios", "mocks", "integration", "contracts/checks")
NOT_PURE = (
    "integration/analytics/", "integration/api/", "integration/cdc/", "integration/drivers/", "integration/live.py",
    "integration/observability/", "integration/relay/", "integration/service/", "integration/tower/", "mocks/admin/",
    "mocks/doors/",
)  # fmt: skip
"""Where the world is: sockets, clocks and processes. Everything else of these rooms is told of it."""
LINES_MAX, FUNCTION_LINES_MAX = 400, 60
LONG: set[str] = set()

BANNED_CALLS = {
    "time.time", "time.time_ns", "time.monotonic", "time.perf_counter", "time.sleep", "datetime.now",
    "datetime.utcnow", "datetime.today", "date.today", "uuid.uuid1", "uuid.uuid4", "uuid4", "os.urandom", "print",
    "input", "sleep", "threading.Thread", "Thread", "breakpoint",
}  # fmt: skip
BANNED_IMPORTS = {"random", "secrets", "threading", "multiprocessing", "asyncio", "concurrent", "uuid", "time"}


def files(*rooms: str) -> list[Path]:
    return sorted(file for room in rooms for file in (ROOT / room).rglob("*.py"))


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def pure() -> list[Path]:
    return [file for file in files(*PURE) if not name(file).startswith(NOT_PURE)]


@dataclass(frozen=True)
class Module:
    """What the tests ask of a module; a name comes with its place. Syntax trees of them all would fill the memory."""

    docstring: str | None
    calls: list[tuple[str, str]]
    imports: list[str]
    functions: dict[str, int]
    silent: list[str]


@cache
def read(file: Path) -> Module:
    tree, place = parsed(file), name(file)
    return Module(
        docstring=ast.get_docstring(tree),
        calls=[(f"{place}:{node.lineno}", called(node)) for node in inner(tree) if isinstance(node, ast.Call)],
        imports=list(imported(tree)),
        functions={
            f"{place}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        },
        silent=[
            f"{place}:{node.lineno} {node.name}"
            for node in public(tree)
            if not ast.get_docstring(node) and not _is_a_protocols(node)
        ],
    )


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


def called(node: ast.Call) -> str:
    """Return the dotted name of what is called: `datetime.now` for `datetime.datetime.now(...)` too."""
    parts: list[str] = []
    function: ast.expr = node.func
    while isinstance(function, ast.Attribute):
        parts.insert(0, function.attr)
        function = function.value
    if isinstance(function, ast.Name):
        parts.insert(0, function.id)
    return ".".join(parts[-2:])


def inner(tree: ast.Module) -> Iterator[ast.AST]:
    """Walk through a module but for its `main`, which is where a module that is run as a program meets the world."""
    for statement in tree.body:
        if not (isinstance(statement, ast.FunctionDef) and statement.name == "main"):
            yield from ast.walk(statement)


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0]


def test_pure_rooms_have_no_clock_no_chance_and_no_threads() -> None:
    assert [call for file in pure() for call in read(file).calls if call[1] in BANNED_CALLS] == []


def test_pure_rooms_import_nothing_that_has() -> None:
    found = [(name(file), module) for file in pure() for module in read(file).imports if module in BANNED_IMPORTS]
    assert found == []


_OWN_WORD = re.compile(
    r"^_?(SECOND|MINUTE|HOUR|DAY)_US = |(?<![\d_])(60_000_000|3_600_000_000|86_400_000_000)\b", re.MULTILINE
)


def test_the_units_of_elapsed_time_are_named_once() -> None:
    """`domain.calendar` names them; the compiled kernel of the mocks has constants of its own (`Final`)."""
    compiled = {"mocks/kernel/faults.py", "mocks/kernel/luck.py"}
    named = {name(file) for file in files(*ROOMS) if _OWN_WORD.search(file.read_text(encoding="utf-8"))}
    assert named - compiled == {"domain/calendar.py"}


def test_the_search_for_banned_calls_finds_them() -> None:
    tree = ast.parse("import datetime, time\ndatetime.datetime.now()\ntime.time()\nprint(1)\nx.now_us()\n")
    calls = [called(node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert [call in BANNED_CALLS for call in calls] == [True, True, True, False]


def test_no_module_is_too_long() -> None:
    sizes = {name(file): len(file.read_text(encoding="utf-8").splitlines()) for file in files(*ROOMS)}
    assert {each: lines for each, lines in sizes.items() if lines > LINES_MAX and each not in LONG} == {}


def test_no_function_is_too_long() -> None:
    found = [each for file in files(*ROOMS) for each in read(file).functions.items()]
    assert [each for each in found if each[1] > FUNCTION_LINES_MAX] == []


def test_every_module_says_what_it_is() -> None:
    missing = [
        name(file) for file in files(*ROOMS) if not read(file).docstring and file.read_text(encoding="utf-8").strip()
    ]
    assert missing == []


def test_every_room_says_what_it_is() -> None:
    missing = [room for room in ROOMS if not ast.get_docstring(parsed(ROOT / room / "__init__.py"))]
    if (ROOT / "contracts" / "__init__.py").read_text() == "":
        missing = [room for room in missing if room != "contracts"]
    assert missing == []


def public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for node in tree.body:
        if isinstance(node, kinds) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (
                    each
                    for each in node.body
                    if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and not each.name.startswith("_")
                )


@pytest.mark.parametrize("room", ["domain", "integration", "simulator", "contracts", "q2c"])
def test_every_public_name_says_what_it_does(room: str) -> None:
    assert [each for file in files(room) for each in read(file).silent] == []


def _is_a_protocols(node: ast.AST) -> bool:
    """Tell whether a function is a mere signature: its body is `...`."""
    body = getattr(node, "body", [])
    return len(body) == 1 and isinstance(body[0], ast.Expr) and getattr(body[0].value, "value", None) is Ellipsis


# --- the files as they are kept -------------------------------------------------------------------------------------

_MACHINE = re.compile(r"(?<![\w.])/(?:home|root|Users|work|mnt|opt/\w+|tmp/\w+|var/\w+)/\w|[A-Z]:\\\\Users")
_REGISTRY = re.compile(r"(?<!no-emit-)(?:index-url|find-links|trusted-host)|://[\w.@:/-]+/simple\b")


@cache
def tracked() -> list[Path]:
    """Return the text files that git keeps."""
    if not (ROOT / ".git").exists():
        pytest.skip("no repository here: what is kept cannot be listed")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    kept = [ROOT / each.decode() for each in listed.split(b"\0") if each]
    return [file for file in kept if file.is_file() and file != Path(__file__) and b"\0" not in file.read_bytes()]


@pytest.mark.parametrize("pattern", [_MACHINE, _REGISTRY], ids=["machine", "registry"])
def test_no_file_names_a_machine_or_a_registry(pattern: re.Pattern[str]) -> None:
    found = [
        f"{name(file)}:{number} {match.group()}"
        for file in tracked()
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if (match := pattern.search(line))
    ]
    assert found == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt"])
def test_the_requirements_name_versions_and_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    pinned = re.findall(r"^[\w.\[\]-]+==\S+", text, re.M)
    assert len(pinned) > 10
    assert text.count("--hash=sha256:") >= len(pinned)
    assert "://" not in text


def test_the_tests_run_with_the_versions_that_the_product_is_pinned_to() -> None:
    product, workshop = (
        set(re.findall(r"^[\w.\[\]-]+==\S+", (ROOT / name).read_text(encoding="utf-8"), re.M))
        for name in ("requirements.txt", "requirements-test.txt")
    )
    assert product <= workshop


def test_make_help_names_every_target_that_a_person_calls() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    (targets,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert set(targets.split()) - {"help", "clean"} == set(re.findall(r'@echo "make (\w+) ', text))
