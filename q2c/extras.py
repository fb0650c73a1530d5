"""Extras: what is installed only on demand, and the line that says what a command lacks."""

from __future__ import annotations

from importlib.util import find_spec

from q2c import exits
from q2c.trouble import give_up

EXTRAS = {
    "fastapi": "integration", "httpx": "verify", "prometheus_client": "integration",
    "structlog": "integration", "cryptography": "mocks", "httptools": "mocks", "starlette": "mocks", "uvicorn": "mocks",
    "uvloop": "mocks", "psycopg": "postgres", "faststream": "events", "opentelemetry": "observability",
    "h11": "verify", "jsonschema_rs": "verify", "pact": "verify", "schemathesis": "verify",
    "SALib": "whatif", "numpy": "whatif", "optuna": "whatif", "scipy": "whatif", "distributed": "cluster",
    "hdrh": "load", "locust": "load",
}  # fmt: skip
"""The extra of this package that brings a package which is not there."""


def require(extra: str) -> None:
    """End the command when a package of an extra is not there, before anything is played or written."""
    for package in (package for package, brings in EXTRAS.items() if brings == extra):
        if find_spec(package) is None:
            give_up(lacks(package), exits.COULD_NOT_RUN)


def lacks(package: str) -> str:
    """Return the sentence about a package that is not there."""
    return f"{package} is not installed; this command needs: pip install 'q2c-harness[{EXTRAS[package]}]'"


def missing(error: ModuleNotFoundError) -> str:
    """Return the package of an extra whose absence an error is about; raise it again when that is a mistake of ours."""
    package = (error.name or "").partition(".")[0]
    if package not in EXTRAS:
        raise error
    return package
