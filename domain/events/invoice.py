"""Facts about invoices, credit memos and commercial disputes."""

from datetime import date

from domain.events.fact import Fact, event_type
from domain.events.parts import Amount, LineItem, TaxItem


class InvoiceGenerated(Fact, frozen=True, kw_only=True):
    """Billing drew up an invoice; it has no number before it is posted."""

    invoice_id: str
    run_id: str
    lines: tuple[LineItem, ...]
    total: Amount
    currency: str
    due_date: date


class InvoiceTaxCommitted(Fact, frozen=True, kw_only=True):
    """The tax engine committed the document; `mode` is normal or estimated."""

    invoice_id: str
    doc_code: str
    tax_lines: tuple[TaxItem, ...]
    mode: str


class InvoicePosted(Fact, frozen=True, kw_only=True):
    """The ERP posted the invoice under a gapless number."""

    invoice_id: str
    number: str
    posted_at_us: int
    period: str
    gl_entry_id: str
    balance: Amount


class _InvoiceClosed(Fact, frozen=True, kw_only=True):
    invoice_id: str
    reason: str


class InvoiceVoided(_InvoiceClosed, frozen=True, kw_only=True):
    """The invoice was cancelled before posting; no number was used."""


class InvoiceWrittenOff(_InvoiceClosed, frozen=True, kw_only=True):
    """The open balance was written off as bad debt, on a request: what is owed again later is given up by another."""

    request: str = ""


class InvoiceOverdue(Fact, frozen=True, kw_only=True):
    """The invoice is unpaid `days` days after its due date."""

    invoice_id: str
    account: str
    days: int
    stage: str


class _MemoChanged(Fact, frozen=True, kw_only=True):
    memo_id: str
    account: str
    invoice_id: str
    lines: tuple[LineItem, ...]
    amount: Amount


class CreditMemoIssued(_MemoChanged, frozen=True, kw_only=True):
    """A credit memo against an invoice is posted."""


class CreditMemoApplied(_MemoChanged, frozen=True, kw_only=True):
    """A credit memo, or a part of it, was put against an invoice."""


class DisputeOpened(Fact, frozen=True, kw_only=True):
    """The customer disputes a part of an invoice."""

    dispute_id: str
    invoice_id: str
    amount: Amount
    reason: str


class DisputeResolved(Fact, frozen=True, kw_only=True):
    """A commercial dispute ended; `outcome` is seller or customer."""

    dispute_id: str
    invoice_id: str
    amount: Amount
    reason: str
    outcome: str


_INVOICES = (
    event_type(
        25,
        "invoice.generated",
        InvoiceGenerated,
        producers="billing",
        consumers="tax erp",
        subject="invoice_id",
        key="{invoice_id}:generated",
    ),
    event_type(
        26,
        "invoice.tax_committed",
        InvoiceTaxCommitted,
        producers="tax",
        consumers="billing",
        subject="invoice_id",
        key="{doc_code}",
    ),
    event_type(
        27,
        "invoice.posted",
        InvoicePosted,
        producers="erp",
        consumers="crm collections analytics",
        subject="invoice_id",
        key="{invoice_id}:posted",
    ),
    event_type(
        28,
        "invoice.voided",
        InvoiceVoided,
        producers="erp",
        consumers="crm",
        subject="invoice_id",
        key="{invoice_id}:voided",
    ),
    event_type(
        28,
        "invoice.written_off",
        InvoiceWrittenOff,
        producers="erp",
        consumers="crm",
        subject="invoice_id",
        key="{invoice_id}:written_off:{request}",
    ),
    event_type(
        29,
        "invoice.overdue",
        InvoiceOverdue,
        producers="billing",
        consumers="collections crm",
        subject="invoice_id",
        partition_key="account",
        key="{invoice_id}:{stage}",
    ),
)

_CORRECTIONS = (
    event_type(
        30,
        "credit_memo.issued",
        CreditMemoIssued,
        producers="erp",
        consumers="crm",
        subject="memo_id",
        partition_key="account",
        key="{memo_id}:issued",
    ),
    event_type(
        30,
        "credit_memo.applied",
        CreditMemoApplied,
        producers="erp",
        consumers="crm",
        subject="memo_id",
        partition_key="account",
        key="{memo_id}:applied",
    ),
    event_type(
        31,
        "dispute.opened",
        DisputeOpened,
        producers="erp",
        consumers="crm billing",
        subject="dispute_id",
        partition_key="invoice_id",
        key="{dispute_id}:opened",
    ),
    event_type(
        31,
        "dispute.resolved",
        DisputeResolved,
        producers="erp",
        consumers="crm billing",
        subject="dispute_id",
        partition_key="invoice_id",
        key="{dispute_id}:resolved",
    ),
)

EVENT_TYPES = _INVOICES + _CORRECTIONS
