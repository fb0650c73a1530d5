"""Writes the pages that are made from the code: `python docs/generate.py`; tests/test_docs.py keeps them fresh.

docs/whats-here.md                 every package and module, from their docstrings
docs/reference/command-line.md     what `q2c --help` says, command by command
docs/reference/history-records.md  the records of a history, from domain/history.py
docs/dialects/*.md                 what each mock answers, from its table of operations
contracts/openapi/*.json           the same for machines (OpenAPI 3.1)
docs/reference/api.md              the interface of the integration, from its routes
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import msgspec
from click.testing import CliRunner

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from domain import history  # noqa: E402
from integration.api.__main__ import PAGES as INTERFACE  # noqa: E402
from mocks.kernel.dialect import Dialect  # noqa: E402
from mocks.kernel.operations import Operation  # noqa: E402
from mocks.openapi import texts  # noqa: E402
from mocks.openapi.manners import MANNERS  # noqa: E402
from mocks.world import World  # noqa: E402
from q2c.cli import q2c  # noqa: E402

ROOMS = {
    "domain": "The words everybody shares: money, calendar, documents, events, errors, state charts, history. Pure.",
    "scenarios": "The scenario language, the timeline, the invented company and its customers, the library.",
    "mocks": "Six stateful systems of record behind the dialects of their vendors.",
    "integration": "The reference integration: flows, journal, limits, adapters.",
    "simulator": "Virtual time: clock, network, clerks, recorder, the rehearsal.",
    "contracts": "What must hold: checks, service levels, key figures, the verdict.",
    "web": "One look for every page: blocks, charts, the shell of a self-contained file.",
    "q2c": "The front door: the command line, run folders, the report.",
    "benchmarks": "Measurements: rates and ratios, never pass or fail.",
}
_REMARK = re.compile(r"^    (\w+): .*?  # (.+)$", re.MULTILINE)
_OUTSIDE = re.compile(
    r" ?\((?:rows? [^()]*of )?`?domain\.md`?[^()]*\)| per row of `?domain\.md`? [\d.]+\d"
    r"| the table of domain\.md [\d.]+\d,| of domain\.md [\d.]+\d| ?\(\d[\d.]+, Y\d+\)"
)


def first_paragraph(path: Path) -> str:
    """Return the first paragraph of a module's docstring on one line, without references to what is not here."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return _OUTSIDE.sub("", " ".join(text.split("\n\n")[0].split()))


def modules(room: str) -> Iterator[Path]:
    """Yield the Python files of a room, packages before their modules."""
    yield from sorted((ROOT / room).rglob("*.py"), key=lambda path: (path.parent, path.name != "__init__.py", path))


def whats_here() -> str:
    """Return the page that names every package and module in one line each."""
    parts = [
        "# What is here\n\nEvery package and module in one line. Made by `python docs/generate.py`; do not edit.\n",
        "Where to start reading: `domain/history.py` (what a run leaves behind), `integration/flows/orders.py`\n"
        "(the saga of an order), `mocks/kernel/service.py` (the pipeline of every mock), `simulator/rehearsal.py`\n"
        "(how it all comes together), `contracts/checks/registry.py` (what must hold).\n",
    ]
    for room, sentence in ROOMS.items():
        parts.append(f"## `{room}/`\n\n{sentence}\n\n| module | what it is |\n|---|---|")
        for path in modules(room):
            text = first_paragraph(path)
            name = path.relative_to(ROOT).as_posix().removesuffix("__init__.py")
            if text or not name.endswith("/"):
                parts.append(f"| `{name}` | {text.replace('|', chr(92) + '|')} |")
        parts.append("")
    return "\n".join(parts)


def command_line() -> str:
    """Return the page that shows the help of every command."""
    parts = [
        "# The command line\n\nMade from `q2c --help` by `python docs/generate.py`; do not edit. Every command ends\n"
        "with one of the [exit statuses](exit-statuses.md); `--json` prints one document on standard output and\n"
        "nothing else.\n",
        f"## `q2c`\n\n```text\n{_help([])}```\n",
    ]
    parts.extend(f"## `q2c {name}`\n\n```text\n{_help([name])}```\n" for name in sorted(q2c.commands))
    return "\n".join(parts)


def _help(command: list[str]) -> str:
    settings = {"prog_name": "q2c", "terminal_width": 96, "env": {"NO_COLOR": "1", "COLUMNS": "96"}}
    shown = CliRunner().invoke(q2c, [*command, "--help"], **settings)  # type: ignore[arg-type]
    assert shown.exit_code == 0, shown.output
    return click.unstyle(shown.output)


def history_records() -> str:
    """Return the page that lists the records of a history with their fields."""
    parts = [
        "# History records\n\nMade from `domain/history.py` by `python docs/generate.py`; do not edit.\n",
        "A history is a sequence of records in the order in which things happened. Instants (`*_us`) are integer\n"
        "microseconds since the Unix epoch, UTC. The first record is a `Context`, the last an `Ended`. On disk a\n"
        "record is a row of `history.parquet`; see [the run folder](run-folder.md). *Inside* records are told by\n"
        "the reference integration about itself; all others are seen on the wire or in a system of record.\n",
    ]
    parts.extend(_record(kind) for kind in history.Record.__args__)
    parts.append("# Values inside records\n")
    parts.extend(_record(kind) for kind in (history.Entity, history.Limit))
    return "\n".join(parts)


def _record(kind: type[msgspec.Struct]) -> str:
    source = (kind.__doc__ or "").strip().splitlines()
    prose = "\n".join(line.strip() for line in source)
    tag = kind.__struct_config__.tag
    rows = [f"## `{kind.__name__}`" + (f" (tag `{tag}`)" if tag else ""), "", prose, ""]
    rows += ["| field | type | default | remark |", "|---|---|---|---|"]
    remarks = dict(_REMARK.findall(inspect.getsource(kind)))
    for field in msgspec.structs.fields(kind):
        default = "required" if field.default is msgspec.NODEFAULT else f"`{field.default!r}`"
        remark = remarks.get(field.name, "").replace("|", "or")
        rows.append(f"| `{field.encode_name}` | {_type(field.type)} | {default} | {remark} |")
    return "\n".join(rows) + "\n"


def _type(kind: object) -> str:
    text = kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__args__") else str(kind)
    text = re.sub(r"\b(?:domain|datetime)(?:\.\w+)*\.(\w+)", r"\1", text).replace(" | ", " or ")
    return "a document (domain/objects.py)" if len(text) > 60 else text


def dialect_page(name: str) -> str:
    """Return the support matrix of one mock: every operation of its table."""
    dialect, manner = _dialects()[name], MANNERS[name]
    rows = "\n".join(_operation(row) for row in dialect.operations)
    written = sum(row.write for row in dialect.operations)
    return (
        f"# {manner.title}\n\nMade from the table in `mocks/{name}/api.py` by `python docs/generate.py`; do not edit.\n"
        f"The machine-readable form is [{name}.json](../../contracts/openapi/{name}.json) (OpenAPI 3.1).\n\n"
        f"{len(dialect.operations)} operations, {written} of which change something. *Typed* says that the body or\n"
        "the query is parsed by a type, so that an unknown or wrong field is refused in the vendor's own words.\n\n"
        f"| operation | call | what it does | typed |\n|---|---|---|---|\n{rows}\n"
    )


def _operation(row: Operation) -> str:
    typed = [word for word, kind in (("body", row.body), ("query", row.query), ("reply", row.reply)) if _typed(kind)]
    what = (row.summary or row.name.replace("_", " ")).replace("|", "or")
    return f"| `{row.name}` | `{row.method} {row.path}` | {what} | {', '.join(typed)} |"


def _typed(kind: object) -> bool:
    return kind is not None and kind is not dict


@functools.cache
def _dialects() -> dict[str, Dialect]:
    return {name: service.dialect for name, service in World(0, lambda _record: None).services.items()}


@functools.cache
def _openapi() -> dict[str, str]:
    return texts()


PAGES: dict[str, Callable[[], str]] = {
    **INTERFACE,
    "docs/whats-here.md": whats_here,
    "docs/reference/command-line.md": command_line,
    "docs/reference/history-records.md": history_records,
    **{f"docs/dialects/{name}.md": functools.partial(dialect_page, name) for name in MANNERS},
    **{f"contracts/openapi/{name}.json": functools.partial(lambda name: _openapi()[name], name) for name in MANNERS},
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(page(), encoding="utf-8")
