"""The official Python client's own tests, from its source distribution, run against the engine through the proxy."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

from mocks.doors.serving import Running
from tests.sdk.conftest import BUILD, python_environment

VERSION = "26.10.0"
WANTED = 65
FIXTURES = Path(__file__).with_name("suite_fixtures.py")


def suite(python: Path, folder: Path) -> Path:
    """Return the source distribution of the client unpacked in a folder; skip loudly when it cannot be had."""
    archive = BUILD / f"avalara-{VERSION}.tar.gz"
    if not archive.exists():
        command = [str(python), "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        wanted = ["--no-build-isolation", "--dest", str(BUILD), f"avalara=={VERSION}"]
        try:
            subprocess.run([*command, *wanted], check=True, capture_output=True, timeout=300)
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"NOTHING WAS PROVED: the source of avalara {VERSION} could not be fetched: {error}")
    with tarfile.open(archive) as found:
        found.extractall(folder, filter="data")
    shutil.copy(FIXTURES, folder / f"avalara-{VERSION}" / "tests" / "conftest.py")
    return folder / f"avalara-{VERSION}"


def test_the_clients_own_tests_pass(
    doors: Running, environment: dict[str, str], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    python = python_environment("avatax-suite", "requests", "pytest", "setuptools", "wheel")
    folder, report = suite(python, tmp_path), tmp_path / "report.xml"
    through = {"HTTPS_PROXY": doors["proxy"], "REQUESTS_CA_BUNDLE": str(doors.ca_bundle)}
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", "tests"]
    done = subprocess.run(
        command, cwd=folder, env={**environment, **through}, capture_output=True, text=True, timeout=300, check=False
    )
    assert report.exists(), done.stdout[-2000:] + done.stderr[-2000:]
    cases = list(ElementTree.parse(report).iter("testcase"))
    bad = sorted(case.attrib["name"] for case in cases if len(case.findall("*")) > 0)
    passed = len(cases) - len(bad)
    record_property("passed", f"{passed} of {len(cases)}")
    print(f"{passed} of the {len(cases)} tests of the client passed; not: {bad}")
    assert len(cases) >= 69
    assert passed >= WANTED, f"{passed} of {len(cases)}; not: {bad}"
