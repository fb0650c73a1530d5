"""The CRM's accounts: who a customer is, and which other accounts may be the same party (Salesforce REST)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from domain.objects import Account
from integration.effects import Call
from integration.masterdata.identity import Identity
from integration.outcomes import Answer
from integration.systems.crm import BASE, Address
from integration.systems.crm.calls import around
from integration.systems.wire import UnexpectedReply, iso_instant, quoted, read

CANDIDATES_MAX = 200
_FIELDS = (
    "AccountNumber, Name, Entity__c, CurrencyIsoCode, BillingCountryCode, BillingStateCode, BillingPostalCode, "
    "BillingStreet, BillingCity, PaymentCustomer__c, TaxId__c, Duns__c, Website, MatchKey__c"
)


class AccountRow(msgspec.Struct, frozen=True):
    """An account as the CRM tells it."""

    AccountNumber: str
    Name: str
    Entity__c: str | None = None
    CurrencyIsoCode: str | None = None
    BillingCountryCode: str | None = None
    BillingStateCode: str | None = None
    BillingPostalCode: str | None = None
    BillingStreet: str | None = None
    BillingCity: str | None = None
    PaymentCustomer__c: str | None = None
    TaxId__c: str | None = None
    Duns__c: str | None = None
    Website: str | None = None
    MatchKey__c: str | None = None

    def identity(self) -> Identity:
        """Return what matching needs to know."""
        return Identity(
            id=self.AccountNumber, name=self.Name, entity=self.Entity__c or "", currency=self.CurrencyIsoCode or "",
            country=self.BillingCountryCode or "", region=self.BillingStateCode or "",
            postal_code=self.BillingPostalCode or "", city=self.BillingCity or "", street=self.BillingStreet or "",
            tax_id=self.TaxId__c or "", duns=self.Duns__c or "", website=self.Website or "",
        )  # fmt: skip

    def account(self) -> Account:
        """Return the account as flows know it."""
        return Account(
            id=self.AccountNumber, name=self.Name, entity=self.Entity__c or "", currency=self.CurrencyIsoCode or "",
            country=self.BillingCountryCode or "", region=self.BillingStateCode or "",
        )  # fmt: skip

    def address(self) -> Address:
        """Return where the account is taxed."""
        return Address(
            self.BillingStreet or "", self.BillingCity or "", self.BillingStateCode or "",
            self.BillingPostalCode or "", self.BillingCountryCode or "",
        )  # fmt: skip


class _Rows(msgspec.Struct):
    records: list[AccountRow]
    nextRecordsUrl: str | None = None


_rows = msgspec.json.Decoder(_Rows)


class TouchedRow(msgspec.Struct, frozen=True):
    """An account that was made or changed, and what it shows of ours."""

    AccountNumber: str
    CreatedDate: str
    SystemModstamp: str
    CreditStatus__c: str | None = None
    Customer__c: str | None = None

    @property
    def is_changed(self) -> bool:
        """Tell whether the account was changed after it was made."""
        return self.SystemModstamp != self.CreatedDate

    def shows(self, fields: Mapping[str, str]) -> bool:
        """Tell whether the account shows these values."""
        return all(getattr(self, name) == value for name, value in fields.items())


class _TouchedRows(msgspec.Struct):
    records: list[TouchedRow]
    nextRecordsUrl: str | None = None


_touched = msgspec.json.Decoder(_TouchedRows)
_TOUCHED = around(
    f"SELECT {', '.join(TouchedRow.__struct_fields__)} FROM Account WHERE SystemModstamp >= %s "
    "ORDER BY SystemModstamp, Id"
)


_SELECT = f"{BASE}/query?q={quoted(f'SELECT {_FIELDS} FROM Account WHERE ')}"


def _query(condition: str, txn: str) -> Call:
    target = f"{_SELECT}{quoted(condition)}"
    return Call(system="crm", operation="query_accounts", target=target, txn=txn, timeout_seconds=30)


def _text(value: str) -> str:
    """Return a value as a literal of a query."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def touched_since(since_us: int) -> Call:
    """Ask what accounts that were touched since an instant show of ours."""
    target = quoted(iso_instant(since_us)).join(_TOUCHED)
    return Call(system="crm", operation="query_accounts", target=target, timeout_seconds=30)


def touched_page(call: Call, answer: Answer) -> tuple[list[TouchedRow], Call | None]:
    """Return the rows of such an answer, and the call for the next page."""
    found = read(answer, _touched)
    following = found.nextRecordsUrl
    return found.records, None if not following else msgspec.structs.replace(call, target=following)


def read_account(number: str, txn: str) -> Call:
    """Ask for one account by its number."""
    return _query(f"AccountNumber = {_text(number)}", txn)


def find_alike(row: AccountRow, txn: str) -> Call:
    """Ask for the accounts that may be the same party: one identifier in common, or name and country begin alike.

    The oldest come first; more than CANDIDATES_MAX of a key would be a key that tells nothing.
    """
    wanted = [("TaxId__c", row.TaxId__c), ("Duns__c", row.Duns__c), ("Website", row.Website)]
    wanted.append(("MatchKey__c", row.MatchKey__c))
    alike = " OR ".join(f"{field} = {_text(value)}" for field, value in wanted if value)
    return _query(f"{alike} ORDER BY CreatedDate, Id LIMIT {CANDIDATES_MAX}", txn)


def account_page(call: Call, answer: Answer) -> tuple[list[AccountRow], Call | None]:
    """Return the accounts of a page of an answer, and the call for the next page."""
    found = read(answer, _rows)
    following = found.nextRecordsUrl
    return found.records, None if not following else msgspec.structs.replace(call, target=following)


def account_rows(answer: Answer) -> Sequence[AccountRow]:
    """Return the accounts of an answer."""
    return read(answer, _rows).records


def one_account(answer: Answer, number: str) -> AccountRow:
    """Return the account of an answer to `read_account`; raise UnexpectedReply when there is not exactly one."""
    rows = account_rows(answer)
    if len(rows) != 1:
        raise UnexpectedReply(f"expected one account {number}, got {len(rows)}")
    return rows[0]
