"""What is fuzzed: a document, where its service is, how to sign in, and how long it may take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

PhaseName = Literal["examples", "coverage", "fuzzing", "stateful"]
PHASES: tuple[PhaseName, ...] = ("examples", "coverage", "fuzzing", "stateful")
OURS = ("idempotent_replay", "money_exact", "refusal_changes_nothing", "transition_repeated")
THEIRS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "response_headers_conformance", "use_after_free", "ensure_resource_availability", "ignored_auth",
    "missing_required_header", "unsupported_method", "allow_header_conformance", "negative_data_rejection",
    "positive_data_acceptance",
)  # fmt: skip
DEFAULT_CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "response_headers_conformance", *OURS,
)  # fmt: skip
"""Those that no honest service breaks. `positive_data_acceptance` and `negative_data_rejection` ask for statuses that
business rules and lenient vendors answer otherwise; name them when a document says all that a service asks for."""


class Unusable(Exception):
    """What is asked for cannot be fuzzed; the message says what was wrong and what was expected."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How to fuzz. `key_header` is where idempotency keys go (empty: the service knows none).

    `expected_statuses` are statuses, by check, that it does not complain about; `only` are parts of operations' names.
    `seconds` bounds the whole run (0: only the number of examples does).
    """

    headers: Mapping[str, str] = {}
    key_header: str = ""
    max_examples: int = 10
    seed: int = 1
    seconds: int = 0
    phases: tuple[PhaseName, ...] = PHASES
    checks: tuple[str, ...] = DEFAULT_CHECKS
    expected_statuses: Mapping[str, tuple[int, ...]] = {}
    only: tuple[str, ...] = ()


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """Where the service is: an address, or an ASGI application in this process.

    `changes` counts what happened to its state, when somebody can tell; it makes sharper checks possible.
    """

    url: str = ""
    application: Any = None
    changes: Callable[[], int] | None = None
