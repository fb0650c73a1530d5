"""One run of Schemathesis over one document; its failures as findings at the operation's place in the document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from contracts.compatibility.positions import json_position
from contracts.findings import Finding, Place, Rule
from contracts.fuzzing import checks
from contracts.fuzzing.settings import OURS, PHASES, THEIRS, Service, Settings, Unusable

_SENTENCES = {
    "idempotent_replay": "a repetition under one key answers the same and changes nothing more",
    "money_exact": "amounts are exact decimals",
    "refusal_changes_nothing": "a refused request changes nothing",
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


def read_document(path: Path) -> tuple[dict[str, Any], str]:
    """Return a document and its text; raise Unusable."""
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix in (".yaml", ".yml"):
            import yaml

            tree = yaml.safe_load(text)
        else:
            tree = json.loads(text)
    except OSError as error:
        raise Unusable(f"{path}: cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise Unusable(f"{path}: neither JSON nor YAML: {error}") from None
    except Exception as error:  # PyYAML's errors share no base with the others
        raise Unusable(f"{path}: neither JSON nor YAML: {error}") from None
    if not isinstance(tree, dict) or not isinstance(tree.get("paths"), dict) or not tree["paths"]:
        raise Unusable(f"{path}: expected an OpenAPI document with paths.")
    return tree, text


def fuzz(document: dict[str, Any], text: str, place: str, service: Service, settings: Settings) -> Fuzzed:
    """Run Schemathesis over a document; raise Unusable when it cannot begin."""
    from schemathesis import engine

    _known(settings)
    schema = _schema(document, service, settings)
    checks.enter(schema, checks.Run(key_header=settings.key_header, changes=service.changes))
    try:
        return _gathered(engine.from_schema(schema).execute(), text, place)
    finally:
        checks.leave(schema)


def _known(settings: Settings) -> None:
    unknown = [name for name in (*settings.checks, *settings.expected_statuses) if name not in RULES]
    if unknown:
        raise Unusable(f"unknown checks {', '.join(unknown)}; known are {', '.join(RULES)}.")


def _schema(document: dict[str, Any], service: Service, settings: Settings) -> Any:
    import schemathesis
    from schemathesis.config import SchemathesisConfig

    checks._register()
    config = SchemathesisConfig.from_dict(_configuration(service, settings))
    schema: Any = schemathesis.openapi.from_dict(document, config=config)
    if service.application is not None:
        schema.app = _function(service.application)
    if settings.only:
        schema = schema.include(name_regex="|".join(re.escape(part) for part in settings.only))
    return schema


def _function(application: Any) -> Any:
    """Return an application as a function: Schemathesis takes an object that can be called for one of WSGI."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await application(scope, receive, send)

    return serve


def _configuration(service: Service, settings: Settings) -> dict[str, Any]:
    chosen: dict[str, Any] = {"enabled": False}
    for name in settings.checks:
        chosen[name] = {"enabled": True}
        if name in settings.expected_statuses:
            chosen[name]["expected-statuses"] = [str(status) for status in settings.expected_statuses[name]]
    found: dict[str, Any] = {
        "seed": settings.seed,
        "continue-on-failure": True,
        "workers": 1,
        "checks": chosen,
        "phases": {name: {"enabled": name in settings.phases} for name in PHASES},
        "generation": {"max-examples": settings.max_examples, "database": "none", "no-shrink": True},
        "headers": dict(settings.headers),
        "output": {"sanitization": {"enabled": False}},
        "base-url": service.url or "http://127.0.0.1",
    }
    if settings.seconds:
        found["max-time"] = settings.seconds
    return found


def _gathered(stream: Any, text: str, place: str) -> Fuzzed:
    from schemathesis.engine import events

    cases = 0
    reached: set[str] = set()
    troubles: list[str] = []
    findings: dict[tuple[str, str, str], Finding] = {}
    for event in stream:
        if isinstance(event, events.ScenarioFinished):
            cases += len(event.recorder.interactions)
            reached.update(node.value.operation.label for node in event.recorder.cases.values())
            for finding in _failures(event.recorder, text, place):
                findings.setdefault((finding.rule, finding.subject, finding.detail), finding)
        elif isinstance(event, events.FatalError):
            troubles.append(f"{type(event.exception).__name__}: {event.exception}")
        elif isinstance(event, events.NonFatalError):
            troubles.append(f"{event.label}: {event.info.title}: {event.value}")
    return Fuzzed(
        cases=cases, operations=tuple(sorted(reached)), findings=tuple(findings.values()),
        trouble="; ".join(dict.fromkeys(troubles))[:500],
    )  # fmt: skip


def _failures(recorder: Any, text: str, place: str) -> Iterator[Finding]:
    for case_id, nodes in recorder.checks.items():
        for node in nodes:
            if node.failure_info is None:
                continue
            case = recorder.cases[case_id].value
            yield _finding(node, case, text, place)


def _finding(node: Any, case: Any, text: str, place: str) -> Finding:
    failure, name = node.failure_info.failure, _name(node.name)
    rule = RULES[name]
    method, path = case.operation.method.lower(), case.operation.path
    line, column = json_position(text, ["paths", path, method])
    pointer = "/paths/" + path.replace("~", "~0").replace("/", "~1") + "/" + method
    said = " ".join(failure.message.split())[:400]
    return Finding(
        rule=rule.id, severity="error", subject=f"{method.upper()} {path}",
        message=f"{failure.title}: {said}. Expected: {rule.sentence}. Mend the service or its document.",
        place=Place(place, line, column, pointer), evidence=(node.failure_info.code_sample[:600],),
        detail=failure.title,
    )  # fmt: skip


def _name(name: str) -> str:
    return name if name in RULES else "not_a_server_error"
