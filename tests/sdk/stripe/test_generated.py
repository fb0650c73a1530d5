"""The official Python client's own generated tests run against the service, with placeholders switched on."""

from __future__ import annotations

import os
import subprocess
import tarfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

from mocks.doors.serving import Running
from tests.sdk.conftest import BUILD, python_environment
from tests.sdk.stripe.generated import subset

VERSION = "16.1.0"
WANTED = 150
NEEDS = (f"stripe=={VERSION}", "httpx", "requests", "pytest", "pytest-mock", "anyio", "aiohttp", "trio")


def suite(python: Path) -> Path:
    """Return the folder of the client's source distribution, fetched once; skip loudly when it cannot be had."""
    folder = BUILD / f"stripe-{VERSION}"
    if not folder.exists():
        command = [str(python), "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        try:
            subprocess.run(
                [*command, "--dest", str(BUILD), f"stripe=={VERSION}"], check=True, capture_output=True, timeout=300
            )
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"NOTHING WAS PROVED: the source of stripe {VERSION} could not be fetched: {error}")
        with tarfile.open(BUILD / f"stripe-{VERSION}.tar.gz") as archive:
            archive.extractall(BUILD, filter="data")
    return folder


def test_the_clients_own_generated_tests_pass(
    serve: Callable[..., Running], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    python = python_environment("stripe-suite", *NEEDS)
    folder = suite(python)
    tests = list(subset(folder))
    doors = serve(placeholders=True)
    host, _, port = doors["payment"].removeprefix("http://").partition(":")
    report = tmp_path / "report.xml"
    environment = {**os.environ, "STRIPE_MOCK_HOST": host, "STRIPE_MOCK_PORT": port}
    command = [str(python), "-m", "pytest", "-q", "-o", "addopts=", "-p", "no:cacheprovider", f"--junitxml={report}"]
    done = subprocess.run(
        [*command, *tests], cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert report.exists(), done.stdout[-2000:] + done.stderr[-2000:]
    cases = list(ElementTree.parse(report).iter("testcase"))
    failed = sorted(case.attrib["name"] for case in cases if case.find("failure") is not None)
    passed = len(cases) - len(failed) - sum(case.find("error") is not None for case in cases)
    record_property("passed", f"{passed} of {len(tests)}")
    print(f"{passed} of the {len(tests)} generated tests of the subset passed; failed: {failed}")
    assert len(cases) == len(tests)
    assert passed >= WANTED, f"{passed} of {len(tests)}; failed: {failed}"
