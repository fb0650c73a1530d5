"""The how-to page about running the integration: its examples are run as they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from integration.service.configuration import configured
from tests.live import Mocks, Service, Shop, until

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "run-the-integration.md"
_FENCE = re.compile(r"^```(\w+)( test)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
FENCES = _FENCE.findall(PAGE.read_text(encoding="utf-8"))
CURL = pytest.mark.skipif(shutil.which("curl") is None, reason="NOTHING WAS PROVED: curl is not installed")


def _shell(text: str, mocks: Mocks, service: Service) -> str:
    addresses = {f"Q2C_{door.upper()}_URL": url for door, url in mocks.addresses.items()}
    environment = {"PATH": os.environ["PATH"], "no_proxy": "*", "Q2C_INTEGRATION_URL": service.address, **addresses}
    done = subprocess.run(["sh", "-e"], input=text, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@CURL
def test_the_examples_in_the_shell_do_what_the_page_says(tmp_path: Path, mocks: Mocks, shop: Shop, port: int) -> None:
    story, health = (text for language, test, text in FENCES if language == "sh" and test)
    with Service.up(tmp_path, mocks, port=port) as service:
        assert '"ready"' in _shell(health, mocks, service)
        _shell(story, mocks, service)
        until(lambda: mocks.documents("erp", "order", "Q-700001"), "the order of the page")
        until(lambda: mocks.statuses("erp", "order", "Q-700001") == ["booked"], "the order is booked")


def test_the_configuration_of_the_page_is_understood(tmp_path: Path) -> None:
    (text,) = (text for language, _, text in FENCES if language == "toml")
    for name in re.findall(r'"(/run/secrets/[^"]+)"', text):
        file = tmp_path / Path(name).name
        file.write_text("secret")
        text = text.replace(name, str(file))
    found = configured(tomllib.loads(text)["integration"], {})
    assert found.peers["payment"].webhook_secret.current() == "secret"
    assert found.channels == ("/data/QuoteChangeEvent",)
    assert found.settings.limits["payment"].requests == 100
