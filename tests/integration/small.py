"""Small flows and what they call, for tests of what stands between flows and the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration.effects import All, Call
from integration.flow import FlowContext
from integration.outcomes import Answer
from integration.retry import call_with_retries
from integration.system import Token, TokenSource

HOUR = 3600
PING = Call(system="erp", operation="ping", target="/ping")
TOKEN = TokenSource(
    call=lambda now_us: Call(system="erp", operation="token", method="POST", target="/token"),
    read=lambda answer: Token({"authorization": f"Bearer {answer.body.decode()}"}, 3600),
)
Arguments = Mapping[str, Any]


async def create(context: FlowContext, arguments: Arguments) -> str:
    """Make one write with retries."""
    key = f"q2c/{context.flow_id}/create"
    call = Call(system="erp", operation="create", target=f"/{key}", key=key, write=True)
    return (await call_with_retries(context, call)).body.decode()


async def burst(context: FlowContext, arguments: Arguments) -> None:
    """Make many reads at once."""
    calls = tuple(Call(system="erp", operation="read", target=f"/{number}") for number in range(arguments["calls"]))
    outcomes = await All(calls)
    assert all(isinstance(outcome, Answer) for outcome in outcomes)
