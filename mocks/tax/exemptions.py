"""Exemptions: the customers of companies, and the certificates that exempt a customer in a state for a time."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from mocks.kernel.desk import Desk
from mocks.kernel.operations import Refusal
from mocks.tax import table
from mocks.tax.directory import EPOCH
from mocks.tax.directory_bodies import (
    CertificateInput,
    CertificateReply,
    CompanyReply,
    CustomerInput,
    CustomerReply,
    Named,
    NamedReply,
    ZoneReply,
)
from mocks.tax.reading import read_date
from mocks.tax.states import NAMES, state_named

_FOR_EVER = datetime.date(9999, 12, 31)
_NOWHERE: frozenset[tuple[str, str]] = frozenset()
_replace = msgspec.structs.replace
REASONS = [NamedReply(id=number, name=name) for number, name in enumerate(table.REASONS, 1)]
ZONES = [
    ZoneReply(id=number, name=name, region=code, country="US") for number, (code, name) in enumerate(NAMES.items(), 1)
]


class Exemptions:
    """Who is exempt, where and when."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._customers: dict[tuple[int, str], CustomerReply] = {}
        self._certificates: dict[int, CertificateReply] = {}
        self._links: dict[tuple[int, str], dict[int, None]] = {}  # customer -> certificates

    def _now(self) -> datetime.datetime:
        return EPOCH + datetime.timedelta(microseconds=self.desk.now_us)

    def today(self) -> datetime.date:
        """Return the day in UTC."""
        return self._now().date()

    # --- customers --------------------------------------------------------------------------------------------------

    def customers(self, company: CompanyReply) -> list[CustomerReply]:
        """Return the customers of a company."""
        return [customer for (owner, _), customer in self._customers.items() if owner == company.id]

    def customer(self, company: CompanyReply, code: str) -> CustomerReply:
        """Return a customer; raise Refusal when there is none."""
        found = self._customers.get((company.id, code))
        if found is None:
            raise Refusal("entity_not_found", f"There is no customer {code[:50]}.", field="customerCode")
        return found

    def create_customers(self, company: CompanyReply, given: Sequence[CustomerInput]) -> list[CustomerReply]:
        """Create customers, all or none."""
        codes = [each.customer_code for each in given]
        for index, code in enumerate(codes):
            if not 0 < len(code) <= 50:
                raise Refusal("string_length", "Field customerCode takes 1 to 50 characters.", field="customerCode")
            if (company.id, code) in self._customers or code in codes[:index]:
                raise Refusal("duplicate", f"There is a customer {code} already.", field="customerCode")
        return [self._keep_customer(company, each, None) for each in given]

    def change_customer(self, company: CompanyReply, code: str, given: CustomerInput) -> CustomerReply:
        """Change a customer; the code stays, because transactions name it."""
        before = self.customer(company, code)
        if given.customer_code != code:
            raise Refusal("validation", "The code of a customer cannot be changed.", field="customerCode")
        return self._keep_customer(company, given, before)

    def _keep_customer(
        self, company: CompanyReply, given: CustomerInput, before: CustomerReply | None
    ) -> CustomerReply:
        now = self._now()
        fields = {name: value for name, value in _fields(given) if value is not None}
        customer = CustomerReply(
            id=before.id if before is not None else self.desk.next("customer"),
            company_id=company.id,
            created_date=before.created_date if before is not None else now,
            modified_date=now,
            **fields,
        )
        self._customers[company.id, given.customer_code] = customer
        return customer

    def drop_customer(self, company: CompanyReply, code: str) -> CustomerReply:
        """Forget a customer and its links."""
        customer = self.customer(company, code)
        del self._customers[company.id, code]
        self._links.pop((company.id, code), None)
        return customer

    # --- certificates -----------------------------------------------------------------------------------------------

    def certificates(self, company: CompanyReply) -> list[CertificateReply]:
        """Return the certificates of a company."""
        return [each for each in self._certificates.values() if each.company_id == company.id]

    def certificate(self, company: CompanyReply, number: str | int) -> CertificateReply:
        """Return a certificate; raise Refusal when there is none."""
        text = str(number)
        found = self._certificates.get(int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else None
        if found is None or found.company_id != company.id:
            raise Refusal("entity_not_found", f"There is no certificate {text[:20]}.", field="id")
        return found

    def create_certificates(self, company: CompanyReply, given: Sequence[CertificateInput]) -> list[CertificateReply]:
        """Record certificates for the customers they name, all or none."""
        made = [self._certificate(company, each, 0) for each in given]
        for each in given:
            for named in each.customers or ():
                self.customer(company, named.customer_code)
        kept = [_replace(each, id=self.desk.next("certificate")) for each in made]
        for certificate, each in zip(kept, given, strict=True):
            self._certificates[certificate.id] = certificate
            for named in each.customers or ():
                self.link(company, named.customer_code, certificate.id)
        return kept

    def change_certificate(self, company: CompanyReply, number: str, given: CertificateInput) -> CertificateReply:
        """Change a certificate; its links stay."""
        before = self.certificate(company, number)
        changed = _replace(self._certificate(company, given, before.id), created_date=before.created_date)
        self._certificates[before.id] = changed
        return changed

    def drop_certificate(self, company: CompanyReply, number: str) -> None:
        """Forget a certificate and its links."""
        certificate = self.certificate(company, number)
        del self._certificates[certificate.id]
        for links in self._links.values():
            links.pop(certificate.id, None)

    def _certificate(self, company: CompanyReply, given: CertificateInput, number: int) -> CertificateReply:
        now = self._now()
        signed = read_date(given.signed_date, "signedDate")
        expires = read_date(given.expiration_date, "expirationDate") if given.expiration_date else _FOR_EVER
        if expires < signed:
            raise Refusal("range", "A certificate expires after it was signed.", field="expirationDate")
        return CertificateReply(
            id=number, company_id=company.id, signed_date=signed, expiration_date=expires,
            filename=given.filename or "", document_exists=False, valid=given.valid, verified=given.verified,
            status="Complete" if given.valid else "Invalid", exemption_number=given.exemption_number or "",
            exemption_reason=_reason(given.exemption_reason), exposure_zone=_zone(given.exposure_zone),
            created_date=now, modified_date=now,
        )  # fmt: skip

    def link(self, company: CompanyReply, customer_code: str, number: int) -> None:
        """Let a certificate exempt a customer; raise Refusal when there is no such customer or certificate."""
        self.certificate(company, number)
        self.customer(company, customer_code)
        self._links.setdefault((company.id, customer_code), {})[number] = None

    def unlink(self, company: CompanyReply, customer_code: str, number: int) -> None:
        """Part a certificate from a customer."""
        self.certificate(company, number)
        self.customer(company, customer_code)
        self._links.get((company.id, customer_code), {}).pop(number, None)

    def certificates_of(self, company: CompanyReply, customer_code: str) -> list[CertificateReply]:
        """Return the certificates of a customer."""
        self.customer(company, customer_code)
        return [self._certificates[number] for number in self._links.get((company.id, customer_code), ())]

    def customers_of(self, company: CompanyReply, number: str | int) -> list[CustomerReply]:
        """Return the customers of a certificate."""
        certificate = self.certificate(company, number)
        return [
            each
            for each in self.customers(company)
            if certificate.id in self._links.get((company.id, each.customer_code), ())
        ]

    def zones(self, company: int, customer: str, day: datetime.date) -> frozenset[tuple[str, str]]:
        """Return the (country, region) of each zone where certificates exempt a customer on a day."""
        links = self._links.get((company, customer))
        if not links:
            return _NOWHERE
        found = [self._certificates[number] for number in links]
        return frozenset(
            (each.exposure_zone.country, each.exposure_zone.region)
            for each in found
            if each.valid and each.signed_date <= day <= each.expiration_date
        )


def _fields(given: Any) -> Iterable[tuple[str, Any]]:
    return [(name, getattr(given, name)) for name in given.__struct_fields__]


def _reason(given: Named | None) -> NamedReply:
    if given is None:
        return REASONS[0]
    for reason in REASONS:
        if given.id == reason.id or (given.name or "").casefold() == reason.name.casefold():
            return reason
    raise Refusal("validation", "This exemption reason is not known.", field="exemptionReason")


def _zone(given: Named) -> ZoneReply:
    code = state_named(given.name or "")
    for zone in ZONES:
        if zone.id == given.id or zone.region == code:
            return zone
    raise Refusal("validation", "This exposure zone is not known.", field="exposureZone")
