"""An integration over HTTP as a consumer: what makes it read, what it can be seen to have made of it.

provider: http://127.0.0.1:9000        # the system whose answers are changed
listen: 9001                           # where the integration expects that system
operations:
  - {method: GET, path: "^/v1/orders"}   # which answers are changed; mutators are tried one by one
mutators: [unknown_field, tz_offset]   # empty: all that keep their meaning or must be refused
trigger: {method: POST, url: "http://127.0.0.1:8000/sync?run={unique}"}
probes:                                # what came of it; must be the same as with plain answers
  - {url: "http://127.0.0.1:8000/orders?run={unique}", pointer: /orders, leave_out: [updated_at]}
writes: true                           # what the provider was asked to change must be the same as well
nth: 2                                 # only from the second answer on
twice: true                            # the trigger once more (a webhook that comes twice) must change nothing
settle_seconds: 0.5                    # how long a probe must stay the same before it counts
patience_seconds: 20
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec

from contracts.conformance.target import Unusable, at_pointer, filled, headers_of, read_as
from contracts.findings import Finding, Place, Progress, Tally
from contracts.responses.mutators import BY_NAME, MUTATORS, Mutator
from contracts.responses.oracles import difference
from contracts.responses.peer import Peer, Rule
from contracts.responses.shapes import Manner
from contracts.responses.suite import RULES

_RULE_OF = {"preserving": "RESP-01", "carried": "RESP-02", "evolving": "RESP-03", "refusable": "RESP-04"}
TWICE = "triggered_twice"
_LOOK_SECONDS = 0.02


class Operation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers to a method (empty: any) at a path, a regular expression."""

    path: str
    method: str = ""


class Trigger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request that makes the integration read."""

    url: str
    method: str = "POST"
    body: dict[str, Any] = {}
    headers: dict[str, str] = {}


class Probe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request whose answer shows what came of it; members to leave out differ from run to run."""

    url: str
    pointer: str = ""
    leave_out: tuple[str, ...] = ()
    headers: dict[str, str] = {}


class ResponseTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The provider, the operations whose answers are changed, what makes the integration read, and the probes.

    With `writes` what the provider is asked to change counts as well; then probes may be missing.
    """

    provider: str
    operations: tuple[Operation, ...]
    trigger: Trigger
    probes: tuple[Probe, ...] = ()
    writes: bool = False
    twice: bool = False
    nth: int = 1
    listen: int = 0
    mutators: tuple[str, ...] = ()
    unordered: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    times: int = 1
    settle_seconds: float = 0.3
    patience_seconds: float = 20.0


def read_response_target(path: Path, url: str = "") -> ResponseTarget:
    """Return the target of a file; raise Unusable."""
    found = read_as(path, ResponseTarget)
    unknown = [name for name in found.mutators if name not in BY_NAME]
    if unknown:
        raise Unusable(f"{path}: unknown mutators {', '.join(unknown)}; known are {', '.join(BY_NAME)}.")
    if not found.operations or not (found.probes or found.writes):
        raise Unusable(f"{path}: name an operation, and a probe or `writes: true`; nothing would be seen otherwise.")
    if found.nth < 1 or found.times < 1:
        raise Unusable(f"{path}: `nth` and `times` count answers from 1.")
    return msgspec.structs.replace(found, provider=url) if url else found


class OverHttp:
    """The suite of an integration over HTTP."""

    def __init__(self, target: ResponseTarget, run_name: str, place: Place | None = None) -> None:
        self.name = f"responses of {target.provider}"
        self._target, self._run_name, self._place = target, run_name, place

    def run(self, progress: Progress) -> Tally:
        """Try every mutator; each with a word of its own in the place of {unique}."""
        manner = Manner(unordered=frozenset(self._target.unordered), never=frozenset(self._target.never))
        try:
            peer = Peer(self._target.provider, (), manner, self._target.listen)
        except OSError as error:
            return Tally(suite=self.name, checked=0, could_not_run=f"port {self._target.listen}: {error.strerror}.")
        peer.start()
        try:
            with httpx.Client(trust_env=False, timeout=self._target.patience_seconds) as client:
                return self._tried(peer, client, progress)
        except httpx.HTTPError as error:
            return Tally(suite=self.name, checked=0, could_not_run=f"the integration does not answer: {error}.")
        finally:
            peer.stop()

    def _tried(self, peer: Peer, client: httpx.Client, progress: Progress) -> Tally:
        status = self._trigger(client, "plain")
        if status >= 400:
            sentence = f"the trigger was answered {status}; it has to be taken when answers are plain."
            return Tally(suite=self.name, checked=0, could_not_run=sentence)
        before = self._outcome(peer, client, "plain", None)
        peer.follow(())
        if before == self._outcome_now(peer, client, "never-asked-for"):
            sentence = "the probes show the same with and without the trigger; nothing could be found out."
            return Tally(suite=self.name, checked=0, could_not_run=sentence)
        chosen, findings, passed, skipped = self._chosen(), [], [], []
        for number, mutator in enumerate(chosen, 1):
            peer.follow(self._rules(mutator))
            self._trigger(client, mutator.name)
            after = self._outcome(peer, client, mutator.name, before)
            progress(number, len(chosen))
            if not peer.struck:
                skipped.append((mutator.name, "no answer has anything to change"))
            elif after == before:
                passed.append(mutator.name)
            else:
                findings.append(self._finding(mutator, difference(before, after)))
        if self._target.twice:
            peer.follow(())
            self._trigger(client, TWICE)
            self._trigger(client, TWICE)
            after = self._outcome(peer, client, TWICE, before, must_stay=True)
            if after == before:
                passed.append(TWICE)
            else:
                findings.append(self._twice(difference(before, after)))
        return Tally(
            suite=self.name, checked=len(passed) + len(findings), findings=tuple(findings), passed=tuple(passed),
            skipped=tuple(skipped),
        )  # fmt: skip

    def _chosen(self) -> list[Mutator]:
        """Return the mutators after which the same must come about: trouble strikes once and is tried again."""
        named = self._target.mutators
        kinds = ("preserving", "refusable")
        return [each for each in MUTATORS if (each.name in named if named else each.kind in kinds)]

    def _rules(self, mutator: Mutator) -> Sequence[Rule]:
        times = self._target.times if mutator.kind == "refusable" else 0
        return [
            Rule(path=each.path, method=each.method, mutators=(mutator.name,), times=times, nth=self._target.nth)
            for each in self._target.operations
        ]

    def _trigger(self, client: httpx.Client, name: str) -> int:
        """Make the integration read and return its status.

        Who refuses tells trouble, and is asked again as its sender would: until the trouble of `times` answers is over.
        """
        trigger, words = self._target.trigger, {"unique": f"{self._run_name}-{name}"}
        body = json.dumps(filled(trigger.body, words)).encode() if trigger.body else b""
        headers = headers_of({"content-type": "application/json"}, trigger.headers)
        status = 0
        for _ in range(1 + self._target.times):
            reply = client.request(trigger.method, filled(trigger.url, words), content=body, headers=headers)
            status = reply.status_code
            if status < 400:
                break
        return status

    def _outcome(self, peer: Peer, client: httpx.Client, name: str, wanted: Any, must_stay: bool = False) -> Any:
        """Return what came of one run: what was wanted as soon as it is there, else what stays when time is up.

        With `must_stay` it must stay as it was wanted for a while: a second trigger may still be at work.
        """
        ends, last, since = time.monotonic() + self._target.patience_seconds, object(), time.monotonic()
        while time.monotonic() < ends:
            found = self._outcome_now(peer, client, name)
            if found == wanted and wanted is not None and not must_stay:
                return found
            if found != last:
                last, since = found, time.monotonic()
            elif self._has_settled(since) and _says(found) and (wanted is None or must_stay):
                return found
            time.sleep(_LOOK_SECONDS)
        return last

    def _has_settled(self, since: float) -> bool:
        return time.monotonic() - since >= self._target.settle_seconds

    def _outcome_now(self, peer: Peer, client: httpx.Client, name: str) -> Any:
        words = {"unique": f"{self._run_name}-{name}"}
        found = []
        for probe in self._target.probes:
            reply = client.get(filled(probe.url, words), headers=probe.headers)
            try:
                tree = reply.json() if reply.content else None
            except ValueError:
                tree = reply.text
            shown = _without(at_pointer(tree, probe.pointer), probe.leave_out)
            found.append(json.loads(json.dumps(shown).replace(words["unique"], "{unique}")))
        if self._target.writes:
            found.append(sorted(" ".join(each).replace(words["unique"], "{unique}") for each in peer.writes))
        return found

    def _twice(self, told: str) -> Finding:
        rule = RULES["RESP-06"]
        return Finding(
            rule=rule.id, severity="error", subject=f"{TWICE}@{self._target.provider}", place=self._place,
            message=f"the trigger came twice: something else came of it: {told}. {rule.sentence.capitalize()}.",
            detail=TWICE,
        )  # fmt: skip

    def _finding(self, mutator: Mutator, told: str) -> Finding:
        rule = RULES[_RULE_OF[mutator.kind]]
        return Finding(
            rule=rule.id, severity="error", subject=f"{mutator.name}@{self._target.provider}", place=self._place,
            message=f"{mutator.does}: something else came of it: {told}. {rule.sentence.capitalize()}.",
            detail=mutator.name,
        )  # fmt: skip


def _says(found: list[Any]) -> bool:
    return any(each not in (None, [], {}, 0) for each in found)


def _without(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {name: _without(inner, names) for name, inner in value.items() if name not in names}
    return [_without(inner, names) for inner in value] if isinstance(value, list) else value
