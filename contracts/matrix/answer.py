"""can-i-deploy: a version of a participant against what is deployed in an environment.

For every partner: is there a successful verification between this version and the partner's deployed version? Unknown
is no. What failed as pending or as work in progress is told apart; it does not make the answer yes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from contracts.matrix.store import Content, Store, Version

Word = Literal["yes", "no", "unknown"]
MAIN_BRANCHES = ("main", "master")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One integration: a version of a consumer and one of a provider (empty: none is deployed), and what is known."""

    consumer: str
    consumer_version: str
    provider: str
    provider_version: str
    sha: str
    verified: Word
    failed: tuple[str, ...] = ()
    pending_failed: tuple[str, ...] = ()
    wip: bool = False

    @property
    def reason(self) -> str:
        """Why the row is as it is, in a sentence."""
        pair = (
            f"{self.consumer} {self.consumer_version} with {self.provider} {self.provider_version or '(not deployed)'}"
        )
        if self.verified == "yes":
            return f"{pair}: verified"
        if not self.provider_version:
            return f"{pair}: no version of {self.provider} is deployed there; deploy it first"
        if self.verified == "unknown":
            return f"{pair}: nobody has verified it; run the provider's verification"
        said = ", ".join((*self.failed, *(f"{each} (pending)" for each in self.pending_failed))[:5])
        return f"{pair}: {said or 'the verification failed'}"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """May it be deployed: only if every row is verified."""

    participant: str
    version: str
    environment: str
    rows: tuple[Row, ...]
    known: bool

    @property
    def word(self) -> Word:
        """The answer in a word; unknown counts as no wherever a yes is needed."""
        if not self.known:
            return "unknown"
        found = {row.verified for row in self.rows}
        return "no" if "no" in found else "unknown" if "unknown" in found else "yes"

    @property
    def reason(self) -> str:
        """The answer in a sentence."""
        if not self.known:
            return (
                f"Nothing is known of {self.participant} {self.version}: publish its pacts, or record its verification."
            )
        if self.word == "yes":
            return "All required verification results are published and successful."
        return " ".join(f"{row.reason}." for row in self.rows if row.verified != "yes")


def can_i_deploy(store: Store, participant: str, version: str, environment: str) -> Answer:
    """Answer whether a version may go to an environment."""
    deployed = store.environment(environment)
    return _answered(store, participant, version, environment, deployed.deployed if deployed else {})


def can_i_merge(store: Store, participant: str, version: str) -> Answer:
    """Answer whether a version fits the newest version of every partner's main branch."""
    newest = {each.participant: (each.number,) for each in store.versions() if each.branch in MAIN_BRANCHES}
    return _answered(store, participant, version, "the main branches", newest)


def _answered(
    store: Store, participant: str, version: str, environment: str, there: Mapping[str, tuple[str, ...]]
) -> Answer:
    known = store.version(participant, version)
    rows: list[Row] = []
    if known is not None:
        rows.extend(_as_consumer(store, known, there))
    rows.extend(_as_provider(store, participant, version, there))
    is_known = known is not None or any(row.verified != "unknown" for row in rows)
    return Answer(participant=participant, version=version, environment=environment, rows=tuple(rows), known=is_known)


def _as_consumer(store: Store, known: Version, there: Mapping[str, tuple[str, ...]]) -> Iterator[Row]:
    for content in known.pacts:
        for provider_version in there.get(content.provider, ("",)):
            yield row(store, content, known.number, provider_version)


def _as_provider(store: Store, participant: str, version: str, there: Mapping[str, tuple[str, ...]]) -> Iterator[Row]:
    for consumer, numbers in there.items():
        for number in numbers:
            deployed = store.version(consumer, number)
            for content in deployed.pacts if deployed else ():
                if content.provider == participant:
                    yield row(store, content, number, version)


def row(store: Store, content: Content, consumer_version: str, provider_version: str) -> Row:
    """Return what is known of a content and a version of its provider."""
    found = store.verification(content.sha, content.provider, provider_version) if provider_version else None
    return Row(
        consumer=content.consumer, consumer_version=consumer_version, provider=content.provider,
        provider_version=provider_version, sha=content.sha,
        verified="unknown" if found is None else "yes" if found.success and not found.pending_failed else "no",
        failed=found.failed if found else (), pending_failed=found.pending_failed if found else (),
        wip=bool(found and found.wip),
    )  # fmt: skip
