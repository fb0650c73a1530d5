"""Logs: one structured line per event, as JSON or for a console, through one pipe that strikes out secrets.

Lines of other libraries (uvicorn, httpx, ours by `logging`) take the same way. Redaction is the last step, on the
rendered line: nothing that is added before it can slip past.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable
from typing import Any, TextIO
from urllib.parse import unquote

import structlog

from integration.observability.redaction import Redactor
from integration.service.configuration import Configuration

QUIET = {"httpx": logging.WARNING, "httpcore": logging.WARNING, "nats": logging.WARNING, "aiokafka": logging.WARNING}
"""Libraries that tell every request: what they know is in traces and metrics."""


def set_up(configuration: Configuration, stream: TextIO | None = None, *, as_json: bool | None = None) -> Redactor:
    """Send all logs of the process to a stream (standard error), each line redacted; return the redactor.

    JSON unless the stream is a terminal.
    """
    out = stream or sys.stderr
    redact = redactor_of(configuration)
    is_json = not out.isatty() if as_json is None else as_json
    handler = logging.StreamHandler(out)
    handler.setFormatter(_Formatter(redact, is_json))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(configuration.log_level.upper())
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(max(level, root.level))
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    return redact


def redactor_of(configuration: Configuration) -> Redactor:
    """Return the redactor of everything that a configuration keeps secret, now and after a rotation."""

    def secrets() -> Iterable[str]:
        for peer in configuration.peers.values():
            yield from peer.secret.values()
            yield from peer.webhook_secret.values()
        yield from configuration.signing_key.values()
        for address in (configuration.database, configuration.broker):
            password = _password(address)
            if password:
                yield from {password, unquote(password)}

    def users() -> Iterable[str]:
        for peer in configuration.peers.values():
            yield from (peer.user, peer.webhook_user)

    return Redactor(secrets, users)


def _password(address: str) -> str:
    """Return the password in a URL, empty without one."""
    before, _, _ = address.partition("://")[2].rpartition("@")
    return before.partition(":")[2]


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Renders a line, then redacts it: exceptions are part of the line by then."""

    def __init__(self, redact: Callable[[str], str], is_json: bool) -> None:
        renderers: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
        if is_json:
            renderers += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=repr)]
        else:
            plain = structlog.dev.plain_traceback
            renderers.append(structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain))
        super().__init__(foreign_pre_chain=[*_shared(), structlog.stdlib.ExtraAdder()], processors=renderers)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, without secrets."""
        return self._redact(super().format(record))
