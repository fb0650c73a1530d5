"""The reference integration as a consumer: every reader of its adapters, and its flows that read lists in pages.

`READERS` says which reader takes which answer; a test asks that none of `integration.systems` is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import msgspec

from contracts.responses.cases import Base, Provider
from contracts.responses.collected import Kept
from contracts.responses.documents import read
from contracts.responses.shapes import Manner, learned
from domain.http import Request
from integration.effects import Call
from integration.flows.catalogue import SYSTEMS
from integration.outcomes import Answer, CallFailed, OutcomeUnknown, reveal
from integration.systems import crm, crm_accounts, fulfilment, payment, payment_back, payment_events, tax
from integration.systems.billing import receivables as billed
from integration.systems.billing import shapes as billing
from integration.systems.erp import receivables as erp_books
from integration.systems.erp import shapes as erp
from integration.systems.wire import UnexpectedReply, instant_of

DECLARED = (UnexpectedReply, CallFailed, OutcomeUnknown)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)").fullmatch
_DECIMALS = re.compile(r"\d\.\d\d\b")
SYSTEM_OF = {system.name: system for system in SYSTEMS}
"""The systems as the integration knows them: how they classify an answer."""


class Reader(msgspec.Struct, frozen=True):
    """A reader and what it reads: answers of a system to an operation whose question has a word in it."""

    name: str
    system: str
    operations: tuple[str, ...]
    read: Callable[[Answer], Any]
    asked: str = ""


def _reader(read: Callable[..., Any], system: str, *operations: str, asked: str = "") -> Reader:
    name = f"{system}.{read.__name__}"
    return Reader(name, system, operations, read, asked)


def _transactions(answer: Answer) -> Any:
    """Read the rows of a page; where the next one begins is read by the flow of the page."""
    return billed.transaction_page(billed.transactions_named("pi_1", "Q-000001"), answer)[0]


def _changed(answer: Answer) -> Any:
    return billed.changed_page(billed.changed_since(0), answer)[0]


def _touched(answer: Answer) -> Any:
    return crm_accounts.touched_page(crm_accounts.touched_since(0), answer)[0]


def _moved(answer: Answer) -> Any:
    return payment.transaction_page(payment.payout_transactions("po_1"), answer)[0]


def _told(answer: Answer) -> Any:
    return payment_events.told_page(payment_events.told_since(0), answer)[0]


READERS: tuple[Reader, ...] = (
    _reader(crm.accepted_quote, "crm", "query", asked="WHERE+Id"),
    _reader(crm.is_accepted, "crm", "query", asked="WHERE+Id"),
    _reader(crm.entity_named, "crm", "query", asked="WHERE+Id"),
    _reader(crm.accepted_rows, "crm", "query", asked="WHERE+Status"),
    _reader(crm_accounts.account_rows, "crm", "query_accounts", asked="BillingCity"),
    Reader("crm_accounts.touched_page", "crm", ("query_accounts",), _touched, asked="CreditStatus__c"),
    _reader(tax.shares, "tax", "estimate_tax", "commit_tax", "read_tax"),
    _reader(tax.shares_by_line, "tax", "estimate_tax", "commit_tax", "read_tax"),
    _reader(tax.is_committed, "tax", "commit_tax", "read_tax"),
    _reader(payment.customers_of, "payment", "search_customers"),
    _reader(payment.intent_of, "payment", "create_payment_intent", "read_payment_intent"),
    _reader(payment.intents_of, "payment", "search_payment_intents"),
    _reader(payment.payouts_of, "payment", "list_payouts"),
    Reader("payment.transaction_page", "payment", ("list_balance_transactions",), _moved),
    _reader(payment_back.dispute_of, "payment", "get_dispute", "update_dispute"),
    _reader(payment_back.disputes_in, "payment", "list_disputes"),
    _reader(payment_back.refund_of, "payment", "create_refund"),
    _reader(payment_back.refunds_in, "payment", "list_refunds"),
    Reader("payment_events.told_page", "payment", ("list_events",), _told),
    _reader(fulfilment.task_of, "fulfilment", "read_task", "put_task"),
    _reader(billing.invoice_of, "billing", "read_invoice", "close_invoice", "add_charge", "record_payment"),
    _reader(billing.invoices_of, "billing", "list_invoices", asked="pending"),
    _reader(billing.credit_note_of, "billing", "read_credit_note", "create_credit_note"),
    _reader(billing.credit_notes_in, "billing", "list_credit_notes"),
    _reader(billing.subscription_of, "billing", "read_subscription", "update_subscription", "create_subscription"),
    _reader(billing.has_invoiced, "billing", "update_subscription", "create_subscription"),
    _reader(billed.money_of, "billing", "read_invoice", "record_payment", "write_off_invoice"),
    _reader(billed.page_of, "billing", "list_invoices", asked="date["),
    Reader("billing.changed_page", "billing", ("list_invoices",), _changed, asked="updated_at["),
    _reader(billed.transaction_of, "billing", "record_excess_payment", "record_transaction_refund"),
    Reader("billing.transaction_page", "billing", ("list_transactions",), _transactions),
    _reader(erp.customer_standing, "erp", "read_customer"),
    _reader(erp.order_standing, "erp", "read_salesOrder"),
    _reader(erp.changed_credit, "erp", "suiteql", asked="FROM customer"),
    _reader(erp_books.open_invoices, "erp", "suiteql", asked="foreignamountunpaid"),
    _reader(erp_books.posted_rows, "erp", "suiteql", asked="FROM invoice"),
    _reader(erp_books.posted_invoice, "erp", "read_invoice"),
    _reader(erp_books.posted_memo, "erp", "read_credit_memo"),
    _reader(erp_books.period_of, "erp", "restlet_get", asked="q2c_period"),
    _reader(erp_books.checklist_of, "erp", "restlet_get", asked="close_checklist"),
    _reader(erp_books.credit_of, "erp", "restlet_post", asked="credit_hold"),
)
UNHEARD = {
    "crm.place_shown": "asked when our own clock was set back over a restart",
    "crm_accounts.account_page": "account_rows, and where the next page is",
    "crm_accounts.one_account": "account_rows with a count",
    "holdings.transaction_page": "asked when accounts are merged by hand",
    "holdings.subscription_page": "asked when accounts are merged by hand",
}
"""Readers of answers that no collected rehearsal asks for, or that another reader stands for."""

MANNERS: Mapping[str, Manner] = {
    "crm": Manner(
        unset="null", meant=frozenset({"Name", "Approvals__c", "LineNumber", "url", "type", "attributes"}),
        closed=frozenset({"type", "Kind__c"}), open_words=frozenset({"Status", "PaymentMethod__c"}),
    ),
    "erp": Manner(unset="absent", meant=frozenset({"hasMore", "items", "links"}), closed=frozenset({"type"})),
    "billing": Manner(
        unset="absent",
        meant=frozenset({
            "next_offset", "item_price_id", "entity_id", "description", "currency", "date_from", "date_to", "object",
            "reference_invoice_id",
        }),
        closed=frozenset({"object"}), maps=frozenset({"meta_data"}), never=frozenset({"accepted"}),
    ),
    "tax": Manner(unset="null", meant=frozenset({"summary", "lines", "details"})),
    "payment": Manner(
        unset="null", meant=frozenset({"has_more", "currency", "object"}), closed=frozenset({"object"}),
        maps=frozenset({"metadata"}),
    ),
    "fulfilment": Manner(unset="absent"),
}  # fmt: skip
"""How each vendor tells what is not set, and which texts the integration takes apart or compares with its own words."""


class ReadingConsumer:
    """One reader of the reference integration, behind its own classification of statuses."""

    declared = DECLARED

    def __init__(self, reader: Reader, operation: str) -> None:
        self.name = reader.name
        self._read = reader.read
        self._system = SYSTEM_OF[reader.system]
        self._operation = operation

    def facts(self, provider: Provider) -> Any:
        """Read one answer."""
        call = Call(system=self._system.name, operation=self._operation, target="/")
        reply = provider(Request(call.system, call.method, call.target))
        answer = reveal(self._system.classify(call, reply, 0))
        if isinstance(answer, Exception):
            raise answer
        return plain(self._read(answer))


def plain(value: Any) -> Any:
    """Return what a reader returned as plain values, its properties included; rows with an identity by identity."""
    if isinstance(value, msgspec.Struct):
        fields = {name: plain(getattr(value, name)) for name in value.__struct_fields__}
        shown = {name: plain(getattr(value, name)) for name in _properties(type(value))}
        return {**fields, **shown}
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, frozenset):
        return sorted(plain(inner) for inner in value)
    if isinstance(value, str) and _INSTANT(value):
        return instant_of(value)  # a text that nobody has read yet may say its instant in any way
    return value.isoformat() if isinstance(value, date) else value


def _properties(kind: type) -> Iterator[str]:
    return (name for name, member in vars(kind).items() if isinstance(member, property))


def readings(answers: Iterable[Kept]) -> list[tuple[ReadingConsumer, Base]]:
    """Return every reader with the answers it takes: of each operation the fullest and the barest."""
    heard = list(answers)
    found = []
    for reader in READERS:
        for operation in reader.operations:
            taken = [each for each in heard if _takes(reader, operation, each)]
            shape = learned([read(each.body.encode()) for each in taken], MANNERS[reader.system])
            taken.sort(key=lambda each: (-len(_DECIMALS.findall(each.body)), -len(each.body)))
            for number, each in enumerate([*taken[:1], *taken[1:][-1:]]):
                base = Base(
                    name=f"{reader.name}/{operation}#{number + 1}", shape=shape, reply=each.reply,
                    is_main=not number and operation == reader.operations[0],
                )  # fmt: skip
                found.append((ReadingConsumer(reader, operation), base))
    return found


def _takes(reader: Reader, operation: str, each: Kept) -> bool:
    return (each.system, each.operation) == (reader.system, operation) and reader.asked in each.asked
