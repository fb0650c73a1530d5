"""Runs of Pact's verifier in a process of their own: `python -m contracts.pacting.worker JOBS RESULTS`.

The verifier is a native library that writes to standard output as it likes, and importing `pact.match` replaces
`builtins.__import__`; neither shall happen in the process of `q2c verify`. The jobs are a file, the results are one.
One process does several jobs, as its start costs as much as thirty interactions.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec


class Broker(msgspec.Struct, frozen=True, kw_only=True):
    """Where pacts come from and results go to, in the protocol of the Pact Broker."""

    url: str
    branch: str = "main"
    publish_version: str = ""
    pending: bool = True
    work_in_progress_since: str = ""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to verify: a provider by its address, against files (or a broker), with states and headers.

    `messages` are the messages a provider can produce, by description: the body, its media type and its metadata.
    """

    provider: str
    url: str = ""
    files: tuple[str, ...] = ()
    states_url: str = ""
    headers: dict[str, str] = {}
    timeout_seconds: int = 30
    broker: Broker | None = None
    messages: dict[str, tuple[str, str, dict[str, str]]] = {}


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """What the verifier said: its own results as they are, and the error it raised."""

    results: dict[str, Any]
    error: str = ""


def work(job: Job) -> Results:
    """Verify; a failed verification is a result, not an exception."""
    os.environ["PACT_DO_NOT_TRACK"] = "true"
    from pact import Verifier

    host = str(urlsplit(job.url).hostname or "127.0.0.1")
    verifier = Verifier(job.provider, host=host)
    if job.url:
        verifier.add_transport(url=job.url)
    verifier.set_request_timeout(job.timeout_seconds * 1000)
    for name in job.files:
        verifier.add_source(Path(name))
    for name, value in job.headers.items():
        verifier.add_custom_header(name, value)
    if job.states_url:
        verifier.state_handler(job.states_url, teardown=False, body=True)
    if job.messages:
        verifier.message_handler({name: _message(*said) for name, said in job.messages.items()})
    if job.broker is not None:
        _connect(verifier, job.broker)
    try:
        verifier.verify()
    except RuntimeError as error:
        return Results(results=dict(verifier.results), error=str(error))
    return Results(results=dict(verifier.results))


def _message(body: str, media: str, metadata: dict[str, str]) -> Any:
    return {"contents": body.encode(), "content_type": media, "metadata": metadata}


def _connect(verifier: Any, broker: Broker) -> None:
    source = verifier.broker_source(broker.url, selector=True).provider_branch(broker.branch)
    source = source.consumer_version(main_branch=True)
    if broker.pending:
        source = source.include_pending()
    if broker.work_in_progress_since:
        source = source.include_wip_since(broker.work_in_progress_since)
    source.build()
    if broker.publish_version:
        verifier.set_publish_options(version=broker.publish_version, branch=broker.branch)


def main() -> None:
    """Read jobs, do them one after another, write their results."""
    jobs = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=list[Job])
    Path(sys.argv[2]).write_bytes(msgspec.json.encode([work(job) for job in jobs]))


if __name__ == "__main__":
    main()
