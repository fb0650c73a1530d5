"""The directory: the companies of the account."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

import msgspec

from domain.currency import UnknownCurrency, exponent
from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal
from mocks.tax.directory_bodies import CompanyInput, CompanyReply, CompanyStart

_FIRST_ID = 10_000
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_replace = msgspec.structs.replace


class Directory:
    """All companies of the account. With `only` named no others exist; else one exists once a document names it."""

    def __init__(self, desk: Desk, only: Sequence[str] = (), account: int = 0) -> None:
        self.desk = desk
        self.account = account
        self._is_closed = bool(only)
        self._companies: dict[str, CompanyReply] = {}
        for code in only or ("DEFAULT",):
            self.meet(code)

    def _now(self) -> datetime.datetime:
        return EPOCH + datetime.timedelta(microseconds=self.desk.now_us)

    def companies(self) -> Iterable[CompanyReply]:
        """Return all companies in order of their creation."""
        return self._companies.values()

    def named(self, code: str) -> CompanyReply:
        """Return the company with a code, a new one where any may exist; raise Refusal when there is none."""
        found = self._companies.get(code)
        if found is None:
            if self._is_closed:
                raise Refusal("entity_not_found", f"There is no company {code}.", field="companyCode")
            return self._company(code, code)
        return found

    def meet(self, code: str) -> None:
        """Take note of a company that somebody uses."""
        if code not in self._companies:
            self._companies[code] = self._company(code, code)

    def company(self, text: str) -> CompanyReply:
        """Return the company with an id; raise Refusal when there is none."""
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
        for company in self._companies.values():
            if company.id == number:
                return company
        raise Refusal("entity_not_found", f"There is no company with the id {text[:20]}.", field="companyId")

    def create(self, given: Sequence[CompanyInput]) -> list[CompanyReply]:
        """Create companies, all or none."""
        codes = [each.company_code for each in given]
        for index, each in enumerate(given):
            self._require_new(each.company_code, codes[:index])
            _require_currency(each.base_currency_code)
        return [self._keep(each.company_code, each) for each in given]

    def initialize(self, given: CompanyStart) -> CompanyReply:
        """Create an active company with one address."""
        self._require_new(given.company_code, ())
        company = self._company(given.company_code, given.name, default_country=given.country)
        company = _replace(company, taxpayer_id_number=given.taxpayer_id_number or msgspec.UNSET)
        self._companies[company.company_code] = company
        return company

    def change(self, company: CompanyReply, given: CompanyInput) -> CompanyReply:
        """Change a company; its code stays, because its documents are known by it."""
        if given.company_code != company.company_code:
            raise Refusal("validation", "The code of a company cannot be changed.", field="companyCode")
        _require_currency(given.base_currency_code)
        return self._keep(company.company_code, given, company)

    def _require_new(self, code: str, others: Sequence[str]) -> None:
        if not 0 < len(code) <= 25:
            raise Refusal("string_length", "Field companyCode takes 1 to 25 characters.", field="companyCode")
        if code in self._companies or code in others:
            raise Refusal("duplicate", f"There is a company {code} already.", field="companyCode")

    def _keep(self, code: str, given: CompanyInput, before: CompanyReply | None = None) -> CompanyReply:
        made = before or self._company(code, given.name)
        fields = (
            "name",
            "is_active",
            "is_default",
            "is_test",
            "is_reporting_entity",
            "default_country",
            "rounding_level_id",
        )
        company = _replace(
            made,
            **{name: getattr(given, name) for name in fields},
            base_currency_code=given.base_currency_code or made.base_currency_code,
            taxpayer_id_number=given.taxpayer_id_number or made.taxpayer_id_number,
            modified_date=self._now(),
        )
        self._companies[code] = company
        return company

    def _company(self, code: str, name: str, default_country: str = "US") -> CompanyReply:
        now = self._now()
        return CompanyReply(
            id=_FIRST_ID + len(self._companies) + 1, account_id=self.account, company_code=code, name=name,
            is_default=not self._companies, is_active=True, is_test=False, has_profile=True, is_reporting_entity=False,
            default_country=default_country, base_currency_code="USD", rounding_level_id="Line", created_date=now,
            modified_date=now,
        )  # fmt: skip


def _require_currency(code: str | None) -> None:
    try:
        exponent(code or "USD")
    except UnknownCurrency:
        raise Refusal("validation", f"{code!r} is not an ISO 4217 currency.", field="baseCurrencyCode") from None
