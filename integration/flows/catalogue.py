"""The table of flows by name, and the table of messages that start or wake them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from domain.calendar import SECOND_US
from integration.analytics import ledgers
from integration.effects import Start
from integration.facade import legacy
from integration.flow import Program
from integration.flows import (
    account_mirrors,
    amendments,
    closing,
    credit_notes,
    credit_status,
    credits_used,
    disputes,
    dunning,
    forgotten,
    intercompany,
    invoice_disputes,
    invoices,
    mapping,
    merges,
    mirrors,
    pauses,
    quote_checks,
    quotes,
    refunds,
    requests,
    reversals,
    settlements,
    starts,
    submissions,
    sweeps,
    undoing,
    write_offs,
)
from integration.flows.steps import until_given_up
from integration.intake import Route
from integration.outcomes import Message
from integration.relay import withheld
from integration.systems import billing, crm, erp, fulfilment, payment, tax

_SWEEPS: tuple[Program, ...] = (
    sweeps.sweep_quotes,
    sweeps.sweep_invoices,
    sweeps.sweep_credit_notes,
    sweeps.sweep_payouts,
    sweeps.sweep_credit,
    sweeps.sweep_accounts,
    sweeps.sweep_balances,
    sweeps.sweep_disputes,
    sweeps.sweep_messages,
    sweeps.sweep_overdue,
    forgotten.sweep_orders,
    forgotten.sweep_billed,
    forgotten.sweep_payments,
)
_PROGRAMS: Mapping[str, Program] = {
    **{program.__name__: sweeps.owing(program) for program in _SWEEPS},
    "accepted_quote": quotes.accepted_quote,
    "member_order": quotes.member_order,
    "intercompany": intercompany.intercompany,
    "submit_quote": submissions.submit_quote,
    "submit_command": submissions.submit_command,
    "check_quote": quote_checks.check_quote,
    "mirror": mirrors.show_in_crm,
    "undo_order": undoing.undo_order,
    "bill": invoices.bill,
    "credit": credit_notes.credit,
    "apply_memos": credits_used.apply_memos,
    "apply_amendment": amendments.apply_amendment,
    "undo_amendment": reversals.undo_amendment,
    "cancel": requests.requested,
    "pause": requests.requested,
    "resume": pauses.resume,
    "settle": settlements.settle,
    "collect": invoices.collect,
    "refund": refunds.refund,
    "write_off": write_offs.write_off,
    "chargeback": disputes.chargeback,
    "dispute_invoice": invoice_disputes.dispute_invoice,
    "dunning": dunning.dunning,
    "promise": dunning.promise,
    "close_period": closing.close_period,
    "reopen_period": closing.reopen_period,
    "forgotten": forgotten.forgotten,
    "show_credit": credit_status.show_credit,
    "show_account": account_mirrors.show_account,
    "withheld": withheld.withheld,
    "read_ledgers": ledgers.read_ledgers,
    "load_mappings": mapping.load_mappings,
    "merge_customers": merges.merge_customers,
    "unmerge_customers": merges.unmerge_customers,
    "customer_holdings": merges.customer_holdings,
}
PROGRAMS = MappingProxyType({name: until_given_up(program) for name, program in _PROGRAMS.items()})

SYSTEMS = (crm.SYSTEM, erp.SYSTEM, billing.SYSTEM, tax.SYSTEM, payment.SYSTEM, fulfilment.SYSTEM)
MORE_SYSTEMS = (erp.SECOND, legacy.SYSTEM)
"""Systems that only some sites have: other books of some legal entities (`Settings.ledgers`)."""
SOURCES = (crm.SOURCE, erp.SOURCE, billing.SOURCE, payment.SOURCE, fulfilment.SOURCE)


def _quote(message: Message) -> Start:
    return starts.start_quote(message.body["quote_id"], message.body["reference"], message.txn)


def _invoice(message: Message) -> Start:
    return starts.start_invoice(message.body["id"], message.body["subscription"])


def _credit_note(message: Message) -> Start | None:
    if message.body.get("reason_code") in credit_notes.OURS:
        return None  # our own doing: reacting to it would never end
    return starts.start_credit(message.body["id"], message.body["subscription"])


def _payout(message: Message) -> Start:
    return starts.start_payout(message.body["id"], message.body["currency"], message.body["created"] * SECOND_US)


def _dispute(message: Message) -> Start:
    return starts.start_chargeback(message.key)


def _credit_status(message: Message) -> Start:
    told = message.body
    return starts.start_credit_status(told["account"], told["status"], told["changed"])


ROUTES = (
    Route(source="crm", topic="quote.accepted", start=_quote, deliver=False),
    Route(source="billing", topic="invoice_generated", start=_invoice, deliver=False),
    Route(source="billing", topic="credit_note_created", start=_credit_note, deliver=False),
    Route(source="billing", topic="subscription_resumed"),
    Route(source="payment", topic="payment_intent.succeeded", deliver_as="payment"),
    Route(source="payment", topic="payment_intent.payment_failed", deliver_as="payment"),
    Route(source="payment", topic="charge.dispute.created", start=_dispute, deliver=False),
    Route(source="payment", topic="charge.dispute.closed", start=_dispute, deliver_as="dispute"),
    Route(source="payment", topic="payout.paid", start=_payout, deliver=False),
    Route(source="erp", topic="customer.credit_changed", start=_credit_status, deliver_as="credit"),
    Route(source="fulfilment", topic="task.completed"),
)
