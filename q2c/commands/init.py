"""`q2c init`: a first q2c.toml from what is there; it asks nothing that it can find out."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import click
import yaml

from q2c import exits
from q2c.trouble import give_up
from web.words import counted

_SKIPPED = {".git", ".venv", "venv", "node_modules", "build", "dist", ".tox", "__pycache__", "target"}
_SUFFIXES = (".json", ".yaml", ".yml")
_BYTES_MAX = 30_000_000
_HEAD = """# What `q2c verify` keeps. Every table is optional; docs/how-to/verify-in-ci.md explains them.

[verify]
baseline = "contracts/accepted.toml"
"""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--print", "only_print", is_flag=True, help="Show it, write nothing.")
def init(folder: Path, only_print: bool) -> None:
    """Write a q2c.toml for the project in FOLDER: its API documents and pacts, and what they are compared with."""
    target = folder / "q2c.toml"
    if target.exists() and not only_print:
        give_up(f"{target} exists. {_advice(target)}")
    documents, pacts = _found(folder)
    if not documents and not pacts:
        give_up(
            f"{folder.resolve()} holds neither an OpenAPI 3 or AsyncAPI 3 document nor a pact, at any depth. Go to the "
            "root of your project, or say its folder: q2c init FOLDER. If a framework makes your document, let it "
            "write it to a file first. What tools make (build, dist, node_modules, target) is not looked through."
        )
    text = _written(folder, documents, pacts)
    if only_print:
        click.echo(text, nl=False)
        return
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        give_up(f"cannot write {target}: {error.strerror}.", exits.COULD_NOT_RUN)
    click.echo(f"{target}: {counted(len(documents), 'API document')}, {counted(len(pacts), 'pact')}. Next: q2c verify")


def _advice(target: Path) -> str:
    """Return what to do with a file that is there already."""
    if "[verify]" in target.read_text(encoding="utf-8", errors="replace"):
        return "It has a table [verify]. Next: q2c verify. To begin anew, remove it first."
    return "Add a table [verify] to it (q2c init --print shows one), or remove it first."


def _found(folder: Path) -> tuple[list[Path], list[Path]]:
    documents, pacts = [], []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if _SKIPPED & set(relative.parts) or path.suffix not in _SUFFIXES or not path.is_file():
            continue
        kind = _kind_of(path)
        if kind == "document":
            documents.append(relative)
        elif kind == "pact":
            pacts.append(relative)
    return documents, pacts


def _kind_of(path: Path) -> str:
    """Tell what a file is by its first level; most files are nothing of ours."""
    try:
        if path.stat().st_size > _BYTES_MAX:
            return ""
        text = path.read_text(encoding="utf-8-sig")
        if not any(word in text for word in ("openapi", "asyncapi", "interactions")):
            return ""
        tree = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=yaml.CSafeLoader)
    except (OSError, ValueError, yaml.YAMLError):
        return ""
    if not isinstance(tree, dict):
        return ""
    if str(tree.get("openapi", "")).startswith("3.") or str(tree.get("asyncapi", "")).startswith("3."):
        return "document"
    return "pact" if {"consumer", "provider", "interactions"} <= tree.keys() else ""


def _written(folder: Path, documents: list[Path], pacts: list[Path]) -> str:
    parts = [_HEAD]
    revision = _main_branch(folder)
    note = "# In CI: git:origin/main. HEAD compares a commit with itself.\n" if revision == "HEAD" else ""
    for document in documents:
        own = f'pacts = "{pacts[0].parent.as_posix()}"\n' if pacts and len(documents) == 1 else ""
        parts.append(f'[[verify.compatibility]]\n{note}old = "git:{revision}"\nnew = "{document.as_posix()}"\n{own}')
    if len(documents) == 1:
        for parent in sorted({pact.parent.as_posix() for pact in pacts}):
            parts.append(f'[[verify.pacts]]\npacts = "{parent}"\ndocument = "{documents[0].as_posix()}"\n')
    parts.append(
        "# Promises that make retries safe; docs/how-to/test-idempotency.md shows a target file.\n"
        '# [[verify.server]]\n# target = "contracts/targets/orders.yaml"\n# profile = "ietf-07"\n'
    )
    return "\n".join(parts)


def _main_branch(folder: Path) -> str:
    """Return what pull requests are compared with: the remote's main branch, ours, or what is committed."""
    asked = (
        ["symbolic-ref", "--short", "refs/remotes/origin/HEAD"],
        ["rev-parse", "--abbrev-ref", "--verify", "main"],
        ["rev-parse", "--abbrev-ref", "--verify", "master"],
    )
    for arguments in asked:
        try:
            found = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
        except OSError:
            break
        if found.returncode == 0 and found.stdout.strip():
            return found.stdout.strip()
    return "HEAD"
