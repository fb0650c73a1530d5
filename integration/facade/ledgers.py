"""Ledgers: a call to the ERP goes to the system that keeps the books of the flow's legal entity.

A flow says once whose books it works on (`context = in_books(context, entity)`) and then asks "the ERP". Another
account of the same vendor gets the very same request; the legacy ERP gets files (`integration.facade.legacy`).
"""

from __future__ import annotations

import msgspec

from integration.effects import Call
from integration.facade import legacy
from integration.flow import FlowContext
from integration.outcomes import Answer
from integration.retry import Probe, call_with_retries

ERP, SECOND, LEGACY = "erp", "erp2", "legacy_erp"


def ledger_of(context: FlowContext, entity: str) -> str:
    """Return the system that keeps the books of a legal entity."""
    return context.settings.ledgers.get(entity, ERP)


def in_books(context: FlowContext, entity: str) -> FlowContext:
    """Return the context of a flow that works on the books of a legal entity."""
    ledger = ledger_of(context, entity)
    return context if ledger == (context.ledger or ERP) else msgspec.structs.replace(context, ledger=ledger)


def every_ledger(context: FlowContext) -> tuple[FlowContext, ...]:
    """Return a context for each system that keeps receivables, the ERP first: for what is asked of all of them."""
    others = sorted({each for each in context.settings.ledgers.values() if each not in (ERP, LEGACY)})
    return (context, *(msgspec.structs.replace(context, ledger=each) for each in others))


async def perform(context: FlowContext, call: Call, probe: Probe | None) -> Answer:
    """Return the answer of a call, asked of the system that keeps the books; raise CallFailed as that system does."""
    if call.system != ERP or context.ledger in ("", ERP):
        return await call_with_retries(context, call, probe)
    if context.ledger != LEGACY:
        return await call_with_retries(context, msgspec.structs.replace(call, system=context.ledger), probe)
    by_file = legacy.OPERATIONS.get(call.operation)
    return await (call_with_retries(context, call, probe) if by_file is None else by_file(context, call))
