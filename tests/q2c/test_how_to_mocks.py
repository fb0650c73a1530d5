"""The how-to page about testing against the mocks: every snippet on it is run as it stands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from q2c.testing import Mocks, served

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "test-against-the-mocks.md"
_FENCE = re.compile(r"^```(\w+) (test|script)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SNIPPETS = _FENCE.findall(PAGE.read_text(encoding="utf-8"))


def snippets(language: str, use: str) -> list[str]:
    return [text for found, meant, text in SNIPPETS if (found, meant) == (language, use)]


@pytest.fixture(scope="module")
def mocks() -> Iterator[Mocks]:
    with served() as found:
        yield found


def run(mocks: Mocks, *command: str, text: str = "") -> str:
    environment = {"PATH": os.environ["PATH"], "NO_PROXY": "*", "no_proxy": "*", **mocks.env}
    done = subprocess.run(command, input=text, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_has_a_snippet_for_everybody() -> None:
    assert [(language, use) for language, use, _ in SNIPPETS] == [
        ("python", "test"), ("python", "test"), ("sh", "test"), ("python", "script"), ("javascript", "test"),
    ]  # fmt: skip


@pytest.mark.parametrize("snippet", snippets("python", "test"), ids=["story", "marker"])
def test_pytest_snippets_pass(snippet: str, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(snippet)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "q2c.pytest_plugin", "test_it.py"]
    environment = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PATH": ""}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="NOTHING WAS PROVED: curl is not installed")
def test_the_curl_snippet_runs(mocks: Mocks) -> None:
    (snippet,) = snippets("sh", "test")
    said = run(mocks, "sh", "-e", "-s", text=snippet)
    assert '"holds":true' in said
    assert said.count('"type":"api_error"') == 1
    assert said.count('"object":"customer"') == 1


def test_the_python_snippet_runs(mocks: Mocks) -> None:
    (snippet,) = snippets("python", "script")
    run(mocks, sys.executable, "-", text=snippet)


@pytest.mark.skipif(shutil.which("node") is None, reason="NOTHING WAS PROVED: node is not installed")
def test_the_node_snippet_runs(mocks: Mocks, tmp_path: Path) -> None:
    (snippet,) = snippets("javascript", "test")
    (tmp_path / "it.mjs").write_text(snippet)
    run(mocks, "node", str(tmp_path / "it.mjs"))
