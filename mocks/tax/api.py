"""The dialect of the tax engine: AvaTax-compatible REST v2, Basic authentication or a bearer token, JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from domain.http import Reply
from mocks.kernel.dialect import Dialect
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.operations import Call, Operation
from mocks.tax import bodies, definitions, manners, places
from mocks.tax import directory_bodies as directory
from mocks.tax import directory_calls as calls
from mocks.tax import transaction_calls as transactions
from mocks.tax.acts import ACTS
from mocks.tax.errors import refuse
from mocks.tax.listing import Fetched
from mocks.tax.model import TaxEngine
from mocks.tax.quirks import Quirks
from mocks.tax.reading import AddressQuery, Fetch, Listing
from mocks.tax.render import TransactionReply

# --- the table -------------------------------------------------------------------------------------------------------

_ALL = "/api/v2/companies/{company}/transactions"
_ONE = _ALL + "/{code}"
_CUSTOMERS, _CERTIFICATES = "/api/v2/companies/{company}/customers", "/api/v2/companies/{company}/certificates"
_CUSTOMER, _CERTIFICATE = _CUSTOMERS + "/{code}", _CERTIFICATES + "/{id}"
_LISTED = Fetched[TransactionReply]
_STEPS: Mapping[str, tuple[Any, transactions.Change, str]] = {
    "commit": (bodies.Commit, transactions.commit, "Commits a saved document."),
    "uncommit": (None, lambda model, document, _: model.uncommit(document), "Takes a commit back."),
    "void": (bodies.Void, lambda model, document, body: model.void(document, body.code), "Cancels a document."),
    "unvoid": (None, lambda model, document, _: model.unvoid(document), "Takes a cancellation back."),
    "verify": (bodies.Verify, lambda model, document, body: model.verify(document, body), "Checks and posts."),
    "settle": (bodies.Settle, lambda model, document, body: model.settle(document, body), "Checks, renames, commits."),
    "changecode": (
        bodies.ChangeCode,
        lambda model, document, body: model.change_code(document, body.new_code),
        "Gives a document another code.",
    ),
    "lock": (bodies.Lock, lambda model, document, body: model.lock(document, body.is_locked), "Locks a document."),
}


def _write(
    name: str, path: str, handler: Callable[[TaxEngine, Call], Reply], body: Any, summary: str, reply: Any,
    method: str = "POST",
) -> Operation:  # fmt: skip
    return Operation(name, method, path, handler, body, True, summary, Fetch, reply)


def _read(
    name: str, path: str, handler: Callable[[TaxEngine, Call], Reply], summary: str, query: Any, reply: Any
) -> Operation:
    return Operation(name, "GET", path, handler, None, False, summary, query, reply)


_TRANSACTIONS = (
    manners.CREATE,
    manners.CREATE_OR_ADJUST,
    _read("get_transaction", _ONE, transactions.get, "Reads a document by its code.", Fetch, TransactionReply),
    _read(
        "get_transaction_of_type", _ONE + "/types/{type}", transactions.get, "Reads by code and type.", Fetch,
        TransactionReply,
    ),
    _read(
        "get_transaction_by_id", "/api/v2/transactions/{id}", transactions.get_by_id, "Reads by id.", Fetch,
        TransactionReply,
    ),
    _read("list_transactions", _ALL, transactions.list_all, "Lists documents.", Listing, _LISTED),
    *(
        _write(f"{name}_transaction", f"{_ONE}/{name}", transactions.step(change), body, summary, TransactionReply)
        for name, (body, change, summary) in _STEPS.items()
    ),
    _write(
        "adjust_transaction", _ONE + "/adjust", transactions.adjust, bodies.Adjust, "Revises a document.",
        TransactionReply,
    ),
    _write(
        "refund_transaction", _ONE + "/refund", transactions.refund, bodies.Refund, "Makes a return.", TransactionReply
    ),
    _write(
        "add_lines", "/api/v2/companies/transactions/lines/add", transactions.add_lines, bodies.AddLines, "Adds lines.",
        TransactionReply,
    ),
    _write(
        "delete_lines", "/api/v2/companies/transactions/lines/delete", transactions.remove_lines, bodies.RemoveLines,
        "Takes lines away.", TransactionReply,
    ),
    _write(
        "lock_transactions", "/api/v2/transactions/lock", transactions.lock_all, bodies.BulkLock,
        "Locks documents by id.", transactions.Locked,
    ),
)  # fmt: skip
_COMPANIES = (
    _read(
        "list_companies", "/api/v2/companies", calls.companies, "Lists companies.", Listing,
        Fetched[directory.CompanyReply],
    ),
    _write(
        "create_companies", "/api/v2/companies", calls.create_companies, list[directory.CompanyInput],
        "Creates companies.", list[directory.CompanyReply],
    ),
    _write(
        "initialize_company", "/api/v2/companies/initialize", calls.initialize_company, directory.CompanyStart,
        "Creates a company that is registered where it stands.", directory.CompanyReply,
    ),
    _read(
        "get_company", "/api/v2/companies/{company}", calls.company, "Reads a company.", Fetch, directory.CompanyReply
    ),
    _write(
        "change_company", "/api/v2/companies/{company}", calls.change_company, directory.CompanyInput,
        "Changes a company.", directory.CompanyReply, "PUT",
    ),
    _read(
        "list_nexus", "/api/v2/companies/{company}/nexus", calls.nexus, "Lists registrations.", Listing,
        Fetched[calls.NexusReply],
    ),
)  # fmt: skip
_CUSTOMER_PAGE, _CERTIFICATE_PAGE = Fetched[directory.CustomerReply], Fetched[directory.CertificateReply]
_EXEMPTIONS = (
    _read("list_customers", _CUSTOMERS, calls.customers, "Lists customers.", Listing, _CUSTOMER_PAGE),
    _write(
        "create_customers", _CUSTOMERS, calls.create_customers, list[directory.CustomerInput], "Creates customers.",
        list[directory.CustomerReply],
    ),
    _read("get_customer", _CUSTOMER, calls.customer, "Reads a customer.", Fetch, directory.CustomerReply),
    _write(
        "change_customer", _CUSTOMER, calls.change_customer, directory.CustomerInput, "Changes a customer.",
        directory.CustomerReply, "PUT",
    ),
    _write(
        "delete_customer", _CUSTOMER, calls.drop_customer, None, "Forgets a customer.", directory.CustomerReply,
        "DELETE",
    ),
    _read(
        "list_certificates_of_customer", _CUSTOMER + "/certificates", calls.certificates_of,
        "Lists the certificates of a customer.", Listing, _CERTIFICATE_PAGE,
    ),
    _read(
        "get_exemption", _CUSTOMER + "/certificates/{country}/{region}", calls.validity,
        "Tells whether a customer is exempt in a region.", None, calls.Validity,
    ),
    _write(
        "link_certificates", _CUSTOMER + "/certificates/link", calls.link_certificates, directory.LinkCertificates,
        "Links certificates with a customer.", _CERTIFICATE_PAGE,
    ),
    _write(
        "unlink_certificates", _CUSTOMER + "/certificates/unlink", calls.unlink_certificates,
        directory.LinkCertificates, "Parts certificates from a customer.", _CERTIFICATE_PAGE,
    ),
    _read("list_certificates", _CERTIFICATES, calls.certificates, "Lists certificates.", Listing, _CERTIFICATE_PAGE),
    _write(
        "create_certificates", _CERTIFICATES, calls.create_certificates, list[directory.CertificateInput],
        "Records certificates.", list[directory.CertificateReply],
    ),
    _read(
        "get_certificate", _CERTIFICATE, calls.certificate, "Reads a certificate.", Fetch, directory.CertificateReply
    ),
    _write(
        "change_certificate", _CERTIFICATE, calls.change_certificate, directory.CertificateInput,
        "Changes a certificate.", directory.CertificateReply, "PUT",
    ),
    _write("delete_certificate", _CERTIFICATE, calls.drop_certificate, None, "Forgets a certificate.", None, "DELETE"),
    _read(
        "list_customers_of_certificate", _CERTIFICATE + "/customers", calls.customers_of,
        "Lists the customers of a certificate.", Listing, _CUSTOMER_PAGE,
    ),
    _write(
        "link_customers", _CERTIFICATE + "/customers/link", calls.link_customers, directory.LinkCustomers,
        "Links customers with a certificate.", _CUSTOMER_PAGE,
    ),
    _write(
        "unlink_customers", _CERTIFICATE + "/customers/unlink", calls.unlink_customers, directory.LinkCustomers,
        "Parts customers from a certificate.", _CUSTOMER_PAGE,
    ),
)  # fmt: skip
_LISTS: tuple[tuple[str, str, Callable[[TaxEngine, Call], Reply], Any], ...] = (
    ("tax_codes", "/api/v2/definitions/taxcodes", definitions.tax_codes, Fetched[definitions.TaxCode]),
    ("entity_use_codes", "/api/v2/definitions/entityusecodes", definitions.use_codes, Fetched[definitions.UseCode]),
    ("countries", "/api/v2/definitions/countries", definitions.countries, Fetched[definitions.Country]),
    ("regions", "/api/v2/definitions/regions", definitions.regions, Fetched[definitions.Region]),
    (
        "regions_of_country", "/api/v2/definitions/countries/{country}/regions", definitions.regions,
        Fetched[definitions.Region],
    ),
    ("currencies", "/api/v2/definitions/currencies", definitions.currencies, Fetched[definitions.Currency]),
    (
        "exempt_reasons", "/api/v2/definitions/certificateexemptreasons", definitions.exempt_reasons,
        Fetched[directory.NamedReply],
    ),
    (
        "exposure_zones", "/api/v2/definitions/certificateexposurezones", definitions.exposure_zones,
        Fetched[directory.ZoneReply],
    ),
    ("subscriptions", "/api/v2/utilities/subscriptions", definitions.subscriptions, Fetched[definitions.Subscription]),
)  # fmt: skip
OPERATIONS = (
    _read(
        "ping", "/api/v2/utilities/ping", manners.ping, "Tells whether the credentials are good.", None, manners.Ping
    ),
    *_TRANSACTIONS,
    *_COMPANIES,
    *_EXEMPTIONS,
    *(
        _read(f"list_{name}", path, handler, f"Lists {name.replace('_', ' ')}.", Listing, page)
        for name, path, handler, page in _LISTS
    ),
    _read(
        "get_subscription", "/api/v2/utilities/subscriptions/{service}", definitions.subscription,
        "Reads a subscription.", None, definitions.Subscription,
    ),
    Operation(
        "resolve_address", "POST", "/api/v2/addresses/resolve", definitions.resolve, bodies.Address, False,
        "Puts an address right.", None, places.Resolution,
    ),
    _read(
        "resolve_address_by_query", "/api/v2/addresses/resolve", definitions.resolve, "Puts an address right.",
        AddressQuery, places.Resolution,
    ),
    _read(
        "rates_by_address", "/api/v2/taxrates/byaddress", definitions.rates, "Rates of an address.", AddressQuery,
        definitions.Rates,
    ),
    _read(
        "rates_by_postal_code", "/api/v2/taxrates/bypostalcode", definitions.rates, "Rates of a place.", AddressQuery,
        definitions.Rates,
    ),
)  # fmt: skip


def dialect(quirks: Quirks) -> Dialect:
    """Return the dialect with the limits and the strictness these quirks set."""
    strict = quirks.refuses_unknown_members
    return msgspec.structs.replace(
        DIALECT,
        limits=LimitPolicy(requests=quirks.requests_per_second),
        decode=partial(manners.decode, refuses_unknown=True) if strict else manners.decode,
        classify=partial(manners.classify, refuses_unknown=True) if strict else manners.classify,
        identity=partial(manners.identity, refuses_unknown=True) if strict else manners.identity,
    )


DIALECT = Dialect(
    system="tax",
    operations=OPERATIONS,
    refuse=refuse,
    decode=manners.decode,
    identity=manners.identity,
    authenticate=manners.authenticate,
    finish=manners.finish,
    deliver=manners.no_webhooks,
    acts=ACTS,
    agenda={},
    limits=LimitPolicy(requests=Quirks().requests_per_second),
    classify=manners.classify,
)
