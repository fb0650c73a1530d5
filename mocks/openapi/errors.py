"""The error bodies of the dialects as types: what a client must be able to read when something goes wrong."""

from __future__ import annotations

import msgspec


class SalesforceError(msgspec.Struct):
    """One of the list of errors that a refused Salesforce request answers."""

    message: str
    errorCode: str
    fields: list[str] = []


class NetSuiteDetail(msgspec.Struct, rename={"error_code": "o:errorCode", "error_path": "o:errorPath"}):
    """One detail of a NetSuite problem; the path names the field."""

    detail: str
    error_code: str
    error_path: str | msgspec.UnsetType = msgspec.UNSET


class NetSuiteError(msgspec.Struct, rename={"details": "o:errorDetails"}):
    """A NetSuite problem document."""

    type: str
    title: str
    status: int
    details: list[NetSuiteDetail]


class ChargebeeError(msgspec.Struct):
    """A Chargebee error; `type` is absent when the platform itself failed, `param` when no field is to blame."""

    message: str
    api_error_code: str
    http_status_code: int
    type: str | msgspec.UnsetType = msgspec.UNSET
    param: str | msgspec.UnsetType = msgspec.UNSET
    error_code: str | msgspec.UnsetType = msgspec.UNSET
    error_msg: str | msgspec.UnsetType = msgspec.UNSET


class AvaTaxDetail(msgspec.Struct):
    """One detail of an AvaTax error."""

    code: str
    number: int
    message: str
    description: str
    severity: str


class AvaTaxErrorInfo(msgspec.Struct):
    """What went wrong, and the details of it."""

    code: str
    message: str
    target: str
    details: list[AvaTaxDetail]


class AvaTaxError(msgspec.Struct):
    """The envelope of an AvaTax error."""

    error: AvaTaxErrorInfo


class StripeErrorInfo(msgspec.Struct):
    """What went wrong: the type tells who is to blame, code and param what and where."""

    type: str
    message: str | msgspec.UnsetType = msgspec.UNSET
    code: str | msgspec.UnsetType = msgspec.UNSET
    param: str | msgspec.UnsetType = msgspec.UNSET
    decline_code: str | msgspec.UnsetType = msgspec.UNSET


class StripeError(msgspec.Struct):
    """The envelope of a Stripe error."""

    error: StripeErrorInfo


class Problem(msgspec.Struct):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
