"""What callers send and read about companies, their customers and the certificates that exempt these."""

from __future__ import annotations

import datetime

import msgspec

from mocks.tax.bodies import Input


class CompanyInput(Input, frozen=True, kw_only=True):
    """A company to create or to change."""

    company_code: str
    name: str
    is_active: bool = False
    is_default: bool = False
    is_test: bool = False
    is_reporting_entity: bool = False
    taxpayer_id_number: str | None = None
    default_country: str = "US"
    base_currency_code: str | None = None
    rounding_level_id: str = "Line"


class CompanyStart(Input, frozen=True, kw_only=True):
    """A company with one address, set up in one step: it is active and registered where it stands."""

    name: str
    company_code: str
    line1: str
    city: str
    region: str
    postal_code: str
    country: str
    line2: str | None = None
    line3: str | None = None
    vat_registration_id: str | None = None
    taxpayer_id_number: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    email: str | None = None
    phone_number: str | None = None
    mobile_number: str | None = None
    fax_number: str | None = None


class CustomerInput(Input, frozen=True, kw_only=True):
    """A customer whom certificates can exempt; `customer_code` is the one that transactions name."""

    customer_code: str
    name: str
    line1: str
    city: str
    postal_code: str
    country: str
    line2: str | None = None
    region: str | None = None
    alternate_id: str | None = None
    email_address: str | None = None
    phone_number: str | None = None
    contact_name: str | None = None
    attn_name: str | None = None
    taxpayer_id_number: str | None = None
    is_bill: bool = True
    is_ship: bool = True


class Named(Input, frozen=True, kw_only=True):
    """Something of the vendor's lists, by its name or its id."""

    name: str | None = None
    id: int | None = None


class CustomerName(Input, frozen=True, kw_only=True):
    """A customer by code; of a customer sent with a certificate nothing else is read."""

    customer_code: str


class CertificateInput(Input, frozen=True, kw_only=True):
    """A certificate: since when, until when, why, where (an exposure zone is a state), and for whom."""

    signed_date: str
    exposure_zone: Named
    exemption_reason: Named | None = None
    expiration_date: str | None = None
    exemption_number: str | None = None
    filename: str | None = None
    valid: bool = True
    verified: bool = True
    customers: list[CustomerName] | None = None


class LinkCustomers(Input, frozen=True, kw_only=True):
    """The customers to link with a certificate, or to part from it."""

    customers: list[str]


class LinkCertificates(Input, frozen=True, kw_only=True):
    """The certificates to link with a customer, or to part from it."""

    certificates: list[int]


class Shown(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    """A model of the dialect as replies show it."""


class CompanyReply(Shown, frozen=True, kw_only=True):
    """A company; its id is what the calls about customers and certificates name."""

    id: int
    account_id: int
    company_code: str
    name: str
    is_default: bool
    is_active: bool
    is_test: bool
    has_profile: bool
    is_reporting_entity: bool
    default_country: str
    base_currency_code: str
    rounding_level_id: str
    taxpayer_id_number: str | msgspec.UnsetType = msgspec.UNSET
    created_date: datetime.datetime
    modified_date: datetime.datetime


class CustomerReply(Shown, frozen=True, kw_only=True):
    """A customer."""

    id: int
    company_id: int
    customer_code: str
    name: str
    line1: str
    line2: str | msgspec.UnsetType = msgspec.UNSET
    city: str
    region: str | msgspec.UnsetType = msgspec.UNSET
    postal_code: str
    country: str
    alternate_id: str | msgspec.UnsetType = msgspec.UNSET
    email_address: str | msgspec.UnsetType = msgspec.UNSET
    phone_number: str | msgspec.UnsetType = msgspec.UNSET
    contact_name: str | msgspec.UnsetType = msgspec.UNSET
    attn_name: str | msgspec.UnsetType = msgspec.UNSET
    taxpayer_id_number: str | msgspec.UnsetType = msgspec.UNSET
    is_bill: bool = True
    is_ship: bool = True
    created_date: datetime.datetime
    modified_date: datetime.datetime


class NamedReply(Shown, frozen=True, kw_only=True):
    """Something of the vendor's lists."""

    id: int
    name: str


class ZoneReply(Shown, frozen=True, kw_only=True):
    """An exposure zone: a state, or a country without states."""

    id: int
    name: str
    region: str
    country: str


class CertificateReply(Shown, frozen=True, kw_only=True):
    """A certificate; `customers` are shown when a call includes them."""

    id: int
    company_id: int
    signed_date: datetime.date
    expiration_date: datetime.date
    filename: str
    document_exists: bool
    valid: bool
    verified: bool
    status: str
    exemption_number: str
    exemption_reason: NamedReply
    exposure_zone: ZoneReply
    customers: list[CustomerReply] | msgspec.UnsetType = msgspec.UNSET
    created_date: datetime.datetime
    modified_date: datetime.datetime
