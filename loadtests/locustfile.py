"""The locustfile: `locust -f loadtests/locustfile.py`, with its web page, headless, or with many workers.

    q2c mocks up --ephemeral --webhooks http://127.0.0.1:9300 &      the systems of record, and who learns of them
    locust -f loadtests/locustfile.py --web-host 127.0.0.1
    locust -f loadtests/locustfile.py --headless --load-profile steady --within 60 --processes 2

`q2c load` does all of it with one command, and judges what came of it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # Locust runs files, not packages

from locust import events

from loadtests.conducting import Node
from loadtests.settings import add_arguments
from loadtests.shapes import Campaign
from loadtests.users import Driver

__all__ = ["Campaign", "Driver"]


def _parser(parser: Any) -> None:
    add_arguments(parser)


def _init(environment: Any, **_said: Any) -> None:
    environment.q2c = Node(environment)


_events: Any = events  # its hooks have no types
_events.init_command_line_parser.add_listener(_parser)
_events.init.add_listener(_init)
