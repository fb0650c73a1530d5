"""One case: what happened, what a person must know, what may be done and by whom, and what has been done."""

from __future__ import annotations

from integration import casework
from integration.casework import system_of
from integration.exceptions import ExceptionCase
from integration.journal.protocol import Entry, FlowRow
from integration.tower import frame
from integration.tower.exceptions_page import due_cell, state_cell
from integration.tower.frame import ROOT, ago, at, blocks, hidden, secret, site, txn_cell
from integration.tower.sayings import noted
from integration.tower.sessions import Visitor
from integration.tower.story import Span, spans_of
from web import words
from web.blocks import Block, Cell, Fold, Group, Section, Table, Text, columns, row
from web.forms import Code, Field, Form, Links
from web.site import SitePage

STEPS_SHOWN = 200
SHORT_CHARACTERS = 24


def page(
    case: ExceptionCase, flow: FlowRow | None, trail: list[Entry], arguments: object, visitor: Visitor, now_us: int
) -> SitePage:
    """Return the page of a case; an ended one shows what was done."""
    back = Links((
        ("All exceptions", f"{ROOT}/exceptions"), (f"The story of {case.txn or case.flow}", _story_href(case)),
    ))  # fmt: skip
    detail = Text(case.detail) if case.detail else None
    sections = [Section("case", "The case", blocks(detail, _facts(case, now_us), back))]
    doing = _doing(case, visitor)
    if doing:
        sections.append(Section("do", "What may be done", doing))
    sections.append(Section("know", "What a person must know", (_context(case),)))
    sections.append(Section("done", "What was done", (_notes(trail),)))
    sections.append(Section("journal", "The flow's journal", _journal(flow, trail, arguments)))
    return site(f"{case.code} in {case.flow}", "exceptions", *sections)


def _story_href(case: ExceptionCase) -> str:
    return frame.txn_href(case.txn) if case.txn else frame.query_href("transactions", {"find": case.flow})


def _facts(case: ExceptionCase, now_us: int) -> Table:
    due = due_cell(case, now_us)
    rows = [
        row("State", state_cell(case)),
        row("Owner", case.owner),
        row("With", f"{case.assignee} since {at(case.assigned_us)}" if case.assignee else "nobody"),
        row("Opened", f"{at(case.opened_us)}, {ago(case.opened_us, now_us)}"),
        row("Due", Cell(f"{at(case.due_us)}, {due.text}", due.tone) if case.is_open else at(case.due_us)),
        row("Escalated", words.counted(case.escalations, "time") if case.escalations else "no"),
        row("Transaction", txn_cell(case.txn)),
        row("Stopped at", system_of(case) or "a question"),
        row("Last moved", f"{at(case.moved_us)} by {case.actor or 'the integration'}"),
        row("Ways so far", " → ".join(case.history).replace("_", " ")),
    ]
    if case.planned is not None:
        planned = f"{case.planned.by} planned a re-drive at {at(case.planned.at_us)}"
        rows.append(row("Planned", planned))
    if case.discard is not None:
        asked = f"{case.discard.by} at {at(case.discard.at_us)}: {case.discard.reason}"
        rows.append(row("Discard asked for by", asked))
    return Table(caption="What is known of the case", columns=columns("What", "Is"), rows=tuple(rows))


# --- what may be done -----------------------------------------------------------------------------------------------


def _doing(case: ExceptionCase, visitor: Visitor) -> tuple[Block, ...]:
    """Return the forms for what this person may do with the case as it is."""
    if not case.is_open:
        return ()
    me = visitor.caller.name
    if case.discard is not None:
        return _answer_to_discard(case, visitor)
    if not visitor.may("exceptions:work"):
        return (Text("You may look at this case; acting on it takes the scope exceptions:work."),)
    if case.assignee and not casework.is_same(case.assignee, me):
        said = f"The case is with {case.assignee}. Whoever takes it over says so by name; {case.assignee} will see it."
        return (Text(said, "warn"), _form(case, visitor, "take", f"Take over from {case.assignee}", _note(),
                                          **{"from": case.assignee}))  # fmt: skip
    own = [] if case.assignee else [_form(case, visitor, "take", "Take it")]
    return (*own, Group("Put it right", (_re_drive(case, visitor),)), *_rest(case, visitor))


def _note(label: str = "Note") -> Field:
    return Field(name="note", label=label)


def _form(
    case: ExceptionCase, visitor: Visitor, action: str, button: str, *fields: Field, confirm: str = "", **more: str
) -> Form:
    hiding = hidden(case=case.id, action=action, version=case.version, **more)
    return Form(
        id=action.replace("_", "-"), action=f"{ROOT}/act", button=button, confirm=confirm,
        fields=(*fields, *hiding, secret(visitor)), narrow=not fields,
    )  # fmt: skip


def _re_drive(case: ExceptionCase, visitor: Visitor) -> Form:
    options = tuple((each, _DECISIONS.get(each, each.replace("_", " "))) for each in case.decisions)
    fields = [Field(name="decision", label="Decision", kind="select", options=options), _note("Why")]
    if case.code.startswith("DATA_QUALITY.MAPPING") and visitor.may("masterdata:steward"):
        fields += [
            Field(name="kind", label="Mapping: kind", value=_told(case, "kind"), note="if one is missing"),
            Field(name="key", label="Mapping: key", value=_told(case, "key")),
            Field(name="value", label="Mapping: value", note='JSON, such as {"id": "SKU-77"}'),
        ]
    if "retry" in case.decisions and "effect" not in case.context:
        fields.append(Field(name="correction", label="Correction", note="JSON for the flow, if it asked for one"))
    return _form(case, visitor, "re_drive", "Resolve", *fields)


def _told(case: ExceptionCase, name: str) -> str:
    is_mapping = "kind" in case.context and "key" in case.context  # else `key` is that of a call
    return str(case.context.get(name) or "") if is_mapping else ""


_DECISIONS = {"retry": "put right: try again", "cancel": "cancel what the flow does"}


def _rest(case: ExceptionCase, visitor: Visitor) -> tuple[Block, ...]:
    to = Field(name="to", label="To", note="empty: back to the queue")
    waits = case.status == "waiting_external"
    hand_over = Group("Hand it over", (_form(case, visitor, "hand_over", "Hand over", to, _note()),))
    wait = (
        Group("The answer came", (_form(case, visitor, "resume", "Go on", _note()),))
        if waits
        else Group("Wait for somebody outside", (_form(case, visitor, "wait", "Wait", _note("For whom or what")),))
    )
    give_up = _form(
        case, visitor, "discard", "Ask to discard", _note("Why the flow is given up"),
        confirm="The flow will be given up for good when a second person agrees. Ask for it?",
    )  # fmt: skip
    remark = Group("Say something", (_form(case, visitor, "comment", "Remark", _note("Remark")),))
    return (*((hand_over,) if case.assignee else ()), wait, remark, Group("Give it up", (give_up,)))


def _answer_to_discard(case: ExceptionCase, visitor: Visitor) -> tuple[Block, ...]:
    assert case.discard is not None, "there is a request"
    asked = Text(f"{case.discard.by} asks to give this flow up for good: {case.discard.reason}", "warn")
    is_own = casework.is_same(case.discard.by, visitor.caller.name)
    if is_own:
        if not visitor.may("exceptions:work"):
            return (asked,)
        back = _form(case, visitor, "refuse_discard", "Take it back", _note())
        return (asked, Text("Somebody else has to agree."), back)
    if not visitor.may("exceptions:approve"):
        return (asked, Text("Agreeing takes the scope exceptions:approve."))
    return (
        asked,
        _form(case, visitor, "approve_discard", "Agree: discard the flow",
              confirm="The flow is given up for good. Agree?"),
        _form(case, visitor, "refuse_discard", "Refuse", _note("Why not")),
    )  # fmt: skip


# --- what is known and was done -------------------------------------------------------------------------------------


def _context(case: ExceptionCase) -> Block:
    rows = tuple(row(str(name), _plain(value)) for name, value in sorted(case.context.items()))
    return Table(
        caption="The snapshot at the instant the flow stopped", columns=columns("What", "Was"), rows=rows,
        empty="The flow left no snapshot; its journal is below.",
    )  # fmt: skip


def _plain(value: object) -> str:
    return value if isinstance(value, str) else frame.pretty(value)


def _notes(trail: list[Entry]) -> Table:
    rows = tuple(
        row(at(entry.at_us), noted(entry.note)) for entry in trail if entry.kind == "note" and entry.note is not None
    )
    return Table(caption="Audit trail of people and the driver", columns=columns("When", "What"), rows=rows,
                 empty="Nobody has touched it yet.")  # fmt: skip


def _journal(flow: FlowRow | None, trail: list[Entry], arguments: object) -> tuple[Block, ...]:
    if flow is None:
        return (Text("The journal does not have this flow any more."),)
    spans = list(spans_of(flow.id, trail))
    shown = spans[-STEPS_SHOWN:]
    rows = tuple(
        row(str(span.seq), at(span.start_us), span.what.where, span.what.text, outcome_cell(span)) for span in shown
    )
    left_out = f", the last {len(shown)} of {len(spans)}" if len(shown) < len(spans) else ""
    table = Table(
        caption=f"Steps of {flow.name} {flow.id}, {flow.status}{left_out}",
        columns=columns("#Step", "When", "Where", "What", "What came of it"), rows=rows, empty="It has not begun.",
    )  # fmt: skip
    return (table, Fold("Its arguments", (Code(f"Arguments of {flow.id}", frame.pretty(arguments)),)))


def outcome_cell(span: Span, characters: int = 200) -> Cell:
    """Return what came of an effect; a short word wears its tone, a sentence speaks for itself."""
    said = span.outcome
    return Cell(frame.shortened(said.text, characters), said.tone if len(said.text) <= SHORT_CHARACTERS else "")
