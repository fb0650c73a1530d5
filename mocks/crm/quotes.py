"""Quotes: versions, their states and what each state asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec

from domain.calendar import midnight_us
from domain.charts import QUOTE as CHART
from domain.objects import Mirror, Quote
from mocks.crm import ids
from mocks.crm.approvals import AUTHORITY_PERCENT, discount_of, may_approve
from mocks.crm.documents import LINE_AT, QUOTE_AT, approvals, mirror_document, quote_document, reference
from mocks.crm.objects import MIRROR_FIELDS, QUOTE, QUOTE_LINE, QUOTE_STATUSES
from mocks.crm.outbound import ACCEPTED
from mocks.crm.quirks import Quirks
from mocks.crm.schema import ID, Row
from mocks.crm.store import Store
from mocks.crm.unit import Unit
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal

STATES = {label: state for state, label in QUOTE_STATUSES.items()}
_NOTHING_OFF = Decimal(0)
_REFERENCE = QUOTE_AT["Reference__c"]
LIVE = frozenset({"draft", "submitted", "approved", "presented"})
TAKEN = frozenset({"accepted", "accept_failed", "converted"})
_OWN_NUMBERS = 800_000  # where the numbers start that the organisation gives itself
_LATER_FIELDS = MIRROR_FIELDS | {"Status"}  # what may change when a quote is no draft any more
_API_STATES = frozenset({"converted", "accept_failed"})
_NUMBER, _VERSION, _STATUS = QUOTE_AT["QuoteNumber"], QUOTE_AT["Version__c"], QUOTE_AT["Status"]
_LINE_QUOTE = LINE_AT["QuoteId"]
_DEFAULTS: tuple[tuple[int, str, Any], ...] = (
    (_STATUS, "Status", QUOTE_STATUSES["draft"]),
    (QUOTE_AT["TotalPrice"], "TotalPrice", 0),
    (_VERSION, "Version__c", 1),
    (QUOTE_AT["Kind__c"], "Kind__c", "new"),
)


def state_of(row: Row) -> str:
    """Return the state of the chart a quote is in."""
    return STATES[row[_STATUS]]


class Quotes:
    """The rules of quotes. A method refuses before it changes anything."""

    def __init__(self, desk: Desk, store: Store, unit: Unit, quirks: Quirks) -> None:
        self._desk = desk
        self._store = store
        self._unit = unit
        self._quirks = quirks

    # --- finding ----------------------------------------------------------------------------------------------------

    def versions(self, number: str) -> list[Row]:
        """Return every version of a quote, oldest entry first."""
        return self._store.find(QUOTE, _NUMBER, number)

    def version(self, number: str, version: int) -> Row:
        """Return one version; raise Refusal `not_found`."""
        found = self._store.find(QUOTE, _REFERENCE, f"{number}-v{version}")
        if not found:
            raise Refusal("not_found", f"there is no quote {number} version {version}")
        return found[0]

    def exists(self, number: str, version: int) -> bool:
        """Tell whether there is such a version."""
        return bool(self._store.find(QUOTE, _REFERENCE, f"{number}-v{version}"))

    def lines(self, row: Row) -> list[Row]:
        """Return the line items of a quote."""
        return self._store.find(QUOTE_LINE, _LINE_QUOTE, row[ID])

    # --- documents --------------------------------------------------------------------------------------------------

    def keep(self, row: Row, state: str) -> None:
        """Keep a quote whose header or lines changed and put its document on record."""
        account = self._store.tables["Account"].get(row[QUOTE_AT["AccountId"]])
        document = quote_document(row, self.lines(row), account, state)
        self._unit.put("quote", document.id, document, state, document.txn)
        self._store.put(QUOTE, row)

    def create(self, row: Row) -> None:
        """Keep a new draft, numbered by the organisation when it brings no number, and plan its end."""
        values = {name: value for at, name, value in _DEFAULTS if row[at] is None}
        if row[_NUMBER] is None:
            values["QuoteNumber"] = f"Q-{_OWN_NUMBERS + self._desk.next('quote'):06d}"
        row = QUOTE.changed(row, values) if values else row
        name = reference(row)
        if state_of(row) != "draft":
            raise Refusal("rule", "a quote starts as Draft", "Status")
        if self._store.find(QUOTE, _REFERENCE, name):
            raise Refusal("duplicate_value", f"quote {name} exists", "Version__c")
        row = QUOTE.changed(row, {"Reference__c": name})
        self.keep(row, "draft")
        self._unit.later(self._desk.book.know, row[ID], row[_NUMBER])
        self.plan_expiry(row)

    def plan_expiry(self, row: Row) -> None:
        """Plan the end of the quote at local midnight of the selling entity after its last day."""
        due_us = self._expires_us(row)
        if due_us is not None:
            self._unit.later(self._desk.agenda.add, due_us, "expire_quote", row[ID])

    def _expires_us(self, row: Row) -> int | None:
        last_day = row[QUOTE_AT["ExpirationDate"]]
        if last_day is None:
            return None
        zone = self._quirks.zones.get(row[QUOTE_AT["Entity__c"]] or "", "UTC")
        return midnight_us(last_day + timedelta(days=1), zone)

    # --- states -----------------------------------------------------------------------------------------------------

    def move(self, row: Row, state: str, **values: Any) -> Row:
        """Take a quote to another state of its chart and keep other header fields that change with it."""
        values["Status"] = QUOTE_STATUSES[state]
        after = QUOTE.touched(row, values, self._desk.now_us)
        document = msgspec.structs.replace(self._kept(row), status=state)
        if "Approvals__c" in values:
            document = msgspec.structs.replace(document, approvals=approvals(after))
        self._unit.put("quote", document.id, document, state, document.txn)
        self._store.put(QUOTE, after)
        if state == "accepted" and state_of(row) != "accept_failed":
            self._announce(after)
        return after

    def _kept(self, row: Row) -> Quote:
        document = self._unit.document("quote", row[_REFERENCE])
        assert isinstance(document, Quote), "every quote has its document in the book"
        return document

    def _announce(self, row: Row) -> None:
        message_id = ids.record_id("04l", self._desk.next("04l"))
        self._unit.later(self._desk.post, ACCEPTED, row[ID], row[_NUMBER], message_id)

    def submit(self, number: str, version: int) -> None:
        """Ask for approval; older live versions are superseded: only one version lives."""
        row = self.version(number, version)
        CHART.require(state_of(row), "submitted")
        if not self._kept(row).lines:
            raise Refusal("rule", f"quote {reference(row)} has no line", "QuoteLineItems")
        self._require_time_left(row)
        older = [each for each in self.versions(number) if each[_VERSION] != version]
        for each in older:
            if state_of(each) in TAKEN or (each[_VERSION] > version and state_of(each) not in ("draft", "rejected")):
                raise Refusal("rule", f"{reference(each)} is {each[_STATUS]}: only one version lives", "Status")
        for each in older:
            if each[_VERSION] < version and state_of(each) in LIVE:
                self.move(each, "superseded")
        self.move(row, "submitted")

    def _require_time_left(self, row: Row) -> None:
        expires_us = self._expires_us(row)
        if expires_us is None or self._desk.now_us >= expires_us:
            raise Refusal("rule", f"quote {reference(row)} has expired or has no last day", "ExpirationDate")

    def approve(self, number: str, version: int, approver: str) -> None:
        """Approve, by a person or role, or automatically when nobody is named."""
        row = self.version(number, version)
        CHART.require(state_of(row), "approved")
        self._require_authority(row, approver)
        given = (*approvals(row), approver) if approver else approvals(row)
        self.move(row, "approved", Approvals__c=";".join(given) or None)

    def _require_authority(self, row: Row, approver: str) -> None:
        asked = discount_of(self._kept(row).lines, row[QUOTE_AT["DiscountPercent__c"]] or _NOTHING_OFF)
        if not self._quirks.enforces_authority or may_approve(approver, asked):
            return
        limit = AUTHORITY_PERCENT[approver]
        who = f"{approver} may approve" if approver else "without an approver a quote may have"
        raise Refusal("rule", f"{who} up to {limit} % off, {reference(row)} has {float(asked.percent):.2f} %", "Status")

    def reject(self, number: str, version: int) -> None:
        """Refuse approval."""
        self.move(self.version(number, version), "rejected")

    def withdraw(self, number: str, version: int) -> None:
        """Recall a submitted quote to draft."""
        self.move(self.version(number, version), "draft")

    def present(self, number: str, version: int) -> None:
        """Send an approved quote to the customer."""
        self.move(self.version(number, version), "presented")

    def accept(self, number: str, version: int, signer: str) -> None:
        """Let the customer sign."""
        row = self.version(number, version)
        CHART.require(state_of(row), "accepted")
        if state_of(row) != "accept_failed":
            self._require_time_left(row)
        self.move(row, "accepted", AcceptedBy__c=signer or None)

    def decline(self, number: str, version: int) -> None:
        """Let the customer say no; what was approved and not sent yet counts as presented on that occasion."""
        row = self.version(number, version)
        if state_of(row) == "approved":
            row = self.move(row, "presented")
        self.move(row, "declined")

    def expire(self, number: str, version: int) -> None:
        """Let a live quote run out before its day."""
        self.move(self.version(number, version), "expired")

    def expire_due(self, key: str) -> None:
        """Let a quote run out when its last day is over and it still lives (agenda)."""
        row = self._store.get(QUOTE, key)
        if row is None or state_of(row) not in LIVE:
            return
        expires_us = self._expires_us(row)
        if expires_us is not None and expires_us <= self._desk.now_us:
            self.move(row, "expired")
        else:
            self.plan_expiry(row)

    # --- API users --------------------------------------------------------------------------------------------------

    def write(self, row: Row, values: Mapping[str, Any]) -> None:
        """Change a quote for an API user: states by the chart, mirror fields, and the rest where it may be written."""
        before, label = state_of(row), values.get("Status", row[_STATUS])
        after = STATES.get(label, "")
        if after != before:
            self._require_step(before, after)
        self._require_sequence(row, values)
        rest = values.keys() - _LATER_FIELDS
        if rest and before != "draft":
            raise Refusal("rule", f"quote {reference(row)} is {row[_STATUS]}: make a new version", min(rest))
        changed = QUOTE.touched(row, {**values, "Status": row[_STATUS]}, self._desk.now_us)
        if rest:
            self.keep(changed, before)
            if "ExpirationDate" in rest:
                self.plan_expiry(changed)
        else:
            self._store.put(QUOTE, changed)
        if after != before:
            changed = self.move(changed, after)
        if not MIRROR_FIELDS.isdisjoint(values):
            self._show(mirror_document(changed))

    def _show(self, mirror: Mirror) -> None:
        """Put what sales sees on record, unless it is what sales saw before."""
        if self._unit.document("mirror", mirror.id) != mirror:
            self._unit.put("mirror", mirror.id, mirror, "shown", mirror.txn)

    def _require_step(self, before: str, after: str) -> None:
        if self._quirks.owns_quotes and after not in _API_STATES and (before, after) != ("accept_failed", "accepted"):
            raise Refusal("rule", f"API users may not take a quote from {before} to {after}", "Status")
        CHART.require(before, after)

    def _require_sequence(self, row: Row, values: Mapping[str, Any]) -> None:
        known, new = row[QUOTE_AT["MirrorSequence__c"]], values.get("MirrorSequence__c")
        if self._quirks.guards_mirror_sequence and known is not None and new is not None and new < known:
            raise Refusal("rule", f"mirror sequence {new} is older than {known}", "MirrorSequence__c")
