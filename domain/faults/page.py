"""The reference page of the faults, made from the catalogue: `python -m domain.faults.page` writes it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from domain.faults import ALL, CATALOGUE, Elsewhere, FaultKind, Place, Reach

PATH = Path("docs/reference/faults.md")
_HEAD = """# Faults

Made from the catalogue (`domain/faults/`, one file per number) by `python -m domain.faults.page`; do not edit.

All 77 numbers of the catalogue; {kinds} kinds can be injected. A scenario names a kind under `faults:` (or
writes an `outages:`, `brownouts:` or `maintenance:` window, which become faults), with the common words `system`,
`operation`, `txn`, `share`, `nth`, `from`, `to`, `lasts`; some kinds add `wait`, `count` or `factor`. The
[scenario language](scenario-language.md#faults) has the syntax. Every strike is a `Fired` record in the history, and
check A8 says *unknown* when a planned fault that could strike never did. A planned fault is struck out at the instant
of healing: from then on everything has to come together again (L1).

Where a fault strikes decides what it means:

| place | when | the work is done |
|---|---|---|
| network | between the integration and a system, before the request arrives | no, or later |
| before | in the system, before it commits | no |
| after | in the system, after it committed | yes, and the caller does not know |
| webhook | on the way of a system's message to the integration | not applicable |
| process | in the integration's own process | depends on the write |
| people | in what people do in a system or ask of the integration | yes, and once more |

"Noticed by" lists the [checks](checks.md) that a wrong answer to the fault tends to break. What is not said about
replays can be injected in them too.
"""
_EVERYWHERE = Reach()
_CALLS = {"any": "calls", "writes": "writes", "reads": "reads", "keyed": "writes that carry an idempotency key"}


def page() -> str:
    """Return the page as Markdown."""
    parts = [_HEAD.format(kinds=len(CATALOGUE)), "", *_table()]
    for fault in ALL:
        parts += ["", *(_kind(fault) if isinstance(fault, FaultKind) else _elsewhere(fault))]
    return "\n".join(parts) + "\n"


def _table() -> Iterator[str]:
    yield "| number | kinds | no kind, but shown by |"
    yield "|---|---|---|"
    for number, group in groupby(ALL, key=attrgetter("number")):
        faults = list(group)
        kinds = ", ".join(f"`{fault.key}`" for fault in faults if isinstance(fault, FaultKind))
        others = "; ".join(fault.shown or "shown nowhere" for fault in faults if isinstance(fault, Elsewhere))
        yield f"| {number} | {kinds} | {others} |"


def _kind(kind: FaultKind) -> Iterator[str]:
    yield f"## {kind.number} `{kind.key}`"
    yield ""
    yield from _wrapped(f"{kind.summary[0].upper()}{kind.summary[1:]}.", "")
    yield ""
    yield from _points(
        ("**In the wild.**", f"{kind.wild} ({kind.source})" if kind.source else kind.wild),
        ("**Parameters.**", _parameters(kind)),
        ("**Strikes**", _reach(kind)),
        ("**A right integration**", kind.right),
        ("**Noticed by**", f"{', '.join(kind.noticed_by)}."),
        ("**Not in a replay:**", kind.not_live),
    )


def _elsewhere(fault: Elsewhere) -> Iterator[str]:
    yield f"## {fault.number} {fault.name}"
    yield ""
    yield from _wrapped(f"{fault.summary[0].upper()}{fault.summary[1:]}.", "")
    yield ""
    yield from _points(
        ("**In the wild.**", f"{fault.wild} ({fault.source})" if fault.source else fault.wild),
        ("**Not injected:**", fault.why),
        ("**Shown by**", fault.shown),
        ("**A right integration**", fault.right),
        ("**Noticed by**", f"{', '.join(fault.noticed_by)}."),
    )


def _points(*points: tuple[str, str]) -> Iterator[str]:
    for title, text in points:
        if text:
            yield from _wrapped(f"{title} {text}", "- ")


def _wrapped(text: str, bullet: str) -> Iterable[str]:
    indent = " " * len(bullet)
    return textwrap.wrap(
        text, 119, initial_indent=bullet, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _parameters(kind: FaultKind) -> str:
    common = "Window" if kind.place is Place.PROCESS else "Window, share, `nth`"
    own = [f"`{each.word}`: {each.meaning}" for each in kind.parameters]
    return "; ".join([common, *own]) + "."


def _reach(kind: FaultKind) -> str:
    reach = kind.reach
    if reach == _EVERYWHERE:
        return ""
    calls = _CALLS[reach.calls]
    names = [*reach.systems, *(f"`{operation}`" for operation in reach.operations)]
    return f"only {calls} of {', '.join(names)}." if names else f"only {calls}."


def main() -> None:
    """Write the page."""
    PATH.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
