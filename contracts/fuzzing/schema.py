"""What Schemathesis is told: its configuration, the operations that are fuzzed, and where their service is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contracts.compatibility.documents import Document
from contracts.fuzzing import checks
from contracts.fuzzing.documents import is_chosen
from contracts.fuzzing.settings import PHASES, Service, Settings

_TAKEN = {
    "not_a_server_error": ("2xx", "3xx", "4xx"),
    "positive_data_acceptance": ("2xx", "3xx", "401", "403", "404", "409", "429", "5xx"),
    "negative_data_rejection": ("400", "401", "403", "404", "405", "406", "409", "415", "422", "428", "429", "5xx"),
    "missing_required_header": ("400", "401", "403", "406", "415", "422"),
}  # fmt: skip
"""The statuses that each check takes by itself."""
_AT = "@"


def schema_of(document: Document, file: Path, service: Service, settings: Settings) -> Any:
    """Return a document as Schemathesis knows it, limited to the operations that are chosen."""
    import schemathesis
    from schemathesis.config import SchemathesisConfig

    checks.register()
    config = SchemathesisConfig.from_dict(configuration(service, settings))
    schema: Any = schemathesis.openapi.from_dict(document.tree, config=config)
    schema.location = file.resolve().as_uri()  # references to files beside it are relative to this
    if service.application is not None:
        schema.app = _function(service.application)
    if settings.include or settings.exclude:
        return schema.include(lambda context: is_chosen(context.operation.label, settings))
    return schema


def _function(application: Any) -> Any:
    """Return an application as a function: Schemathesis takes an object that can be called for one of WSGI."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await application(scope, receive, send)

    return serve


def configuration(service: Service, settings: Settings) -> dict[str, Any]:
    """Return the configuration of a run: one worker, no memory of other runs, no shrinking, keys shown as they are."""
    phases: dict[str, Any] = {name: {"enabled": name in settings.phases} for name in PHASES}
    if "unsupported_method" not in settings.checks:
        phases["coverage"]["unexpected-methods"] = []
    found: dict[str, Any] = {
        "seed": settings.seed,
        "continue-on-failure": True,
        "workers": 1,
        "request-timeout": settings.timeout_seconds,
        "checks": _checks(settings),
        "phases": phases,
        "generation": {"max-examples": settings.max_examples, "database": "none", "no-shrink": True},
        "headers": dict(settings.headers),
        "output": {"sanitization": {"enabled": False}},
        "base-url": service.url or f"http://127.0.0.1{service.base_path}",
        "warnings": False,
    }
    if operations := _operations(settings):
        found["operations"] = operations
    if settings.seconds:
        found["max-time"] = settings.seconds
    return found


def _checks(settings: Settings) -> dict[str, Any]:
    found: dict[str, Any] = {"enabled": False}
    for name in settings.checks:
        found[name] = {"enabled": True, **_expected(name, settings.expected_statuses.get(name, ()))}
    return found


def _expected(name: str, more: tuple[int, ...]) -> dict[str, Any]:
    return {"expected-statuses": [*_TAKEN.get(name, ()), *map(str, more)]} if more else {}


def _operations(settings: Settings) -> list[dict[str, Any]]:
    """Return what holds for single operations: statuses that a check takes of them."""
    by_name: dict[str, dict[str, Any]] = {}
    for told, statuses in settings.expected_statuses.items():
        check, _, operation = told.partition(_AT)
        if operation:
            by_name.setdefault(operation, {})[check] = {"enabled": True, **_expected(check, statuses)}
    return [{"include-name": name, "checks": chosen} for name, chosen in by_name.items()]
