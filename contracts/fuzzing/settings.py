"""What is fuzzed: a document, where its service is, how to sign in, and how much is tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

PhaseName = Literal["examples", "coverage", "fuzzing", "stateful"]
PHASES: tuple[PhaseName, ...] = ("examples", "coverage", "fuzzing", "stateful")
OURS = (
    "idempotent_replay", "money_exact", "refusal_changes_nothing", "refusal_shape", "transition_repeated",
    "final_state_kept",
)  # fmt: skip
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
FINAL_STATES = ("void", "voided", "cancelled", "canceled")


class Unusable(Exception):
    """What is asked for cannot be fuzzed; the message says what was wrong and what was expected."""


class Hook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request that brings the service back to where it began: sent before every phase."""

    url: str
    method: str = "POST"
    headers: Mapping[str, str] = {}


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How to fuzz. `key_header` is where idempotency keys go (empty: the service knows none).

    `include` and `exclude` are parts of operations' names ("POST /orders"). `expected_statuses` are statuses, by check,
    that it does not complain about besides its own; by `check@POST /orders` for one operation. `refusals` names how the
    service refuses (`refusals.SHAPES`), `final_states` are words of statuses that nothing leaves again.

    `max_examples` bounds random requests of each operation and chains along links; `coverage_cases` thins out those
    that cover the schema (0: all of them; else about so many times the logarithm of all). The same seed makes the same
    requests. With `seconds`, random requests go on until that time is up. `run_name` stands in keys, so that those of
    an earlier run at the same address do not answer.
    """

    headers: Mapping[str, str] = {}
    key_header: str = ""
    max_examples: int = 10
    coverage_cases: int = 0
    seed: int = 1
    seconds: int = 0
    timeout_seconds: float = 30.0
    phases: tuple[PhaseName, ...] = PHASES
    checks: tuple[str, ...] = DEFAULT_CHECKS
    expected_statuses: Mapping[str, tuple[int, ...]] = {}
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    refusals: str = ""
    final_states: tuple[str, ...] = FINAL_STATES
    reset: Hook | None = None
    allow_remote: bool = False
    run_name: str = "1"


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """Where the service is: an address, or an ASGI application in this process.

    `changes` counts what happened to its state, when somebody can tell; it makes sharper checks possible. `shown` is
    what it is called in messages. An application may be mounted below a `base_path`.
    """

    url: str = ""
    base_path: str = ""
    application: Any = None
    changes: Callable[[], int] | None = None
    shown: str = ""
