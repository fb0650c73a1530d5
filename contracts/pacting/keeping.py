"""Verifications kept: what a provider holds, as the matrix remembers it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from contracts.compatibility.documents import Unusable
from contracts.matrix.store import Store, Verification, sha_of
from contracts.pacting.verification import Provider, Verified, verify


def recorded(store: Store, provider: str, version: str, url: str, states: str, branch: str) -> list[Verification]:
    """Verify a provider (or the mock of its name) against its pacts in the store; return what was noted."""
    own = [(path, pact) for path, pact in store.current() if pact.get("provider", {}).get("name") == provider]
    if not own:
        raise Unusable(f"{store.folder}/pacts: no pact is with {provider}; nothing would be verified.")
    found = []
    for path, pact in own:
        kept = verification_of(sha_of(pact), version, branch, _verified(path, provider, url, states))
        store.record(kept)
        found.append(kept)
    store.note_version(provider, version, branch)
    return found


def _verified(path: Path, provider: str, url: str, states: str) -> list[Verified]:
    if not url:
        from contracts.pacting.of_mocks import of_mocks

        return of_mocks([path])
    return verify(Provider(name=provider, url=url, states_url=states), [path])


def verification_of(sha: str, version: str, branch: str, verified: Sequence[Verified]) -> Verification:
    """Return what the matrix keeps of a verification; what is pending fails apart."""
    failed = [each for each in verified if not each.held]
    first = verified[0]
    required = tuple(each.description for each in failed if not each.pending)
    return Verification(
        sha=sha, consumer=first.consumer, provider=first.provider, version=version, success=not required, branch=branch,
        interactions=len(verified), failed=required,
        pending_failed=tuple(each.description for each in failed if each.pending),
    )  # fmt: skip
