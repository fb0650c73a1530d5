"""One run of Schemathesis over one document; its failures as findings at the operation's place in the document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from contracts.compatibility.documents import Document, escaped
from contracts.findings import Finding, Progress, Rule
from contracts.fuzzing import checks
from contracts.fuzzing.documents import keyed
from contracts.fuzzing.reaching import answers, brought_back
from contracts.fuzzing.refusals import SHAPES
from contracts.fuzzing.settings import OURS, THEIRS, Service, Settings, Unusable

_SENTENCES = {
    "idempotent_replay": "a repetition under one key answers the same and changes nothing more",
    "money_exact": "amounts are exact decimals",
    "refusal_changes_nothing": "a refused request changes nothing",
    "refusal_shape": "a refusal has the shape of the service's dialect and repeats its status rightly",
    "final_state_kept": "what is void or cancelled stays so, and another transition of it fails in order",
    "transition_repeated": "a transition that is asked for twice fails in order or changes nothing",
    "not_a_server_error": "no request makes the service fail",
    "status_code_conformance": "a status is one that the document names",
    "content_type_conformance": "a media type is one that the document names",
    "response_schema_conformance": "an answer, refusals included, is as the document says",
    "response_headers_conformance": "headers are as the document says",
    "use_after_free": "what was deleted is gone",
    "ensure_resource_availability": "what was made is there",
    "ignored_auth": "who does not sign in gets nothing",
    "missing_required_header": "a request without a required header is refused",
    "unsupported_method": "a method that the document does not name is refused with 405",
    "allow_header_conformance": "the header Allow names the methods of the document",
    "negative_data_rejection": "a request that breaks the schema is refused",
    "positive_data_acceptance": "a request that keeps to the schema is taken",
}
_WHY_THEIRS = "A client can only rely on what the document says."
_WHY_OURS = "Business asks for it, and no schema can say it."
RULES: dict[str, Rule] = {
    name: Rule(
        id=f"FUZZ-{name.replace('_', '-').upper()}", sentence=_SENTENCES[name],
        source="" if name in OURS else "Schemathesis",
        why=_WHY_THEIRS if name in THEIRS else _WHY_OURS,
    )
    for name in (*OURS, *THEIRS)
}  # fmt: skip


class Fuzzed(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did: cases that were sent, operations that were reached, what failed, and what stopped it."""

    cases: int
    operations: tuple[str, ...]
    findings: tuple[Finding, ...]
    trouble: str = ""


def fuzz(document: Document, file: Path, service: Service, settings: Settings, progress: Progress) -> Fuzzed:
    """Run Schemathesis over a document; raise Unusable when it cannot begin."""
    from schemathesis import engine

    from contracts.fuzzing.schema import schema_of

    _known(settings)
    if service.url:
        answers(service.url, settings)
    schema = schema_of(document, file, service, settings)
    run = checks.Run(
        key_header=settings.key_header, keyed=keyed(document, settings.key_header), changes=service.changes,
        shape=SHAPES.get(settings.refusals), final_states=settings.final_states,
        coverage_cases=settings.coverage_cases, seed=settings.seed, name=settings.run_name,
    )  # fmt: skip
    checks.enter(schema, run)
    try:
        found = _gathered(engine.from_schema(schema).execute(), document, settings, progress)
    finally:
        checks.leave(schema)
    if found.cases and not found.findings and not any(status < 400 for status in run.statuses):
        return msgspec.structs.replace(found, trouble=found.trouble or _refused(service, run))
    return found


def _refused(service: Service, run: checks.Run) -> str:
    told = ", ".join(f"{times} times {status}" for status, times in run.statuses.most_common(4))
    where = service.url or service.shown or "the service"
    return (
        f"{where} took none of the requests ({told}), so that next to nothing was tried: "
        "are the credentials right, and does the address include the base path?"
    )


def _known(settings: Settings) -> None:
    named = (*settings.checks, *(name.partition("@")[0] for name in settings.expected_statuses))
    if unknown := [name for name in named if name not in RULES]:
        raise Unusable(f"unknown checks {', '.join(unknown)}; known are {', '.join(RULES)}.")
    if settings.refusals and settings.refusals not in SHAPES:
        raise Unusable(f"unknown shape of refusals {settings.refusals!r}; known are {', '.join(SHAPES)}.")


def _gathered(stream: Any, document: Document, settings: Settings, progress: Progress) -> Fuzzed:
    from schemathesis.engine import events

    cases = 0
    reached: set[str] = set()
    troubles: list[str] = []
    findings: dict[tuple[str, str, str], Finding] = {}
    for event in stream:
        if isinstance(event, events.ScenarioFinished):
            cases += len(event.recorder.interactions)
            progress(cases, 0)
            reached.update(node.value.operation.label for node in event.recorder.cases.values())
            for finding in _failures(event.recorder, document, settings):
                findings.setdefault((finding.rule, finding.subject, finding.detail), finding)
        elif isinstance(event, events.PhaseStarted) and settings.reset is not None:
            brought_back(settings.reset, settings.timeout_seconds)
        elif isinstance(event, events.FatalError):
            troubles.append(f"{type(event.exception).__name__}: {event.exception}")
        elif isinstance(event, events.NonFatalError):
            troubles.append(f"{_where(document, event.label)}: {event.info.title}: {event.value}")
    return Fuzzed(
        cases=cases, operations=tuple(sorted(reached)), findings=tuple(findings.values()),
        trouble=" ".join("; ".join(dict.fromkeys(troubles)).split())[:500],
    )  # fmt: skip


def _where(document: Document, label: str) -> str:
    """Return an operation with its place in the document; other labels as they are."""
    method, _, path = label.partition(" ")
    if path not in document.tree["paths"]:
        return f"{document.name}: {label}"
    return f"{document.place(_pointer(path, method))}: {label}"


def _pointer(path: str, method: str) -> str:
    return f"/paths/{escaped(path)}/{method.lower()}"


def _failures(recorder: Any, document: Document, settings: Settings) -> Iterator[Finding]:
    for case_id, nodes in recorder.checks.items():
        for node in nodes:
            if node.failure_info is not None:
                yield _finding(node, recorder.cases[case_id].value, document, settings)


def _finding(node: Any, case: Any, document: Document, settings: Settings) -> Finding:
    failure, name = node.failure_info.failure, _name(node.name)
    rule = RULES[name]
    said = " ".join(failure.message.split())[:400]
    return Finding(
        rule=rule.id, severity="error", subject=f"{case.operation.method.upper()} {case.operation.path}",
        message=f"{failure.title}: {said}. Expected: {rule.sentence}. Mend the service or its document.",
        place=document.place(_pointer(case.operation.path, case.operation.method)),
        evidence=(_without_secrets(node.failure_info.code_sample, settings)[:600],), detail=failure.title,
    )  # fmt: skip


def _without_secrets(text: str, settings: Settings) -> str:
    """Return a request without the values of headers that were configured: reports are read by many."""
    for name, value in settings.headers.items():
        if value:
            text = text.replace(value, f"${name.upper().replace('-', '_')}")
    return text


def _name(name: str) -> str:
    return name if name in RULES else "not_a_server_error"
