"""The queue of exceptions as a page: who acts on what until when, a filter, and what may be done with many at once."""

from __future__ import annotations

from collections.abc import Sequence

from integration.casework import is_free, system_of
from integration.exceptions import ExceptionCase
from integration.settings import Settings
from integration.tower import queue
from integration.tower.frame import ago, blocks, case_href, hidden, links, query_href, secret, shortened, site, txn_cell
from integration.tower.queue import Filter, Listing
from integration.tower.sessions import Visitor
from web import words
from web.blocks import Block, Cell, Section, Table, Text, columns, row
from web.forms import Field, Form
from web.site import SitePage

BULK_MAX = 100
"""Takes and requests to discard are acts of their own; more of them at once are not thought about."""

_LATE = (("", "any"), ("late", "past the due time"), ("escalated", "escalated"), ("discard", "a discard is asked for"))
_MINE = (("", "anybody's or nobody's"), ("mine", "mine"), ("nobody", "nobody's"))
_ACTIONS = (
    ("re_drive", "let them try again"), ("cancel", "have them cancelled"), ("take", "take them"),
    ("discard", "ask to discard them"),
)  # fmt: skip


def page(cases: list[ExceptionCase], wanted: Filter, visitor: Visitor, now_us: int, settings: Settings) -> SitePage:
    """Return the page of the queue, or of the dead letters."""
    letters = bool(wanted.letters)
    path = "letters" if letters else "exceptions"
    kept = [case for case in cases if case.is_dead_letter] if letters else cases
    fitting = queue.fitting(kept, wanted, visitor.caller.name, now_us)
    found = queue.listing(fitting, wanted.page)
    sections = [
        Section("filter-part", "Which", (_filter(kept, wanted, path),)),
        Section("list", "Dead letters" if letters else "Open exceptions", blocks(
            _table(found, now_us), _pages(found, wanted, path),
        )),
    ]  # fmt: skip
    if visitor.may("exceptions:work") and fitting:
        sections.append(Section("bulk-part", "All of these at once", _bulk(fitting, wanted, visitor, settings)))
    if not letters:
        sections.append(Section("kinds", "By kind", (_kinds(kept, path),)))
    lede = _LETTERS if letters else _LEDE
    return site("Dead letters" if letters else "Exceptions", path, *sections, lede=lede)


_LEDE = "Flows that stopped and wait for a person. Those that are due first come first."
_LETTERS = (
    "Flows that gave up on a dependency, a contract or a bug. A dead letter is a stopped flow: a re-drive replays it."
)


def _filter(cases: list[ExceptionCase], wanted: Filter, path: str) -> Form:
    codes = sorted({".".join(case.code.split(".")[:2]) for case in cases} | ({wanted.code} - {""}))
    owners = sorted({case.owner for case in cases} | ({wanted.owner} - {""}))
    systems = sorted({*queue.systems(cases), wanted.system} - {""})
    fields = (
        Field(name="code", label="Kind", kind="select", value=wanted.code, options=_options(codes)),
        Field(name="owner", label="Owner", kind="select", value=wanted.owner, options=_options(owners)),
        Field(name="system", label="System", kind="select", value=wanted.system, options=_options(systems)),
        Field(name="mine", label="Whose", kind="select", value=wanted.mine, options=_MINE),
        Field(name="late", label="State", kind="select", value=wanted.late, options=_LATE),
        Field(name="hours", label="Older than hours", kind="number", value=str(wanted.hours or "")),
        Field(name="txn", label="Transaction", value=wanted.txn),
    )
    return Form(id="filter", action=query_href(path, {}), button="Show these", fields=fields, method="get")


def _options(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return (("", "any"), *((name, name) for name in names))


def _table(found: Listing, now_us: int) -> Table:
    first = (found.page - 1) * queue.PAGE_ROWS
    shown = f"{first + 1} to {first + len(found.cases)} of {words.count(found.total)}" if found.cases else "none"
    titles = columns("Case", "Transaction", "Stopped at", "Owner", "With", "State", "Due", "What happened")
    rows = tuple(_row(case, now_us) for case in found.cases)
    return Table(caption=f"Cases: {shown}", columns=titles, rows=rows, empty="Nothing waits for anybody here.")


def _row(case: ExceptionCase, now_us: int) -> tuple[Cell, ...]:
    return row(
        Cell(case.code, href=case_href(case.id), label=f"{case.code}, {case.flow}"), txn_cell(case.txn),
        system_of(case) or words.NOTHING, case.owner, case.assignee or words.NOTHING, state_cell(case),
        due_cell(case, now_us), shortened(case.detail, 120),
    )  # fmt: skip


def state_cell(case: ExceptionCase) -> Cell:
    """Return the state of a case with its tone."""
    if case.discard is not None and case.is_open:
        return Cell("discard asked for", "warn")
    if case.planned is not None:
        return Cell("re-drive planned")
    tone = "bad" if case.escalations > 1 else "warn" if case.escalations or case.status == "reopened" else ""
    return Cell(case.status.replace("_", " "), tone)


def due_cell(case: ExceptionCase, now_us: int) -> Cell:
    """Return when a case is due: late ones are bad, those that have used most of their time a warning."""
    if case.waiting_since_us:
        return Cell("clock stands still")
    text = ago(case.due_us, now_us)
    if case.due_us < now_us:
        return Cell(f"late, {text}", "bad")
    return Cell(text, "warn" if now_us >= case.escalates_us else "")


def _pages(found: Listing, wanted: Filter, path: str) -> Block | None:
    if found.pages < 2:
        return None
    values = {name: getattr(wanted, name) for name in Filter.__struct_fields__ if name not in ("page", "letters")}
    steps = (("First", 1), ("Previous", found.page - 1), ("Next", found.page + 1), ("Last", found.pages))
    shown = [
        (f"{text} page ({number})", query_href(path, {**values, "page": number}))
        for text, number in steps
        if 1 <= number <= found.pages and number != found.page
    ]
    return links(shown)


def _kinds(cases: list[ExceptionCase], path: str) -> Table:
    rows = tuple(
        row(Cell(code, href=query_href(path, {"code": code, "owner": owner})), owner, words.count(number),
            words.count(nobody))
        for code, owner, number, nobody in queue.by_class(cases)
    )  # fmt: skip
    return Table(caption="Kinds of open cases", columns=columns("Kind", "Owner", "#Open", "#With nobody"), rows=rows)


def _bulk(cases: list[ExceptionCase], wanted: Filter, visitor: Visitor, settings: Settings) -> tuple[Block, ...]:
    free = sum(is_free(case, visitor.caller.name) for case in cases)
    said = (
        f"{words.counted(len(cases), 'case')} fit, {free} of them with nobody else. Re-drives begin with "
        f"{settings.redrives_at_once} and go on with {settings.redrives_per_minute} a minute: no peer is flooded. "
        f"Of the other actions each is done with the first {BULK_MAX}."
    )
    values = {name: getattr(wanted, name) for name in Filter.__struct_fields__ if name != "page"}
    form = Form(
        id="bulk", action=query_href("bulk", {}), button=f"Do it with {free}", confirm=f"Do this with {free} cases?",
        fields=(
            Field(name="action", label="What", kind="select", options=_ACTIONS),
            Field(name="note", label="Why", note="stays in the audit trail of each; a discard needs it"),
            *hidden(**values), secret(visitor),
        ),
    )  # fmt: skip
    return (Text(said), form)
