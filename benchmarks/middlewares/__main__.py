"""Judge published idempotency middlewares, each in an environment of its own: `python -m benchmarks.middlewares`.

    python -m benchmarks.middlewares --folder build/middlewares --write

Environments are made in the folder once and used again. A middleware that cannot be installed or started is said, and
the exit status is 5: a page that is silent about one must not be taken for praise. `--write` writes the explanation.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from benchmarks.middlewares.findings import DESIGN, MEANINGS, PAGE, PUBLISHED, Published
from contracts.conformance.profiles import profile
from contracts.conformance.suite import of_server
from contracts.conformance.target import Target
from contracts.findings import Finding, Tally

SHOP = Path(__file__).with_name("shop.py")
INSTALL_SECONDS = 300
EVIDENCE_LINES = 2
EVIDENCE_CHARACTERS = 110

RULES = "../reference/rules.md#promises-of-an-api-that-takes-idempotency-keys"


def installed(published: Published, folder: Path) -> Path:
    """Return the interpreter of a middleware's own environment, made when it is not there; raise OSError."""
    home = folder / published.name
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
    packages = [f"{published.name}=={published.version}", *published.besides, "fastapi", "uvicorn"]
    if subprocess.run(
        [python, "-c", f"import {published.module}, uvicorn"], capture_output=True, check=False
    ).returncode:
        done = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages],
            capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS,
        )  # fmt: skip
        if done.returncode:
            raise OSError((done.stderr.strip().splitlines() or ["pip said nothing"])[-1])
    return python


@contextmanager
def served(published: Published, python: Path) -> Iterator[str]:
    """Serve the shop around a middleware; yield its address."""
    with subprocess.Popen([python, SHOP, published.name], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            if not port:
                raise OSError(f"{published.name} does not start with these versions of its framework")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def judged(url: str) -> Tally:
    """Try every promise of the draft's profile on the shop."""
    target = {
        "url": url,
        "operation": {
            "path": "/orders",
            "body": {"customer": "C-1", "reference": "{unique}", "lines": [{"sku": "a", "quantity": 1}]},
            "change": {"lines": [{"sku": "a", "quantity": 2}]}, "spoil": {"lines": []},
        },
        "other": {"path": "/invoices", "body": {"order": "{id}"}},
        "count": {"path": "/orders?reference={unique}"},
        "tenants": [{"authorization": "Bearer a"}, {"authorization": "Bearer b"}],
        "fail_before": {"url": f"{url}/control/before"},
        "fail_after": {"url": f"{url}/control/after"},
    }  # fmt: skip
    return of_server(msgspec.convert(target, Target), profile("ietf-07"), "r").run(lambda *_: None)


def page(found: dict[str, Tally]) -> str:
    """Return the page of the explanation."""
    names = list(found)
    parts = [PAGE, "| promise | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    rules = sorted({finding.rule for tally in found.values() for finding in tally.findings})
    for rule in rules:
        marks = ["broken" if any(each.rule == rule for each in tally.findings) else "kept" for tally in found.values()]
        parts.append(f"| [{rule}]({RULES}) | " + " | ".join(marks) + " |")
    kept = [f"{tally.checked - len(tally.findings)} of {tally.checked}" for tally in found.values()]
    parts += ["| kept in all | " + " | ".join(kept) + " |", ""]
    for published in PUBLISHED:
        if published.name in found:
            parts += [f"## {published.name} {published.version}", "", published.about, ""]
            parts += [_told(published, finding) for finding in found[published.name].findings]
    return "\n".join([*parts, DESIGN])


def _told(published: Published, finding: Finding) -> str:
    meaning = published.meanings.get(finding.rule) or MEANINGS[finding.rule]
    shown = "\n".join(line[:EVIDENCE_CHARACTERS] for line in finding.evidence[-EVIDENCE_LINES:])
    return f"**{finding.rule}.** {meaning}\n\n```text\n{shown}\n```\n"


def main(argv: list[str] | None = None) -> int:
    """Judge all of them; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("build/middlewares"))
    parser.add_argument("--write", type=Path, nargs="?", const=Path("docs/explanation/published-idempotency.md"))
    chosen = parser.parse_args(argv)
    found: dict[str, Tally] = {}
    for published in PUBLISHED:
        try:
            with served(published, installed(published, chosen.folder)) as url:
                tally = judged(url)
            if tally.could_not_run:
                raise OSError(tally.could_not_run)
        except (OSError, subprocess.SubprocessError) as trouble:
            print(f"{published.name}: NOT JUDGED: {trouble}", file=sys.stderr)
            continue
        found[published.name] = tally
        broken = " ".join(finding.rule for finding in tally.findings)
        said = f"{tally.checked - len(tally.findings)} of {tally.checked} kept; broken: {broken}"
        print(f"{published.name} {published.version}: {said}", flush=True)
    if len(found) < len(PUBLISHED):
        return 5
    if chosen.write:
        chosen.write.write_text(page(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
