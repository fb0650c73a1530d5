"""Calls about companies, their customers and the certificates of these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from domain.http import Reply
from mocks.kernel.operations import Call, json_reply
from mocks.tax.directory_bodies import CertificateReply, CompanyReply, CustomerReply, LinkCertificates, LinkCustomers
from mocks.tax.listing import Fetched, fields_of, paged
from mocks.tax.model import TaxEngine
from mocks.tax.reading import Fetch, query
from mocks.tax.sites import ALWAYS
from mocks.tax.states import state_named

_COMPANY, _CUSTOMER, _CERTIFICATE = fields_of(CompanyReply), fields_of(CustomerReply), fields_of(CertificateReply)
Handler = Callable[[TaxEngine, Call], Reply]


# --- companies -------------------------------------------------------------------------------------------------------


def companies(model: TaxEngine, call: Call) -> Reply:
    """List the companies."""
    return paged(model, call, model.directory.companies(), _COMPANY)


def create_companies(model: TaxEngine, call: Call) -> Reply:
    """Create companies."""
    return json_reply(model.directory.create(call.body), 201)


def initialize_company(model: TaxEngine, call: Call) -> Reply:
    """Create a company that is registered where it stands."""
    given = call.body
    company = model.directory.initialize(given)
    country = given.country.strip().upper()
    region = state_named(given.region) if country == "US" else ""
    model.sites.register(company.company_code, country, region, ALWAYS)
    return json_reply(company, 201)


def company(model: TaxEngine, call: Call) -> Reply:
    """Show a company by its id."""
    return json_reply(_company(model, call))


def change_company(model: TaxEngine, call: Call) -> Reply:
    """Change a company."""
    return json_reply(model.directory.change(_company(model, call), call.body))


def _company(model: TaxEngine, call: Call) -> CompanyReply:
    return model.directory.company(call.params["company"])


class NexusReply(msgspec.Struct, frozen=True, rename="camel"):
    """Where a company is registered, and since when."""

    id: int
    company_id: int
    country: str
    region: str
    jurisdiction_type_id: str
    effective_date: Any


def nexus(model: TaxEngine, call: Call) -> Reply:
    """List where a company is registered."""
    owner = _company(model, call)
    rows = [
        NexusReply(number, owner.id, country, region, "State" if region else "Country", since)
        for number, ((name, country, region), since) in enumerate(model.sites.nexus.items(), 1)
        if name in ("*", owner.company_code)
    ]
    return paged(model, call, rows, fields_of(NexusReply))


# --- customers -------------------------------------------------------------------------------------------------------


def customers(model: TaxEngine, call: Call) -> Reply:
    """List the customers of a company."""
    return paged(model, call, model.exemptions.customers(_company(model, call)), _CUSTOMER)


def create_customers(model: TaxEngine, call: Call) -> Reply:
    """Create customers."""
    return json_reply(model.exemptions.create_customers(_company(model, call), call.body), 201)


def customer(model: TaxEngine, call: Call) -> Reply:
    """Show a customer."""
    return json_reply(model.exemptions.customer(_company(model, call), call.params["code"]))


def change_customer(model: TaxEngine, call: Call) -> Reply:
    """Change a customer."""
    return json_reply(model.exemptions.change_customer(_company(model, call), call.params["code"], call.body))


def drop_customer(model: TaxEngine, call: Call) -> Reply:
    """Forget a customer; the reply shows what was forgotten."""
    return json_reply(model.exemptions.drop_customer(_company(model, call), call.params["code"]))


def certificates_of(model: TaxEngine, call: Call) -> Reply:
    """List the certificates of a customer."""
    rows = model.exemptions.certificates_of(_company(model, call), call.params["code"])
    return paged(model, call, rows, _CERTIFICATE, _with_customers(model, call))


def link_certificates(model: TaxEngine, call: Call) -> Reply:
    """Link certificates with a customer, all or none."""
    owner, code, body = _company(model, call), call.params["code"], _certificates(call)
    found = [model.exemptions.certificate(owner, number) for number in body.certificates]
    model.exemptions.customer(owner, code)
    for certificate in found:
        model.exemptions.link(owner, code, certificate.id)
    return json_reply(Fetched(len(found), found))


def unlink_certificates(model: TaxEngine, call: Call) -> Reply:
    """Part certificates from a customer, all or none."""
    owner, code, body = _company(model, call), call.params["code"], _certificates(call)
    found = [model.exemptions.certificate(owner, number) for number in body.certificates]
    model.exemptions.customer(owner, code)
    for certificate in found:
        model.exemptions.unlink(owner, code, certificate.id)
    return json_reply(Fetched(len(found), found))


def _certificates(call: Call) -> LinkCertificates:
    body: LinkCertificates = call.body
    return body


class Validity(msgspec.Struct, frozen=True, rename="camel"):
    """Whether a customer is exempt in a region today, and by which certificates."""

    status: str
    customer_code: str
    exposure_zone: str
    exempt_reasons: list[str]


def validity(model: TaxEngine, call: Call) -> Reply:
    """Tell whether a customer is exempt in a region today."""
    owner, code = _company(model, call), call.params["code"]
    country, region = call.params["country"].upper(), call.params["region"].upper()
    today = model.exemptions.today()
    found = [
        each
        for each in model.exemptions.certificates_of(owner, code)
        if each.valid
        and (each.exposure_zone.country, each.exposure_zone.region) == (country, region)
        and each.signed_date <= today <= each.expiration_date
    ]
    reasons = [each.exemption_reason.name for each in found]
    return json_reply(Validity("Exempt" if found else "NoCertificate", code, region, reasons))


# --- certificates ----------------------------------------------------------------------------------------------------


def certificates(model: TaxEngine, call: Call) -> Reply:
    """List the certificates of a company."""
    return paged(
        model, call, model.exemptions.certificates(_company(model, call)), _CERTIFICATE, _with_customers(model, call)
    )


def create_certificates(model: TaxEngine, call: Call) -> Reply:
    """Record certificates for customers."""
    show = _with_customers(model, call)
    return json_reply(
        [show(each) for each in model.exemptions.create_certificates(_company(model, call), call.body)], 201
    )


def certificate(model: TaxEngine, call: Call) -> Reply:
    """Show a certificate."""
    return json_reply(
        _with_customers(model, call)(model.exemptions.certificate(_company(model, call), call.params["id"]))
    )


def change_certificate(model: TaxEngine, call: Call) -> Reply:
    """Change a certificate."""
    return json_reply(model.exemptions.change_certificate(_company(model, call), call.params["id"], call.body))


def drop_certificate(model: TaxEngine, call: Call) -> Reply:
    """Forget a certificate; nothing is wrong when the list of problems is empty."""
    model.exemptions.drop_certificate(_company(model, call), call.params["id"])
    return json_reply([])


def customers_of(model: TaxEngine, call: Call) -> Reply:
    """List the customers of a certificate."""
    return paged(model, call, model.exemptions.customers_of(_company(model, call), call.params["id"]), _CUSTOMER)


def link_customers(model: TaxEngine, call: Call) -> Reply:
    """Link customers with a certificate, all or none."""
    return _customers_linked(model, call, model.exemptions.link)


def unlink_customers(model: TaxEngine, call: Call) -> Reply:
    """Part customers from a certificate, all or none."""
    return _customers_linked(model, call, model.exemptions.unlink)


def _customers_linked(model: TaxEngine, call: Call, change: Callable[[CompanyReply, str, int], None]) -> Reply:
    owner, body = _company(model, call), call.body
    assert isinstance(body, LinkCustomers), "the table of operations types this body"
    number = model.exemptions.certificate(owner, call.params["id"]).id
    found = [model.exemptions.customer(owner, code) for code in body.customers]
    for each in found:
        change(owner, each.customer_code, number)
    return json_reply(Fetched(len(found), found))


def _with_customers(model: TaxEngine, call: Call) -> Callable[[CertificateReply], CertificateReply]:
    """Return the way to show certificates: with their customers when the call includes these."""
    if "customers" not in query(call.request.target, Fetch).include.lower():
        return lambda each: each
    owner = _company(model, call)
    exemptions = model.exemptions
    return lambda each: msgspec.structs.replace(each, customers=exemptions.customers_of(owner, each.id))
