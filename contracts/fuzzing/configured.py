"""The table [[verify.fuzz]] of q2c.toml: a document and its service, or one of ours in this process.

[[verify.fuzz]]
document = "openapi.json"
url = "http://127.0.0.1:8000/api"              # with the base path; or: mock = "billing", mock = "integration"
headers = {Authorization = "Bearer ${TOKEN}"}  # ${NAME} comes from the environment
key_header = "idempotency-key"
refusals = "rfc9457"
include = ["/orders"]                          # parts of operations' names (METHOD /path)
exclude = ["POST /orders/import"]
max_examples = 20
expected_statuses = {positive_data_acceptance = [422], "not_a_server_error@GET /health" = [503]}
reset = {url = "http://127.0.0.1:8000/test/reset"}
"""

from __future__ import annotations

import secrets
from pathlib import Path

import msgspec

from contracts.conformance.target import Unusable as TargetUnusable
from contracts.conformance.target import with_environment
from contracts.findings import Suite
from contracts.fuzzing.refusals import SHAPES
from contracts.fuzzing.settings import DEFAULT_CHECKS, FINAL_STATES, PHASES, Hook, PhaseName, Settings, Unusable
from contracts.fuzzing.suite import at

INTEGRATION = "integration"


class Fuzz(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document and its service: an address, or `mock`, one of ours in process. The rest as in `Settings`."""

    document: str
    url: str = ""
    mock: str = ""
    headers: dict[str, str] = {}
    key_header: str = ""
    max_examples: int = 10
    coverage_cases: int = 0
    seed: int = 1
    seconds: int = 0
    timeout_seconds: float = 30.0
    phases: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    expected_statuses: dict[str, tuple[int, ...]] = {}
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    refusals: str = ""
    final_states: tuple[str, ...] = FINAL_STATES
    reset: Hook | None = None
    allow_remote: bool = False


def suites_of(each: Fuzz, root: Path) -> list[Suite]:
    """Return the suite of a table; paths are relative to `root`. Raise Unusable with the table and what is wrong."""
    document, where = root / each.document, f"[[verify.fuzz]] of {each.document}"
    if bool(each.url) == bool(each.mock):
        raise Unusable(f"{where}: say either `url`, the address of the service, or `mock`, one of ours.")
    if each.max_examples < 1 or each.coverage_cases < 0 or each.seconds < 0 or each.timeout_seconds <= 0:
        raise Unusable(f"{where}: max_examples and timeout_seconds must be above 0, the other numbers not below.")
    if each.refusals and each.refusals not in SHAPES:
        raise Unusable(f"{where}: unknown refusals {each.refusals!r}; known are {', '.join(SHAPES)}.")
    chosen = _settings(each, where)
    if each.mock == INTEGRATION:
        from contracts.fuzzing import node

        return [node.fuzzing(document, chosen, each.document)]
    if each.mock:
        from contracts.fuzzing import mocks

        return [mocks.fuzzing(each.mock, document, chosen, each.document)]
    return [at(document, each.url, chosen, each.document)]


def _settings(each: Fuzz, where: str) -> Settings:
    reset = each.reset
    try:
        headers = with_environment(dict(each.headers), Path(where))
        if reset is not None:
            reset = msgspec.structs.replace(reset, headers=with_environment(dict(reset.headers), Path(where)))
    except TargetUnusable as refusal:
        raise Unusable(str(refusal)) from None
    return Settings(
        headers=headers, key_header=each.key_header, max_examples=each.max_examples, seed=each.seed,
        coverage_cases=each.coverage_cases, seconds=each.seconds, timeout_seconds=each.timeout_seconds,
        phases=_phases(each, where), checks=each.checks or DEFAULT_CHECKS, expected_statuses=each.expected_statuses,
        include=each.include, exclude=each.exclude, refusals=each.refusals, final_states=each.final_states,
        reset=reset, allow_remote=each.allow_remote, run_name=secrets.token_hex(4) if each.url else "1",
    )  # fmt: skip


def _phases(each: Fuzz, where: str) -> tuple[PhaseName, ...]:
    unknown = [name for name in each.phases if name not in PHASES]
    if unknown:
        raise Unusable(f"{where}: unknown phases {', '.join(unknown)}; known are {', '.join(PHASES)}.")
    return tuple(name for name in PHASES if name in (each.phases or PHASES))
