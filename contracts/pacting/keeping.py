"""Verifications kept: what a provider holds, as the matrix remembers it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from contracts.compatibility.documents import Unusable
from contracts.matrix.store import Store, Verification, sha_of
from contracts.pacting.verification import Provider, Verified, verify

MAIN = ("", "main", "master")
"""Branches whose newest pacts must hold; a version without a branch counts as of the main one."""


class Wanted(msgspec.Struct, frozen=True):
    """A content that a provider must hold, and its file; what is work in progress is tried, and told apart."""

    path: Path
    sha: str
    wip: bool = False


def wanted(store: Store, provider: str) -> list[Wanted]:
    """Return what a provider has to hold: the pacts as they are now, and those of versions that are deployed or newest.

    The newest version of a branch other than the main one is work in progress, unless it is deployed.
    """
    found: dict[str, Wanted] = {}
    for path, pact in store.current():
        if pact.get("provider", {}).get("name") == provider:
            found[sha_of(pact)] = Wanted(path, sha_of(pact))
    deployed = {
        (who, number) for each in store.environments() for who, all_ in each.deployed.items() for number in all_
    }
    newest: set[tuple[str, str]] = set()
    for version in reversed(store.versions()):
        is_newest = (version.participant, version.branch) not in newest
        newest.add((version.participant, version.branch))
        is_deployed = (version.participant, version.number) in deployed
        for content in version.pacts if is_newest or is_deployed else ():
            if content.provider == provider and (content.sha not in found or found[content.sha].wip):
                wip = not is_deployed and version.branch not in MAIN
                found[content.sha] = Wanted(store.folder / "contents" / f"{content.sha}.json", content.sha, wip)
    return list(found.values())


def recorded(store: Store, asked: Provider, version: str, branch: str) -> list[Verification]:
    """Verify a provider against its pacts in the store, the mock of its name without an address; note and return it."""
    own = wanted(store, asked.name)
    if not own:
        raise Unusable(f"{store.folder}: no pact is with {asked.name}; nothing would be verified.")
    found = []
    for each in own:
        kept = verification_of(each.sha, version, branch, _verified(each.path, asked), wip=each.wip)
        store.record(kept)
        found.append(kept)
    store.note_version(asked.name, version, branch)
    return found


def _verified(path: Path, asked: Provider) -> list[Verified]:
    if asked.url:
        return verify(asked, [path])
    from contracts.pacting.of_mocks import of_mocks

    return of_mocks([path])


def verification_of(
    sha: str, version: str, branch: str, verified: Sequence[Verified], *, wip: bool = False
) -> Verification:
    """Return what the matrix keeps of a verification; what is pending fails apart."""
    failed = [each for each in verified if not each.held]
    first = verified[0]
    required = tuple(each.description for each in failed if not each.pending)
    return Verification(
        sha=sha, consumer=first.consumer, provider=first.provider, version=version, success=not required, branch=branch,
        interactions=len(verified), failed=required,
        pending_failed=tuple(each.description for each in failed if each.pending), wip=wip,
    )  # fmt: skip
