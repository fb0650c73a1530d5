"""What people do to the integration: acts as a table, each one transaction with a line in the audit trail.

    add_mapping {kind, key, value, expected?}, remove_mapping {kind, key, expected?}
                                            `expected` is the value that the person saw, None for no line
    take {case, from?}                      the case is mine; `from` names the person it is taken over from
    hand_over {case, to?}                   to a person, or back to the queue
    wait {case, note}, resume {case}        the clock stands still while somebody outside has to answer
    comment {case, note}                    a remark in the trail
    re_drive {case | code, owner, system, txn, assignee, older_than_seconds; decision?, correction?, per_minute?}
    re_drive {turns: {case: instant}; decision?, correction?}   many, each at an instant that somebody has chosen
    discard {case, note}                    asks to give the flow up; the reason is needed
    approve_discard {case}, refuse_discard {case, note?}   by a second person

Every act names its `actor`; `note` is optional where it is not named above, `version` (of the case, as the person saw
it) everywhere. A `correction` may hold `mapping` {kind, key, value}, written before the flow goes on; all of it reaches
the flow with the answer to its question. Refusals are NoSuchCase (a KeyError) and Refused (a ValueError), with a
sentence that names who was first. WRONG_INPUT is all that is a person's mistake; anything else that escapes is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from domain.acts import Act, UnknownAct
from integration import casework
from integration.casework import Changed, Choice, NoSuchCase, Refused, is_free, named
from integration.exceptions import ExceptionCase, PlannedReDrive
from integration.journal.protocol import UNSTORABLE, Unstorable
from integration.live import Live
from integration.transaction import Transaction

if TYPE_CHECKING:
    from integration.engine import Engine

Told = Mapping[str, Any]
Rule = Callable[[ExceptionCase, str, int, Told], list[ExceptionCase]]
STEWARD = "steward"
"""Who acts when an act names nobody: the stewards of a rehearsal, who have no names."""

WRONG_INPUT = (Refused, NoSuchCase, UnknownAct, Unstorable)
"""What an act raises that a person may not, or cannot, want. Nothing was written."""

PLANNED_TOGETHER = 200
_CHOICES = tuple(Choice.__struct_fields__)


def acts() -> dict[str, Callable[[Engine, Act], None]]:
    """Return the table of acts: what each does to an engine."""
    return {
        "add_mapping": _map,
        "remove_mapping": _map,
        "re_drive": _re_drive,
        "discard": _change(_ask_to_discard, "ask_to_discard"),
        "approve_discard": _approve_discard,
        "refuse_discard": _change(_refuse_discard, "refuse_discard"),
        "take": _change(_take, "take"),
        "hand_over": _change(_hand_over, "hand_over"),
        "wait": _change(_wait, "wait"),
        "resume": _change(_resume, "resume"),
        "comment": _comment,
    }


# --- one case -------------------------------------------------------------------------------------------------------


def found(engine: Engine, told: Told) -> tuple[ExceptionCase, Live]:
    """Return the open case an act is about and its flow; the case is as the person saw it."""
    case = engine.desk.by_id(_needed(told, "case"))
    casework.require_version(case, _whole(told, "version"))
    return case, engine.lives[case.flow]


def _change(rule: Rule, action: str) -> Callable[[Engine, Act], None]:
    """Return an act that moves a case by a rule."""

    def changed(engine: Engine, act: Act) -> None:
        told = act.arguments
        case, live = found(engine, told)
        states = rule(case, _actor(told), engine.now_us, told)
        if not states:
            return
        tx = Transaction()
        engine.desk.write(states, engine.now_us, tx)
        said = {name: told[name] for name in ("to", "from") if told.get(name)}
        engine.note(tx, live, case=case.id, action=action, actor=_actor(told), note=_note(told), **said)
        engine.adoption.answer_in(tx)
        engine.commit(tx)
        if live.status == "parked":
            engine.parking.plan_escalation(live, states[-1])

    return changed


def _take(case: ExceptionCase, actor: str, at_us: int, told: Told) -> list[ExceptionCase]:
    return casework.taken(case, actor, at_us, str(told.get("from") or ""), _note(told))


def _hand_over(case: ExceptionCase, actor: str, at_us: int, told: Told) -> list[ExceptionCase]:
    return casework.handed_over(case, actor, str(told.get("to") or ""), at_us, _note(told))


def _wait(case: ExceptionCase, actor: str, at_us: int, told: Told) -> list[ExceptionCase]:
    return casework.paused(case, actor, at_us, _note(told))


def _resume(case: ExceptionCase, actor: str, at_us: int, told: Told) -> list[ExceptionCase]:
    return casework.continued(case, actor, at_us, _note(told))


def _ask_to_discard(case: ExceptionCase, actor: str, at_us: int, told: Told) -> list[ExceptionCase]:
    return casework.asked_to_discard(case, actor, at_us, _note(told))


def _refuse_discard(case: ExceptionCase, actor: str, at_us: int, told: Told) -> list[ExceptionCase]:
    return casework.refused_discard(case, actor, _note(told))


def _comment(engine: Engine, act: Act) -> None:
    case, live = found(engine, act.arguments)
    if not _note(act.arguments).strip():
        raise Refused("a comment needs a note: say in `note` what whoever looks at the case next should know")
    tx = Transaction()
    said = {"actor": named(_actor(act.arguments)), "note": _note(act.arguments)}
    engine.note(tx, live, case=case.id, action="comment", **said)
    engine.adoption.answer_in(tx)
    engine.commit(tx)


def _approve_discard(engine: Engine, act: Act) -> None:
    """Give a parked flow up for good, and let the next one of its entity run."""
    case, live = found(engine, act.arguments)
    actor, now_us = _actor(act.arguments), engine.now_us
    states = casework.approved(case, actor, now_us)
    if live.status != "parked":
        raise Refused(f"flow {case.flow} is {live.status}; only a parked flow can be discarded")
    tx = Transaction()
    engine.desk.write(states, now_us, tx)
    engine.desk.settle(case.flow, now_us, tx)
    note = states[-1].note
    engine.note(tx, live, case=case.id, action="discard", actor=actor, note=note, asked_by=_asked_by(case))
    tx.write.statuses.append((live.row.number, "discarded", b""))
    tx.records.append(engine.flow_record(live, "discarded", note))
    tx.after.append((engine.release, live))
    tx.after.append((partial(setattr, live, "status"), "discarded"))
    engine.adoption.answer_in(tx)
    engine.commit(tx)


def _asked_by(case: ExceptionCase) -> str:
    return case.discard.by if case.discard is not None else ""


# --- re-drives ------------------------------------------------------------------------------------------------------


def _re_drive(engine: Engine, act: Act) -> None:
    """Let one flow go on, or plan that many do, some at once and the others at an even pace."""
    told = act.arguments
    if told.get("case"):
        case, live = found(engine, told)
        wish = _wish(told, _whole(told, "at_us") or engine.now_us)
        if wish.at_us > engine.now_us:
            _plan(engine, [(case, wish)])
            return
        casework.re_driven(case, wish.by, wish.at_us, wish.note)  # what is refused changes no table
        _correct(engine, live, wish)
        engine.parking.drive(live, case, wish)
        return
    if told.get("turns"):
        _take_turns(engine, told)
        return
    choice = _choice(told)
    if act.txn and not choice.txn:
        choice = msgspec.structs.replace(choice, txn=act.txn)
    bulk(engine, choice, told)


def _take_turns(engine: Engine, told: Told) -> None:
    """Plan the re-drive of those cases of a list that are here and free; other workers plan the others."""
    actor, here = _actor(told), {case.id: case for case in engine.desk.cases()}
    if not isinstance(told["turns"], Mapping):
        raise Refused("turns are an object: the instant of each case, by its id")
    turns = [
        (case, _wish(told, _whole(told["turns"], case_id)))
        for case_id in told["turns"]
        if (case := here.get(case_id)) is not None and _is_ready(engine, case, actor)
    ]
    if turns:
        _correct(engine, None, turns[0][1])
    _plan(engine, turns)


def _is_ready(engine: Engine, case: ExceptionCase, actor: str) -> bool:
    return is_free(case, actor) and engine.lives[case.flow].status == "parked"


def bulk(engine: Engine, choice: Choice, told: Told) -> int:
    """Plan the re-drive of every open case that fits, that is meant and that nobody else has; return how many."""
    actor, settings = _actor(told), engine.settings
    fitting = casework.chosen(engine.desk.cases(), choice, engine.now_us)
    cases = [case for case in fitting if casework.is_meant(case, choice) and _is_ready(engine, case, actor)]
    pace = _whole(told, "per_minute") or settings.redrives_per_minute
    if cases:
        _correct(engine, None, _wish(told, engine.now_us))
    turns = casework.spread(cases, engine.now_us, pace, settings.redrives_at_once)
    _plan(engine, [(case, _wish(told, at_us)) for case, at_us in turns])
    return len(turns)


def _plan(engine: Engine, turns: list[tuple[ExceptionCase, PlannedReDrive]]) -> None:
    """Let those go whose turn it is, and write down when the others go; some hundred of them are one transaction.

    The line in the audit trail that names them all stands for the table of cases; each flow has its own when it goes.
    """
    now_us = engine.now_us
    for case, wish in turns:
        casework.re_driven(case, wish.by, wish.at_us, wish.note)
        if wish.at_us <= now_us:
            live = engine.lives[case.flow]
            engine.soon(engine.parking.drive_if_free, live, live.turn, case, wish)
    later = [(case, wish) for case, wish in turns if wish.at_us > now_us]
    for start in range(0, len(later), PLANNED_TOGETHER):
        _write_plan(engine, later[start : start + PLANNED_TOGETHER])


def _write_plan(engine: Engine, turns: list[tuple[ExceptionCase, PlannedReDrive]]) -> None:
    tx, first = Transaction(), turns[0][1]
    for case, wish in turns:
        engine.desk.write([msgspec.structs.replace(case, planned=wish)], engine.now_us, tx, quiet=True)
    said = {"actor": first.by, "decision": first.decision, "note": first.note, "at_us": first.at_us}
    engine.note(tx, None, action="plan_re_drive", cases=[case.id for case, _ in turns], **said)
    engine.commit(tx)
    for case, wish in turns:
        engine.parking.plan_drive(engine.lives[case.flow], wish)


def _wish(told: Told, at_us: int) -> PlannedReDrive:
    decision, correction = str(told.get("decision") or "retry"), told.get("correction") or {}
    if not isinstance(correction, Mapping):
        raise Refused("a correction is an object, such as {mapping: {kind, key, value}}")
    return PlannedReDrive(
        by=named(_actor(told)), at_us=at_us, decision=decision, note=_note(told), correction=dict(correction)
    )


def _correct(engine: Engine, live: Live | None, wish: PlannedReDrive) -> None:
    """Write the mapping of a correction: the flow looks it up when it goes on."""
    mapping = wish.correction.get("mapping")
    if mapping is None:
        return
    try:
        place, value = (str(mapping["kind"]), str(mapping["key"])), mapping["value"]
    except (KeyError, TypeError) as wrong:
        raise Refused("the mapping of a correction says kind, key and value") from wrong
    set_mapping(engine, live, place, value, wish.by)


# --- the cross-reference --------------------------------------------------------------------------------------------


def _map(engine: Engine, act: Act) -> None:
    told = act.arguments
    place, tx = (_needed(told, "kind"), _needed(told, "key")), Transaction()
    if act.action == "add_mapping" and told.get("value") is None:
        raise Refused("add_mapping says value: what the cross-reference is to hold")
    if "expected" in told:
        _expect(engine, place, told["expected"], tx)
    set_mapping(engine, None, place, told["value"] if act.action == "add_mapping" else None, _actor(told), tx)


def _expect(engine: Engine, place: tuple[str, str], expected: Any, tx: Transaction) -> None:
    """Raise Changed when another value stands; have the store compare once more when others write there as well."""
    standing = engine.mappings.get(place)
    if standing != expected:
        raise Changed(f"somebody else has changed {place[0]} {place[1]}: look at it again before you write it")
    if engine.lease.is_shared:
        tx.write.expected[place] = None if standing is None else msgspec.msgpack.encode(standing)


def set_mapping(
    engine: Engine, live: Live | None, place: tuple[str, str], value: Any, actor: str, tx: Transaction | None = None
) -> None:
    """Write one line of the cross-reference, or remove it (None); what else is to be written is in the transaction."""
    tx = tx or Transaction()
    try:
        tx.write.mappings.append((*place, None if value is None else msgspec.msgpack.encode(value)))
    except UNSTORABLE as error:
        raise Refused(f"the cross-reference cannot hold this: {error}") from error
    engine.note(tx, live, action="map", kind=place[0], key=place[1], value=value, actor=actor)
    engine.commit(tx)
    if value is None:
        engine.mappings.pop(place, None)
    else:
        engine.mappings[place] = value


def _needed(told: Told, name: str) -> str:
    if told.get(name) is None:
        raise Refused(f"the act has to say {name}")
    return str(told[name])


def _whole(told: Told, name: str) -> int:
    """Return a whole number that a person may give, 0 without one."""
    try:
        return int(told.get(name) or 0)
    except (TypeError, ValueError, OverflowError) as wrong:
        raise Refused(f"{name} is {told[name]!r}; expected a whole number") from wrong


def _choice(told: Told) -> Choice:
    try:
        return msgspec.convert({name: told[name] for name in _CHOICES if told.get(name)}, Choice, strict=False)
    except msgspec.ValidationError as wrong:
        raise Refused(f"these cases cannot be chosen: {wrong}") from wrong


def _actor(arguments: Told) -> str:
    return str(arguments.get("actor", STEWARD))


def _note(arguments: Told) -> str:
    return str(arguments.get("note") or "")
