"""The dialect: Salesforce REST with its logins, sObject resources, queries and outbound messages, as one table."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from domain.http import Reply
from mocks.crm import handlers
from mocks.crm.acts import ACTS, AGENDA
from mocks.crm.errors import refuse
from mocks.crm.logins import TOKEN_PATH, authenticate, issue_token, revoke_token
from mocks.crm.messages import RETRY_SECONDS, acknowledged, deliver
from mocks.crm.model import Crm
from mocks.kernel.codec import Undecodable, decode_form
from mocks.kernel.operations import Call, Operation
from mocks.kernel.service import Dialect

_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def decode(call: Call) -> Any:
    """Return the body: a form for logins, an object for records; check the version of the path first."""
    version = call.params.get("version")
    if version is not None and version not in handlers.VERSIONS:
        handlers.version_of(call)
    if call.operation.body is None:
        return None
    if call.operation.path.startswith("/services/oauth2"):
        return decode_form(call.request.body)
    try:
        return _decoder.decode(call.request.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Undecodable(str(error)) from error


def identity(call: Call) -> str:
    """Return the external id an upsert names: the only repeated intent this vendor recognises."""
    if call.operation.name == "upsert_record":
        return f"{call.params['object']}/{call.params['field']}/{call.params['value']}"
    return ""


def finish(reply: Reply, _call: Call) -> Reply:
    """Return the reply as it is: the usage header needs the organisation's count (`bound`)."""
    return reply


_DATA = "/services/data/{version}/"
_RECORD = _DATA + "sobjects/{object}/{id}"
_EXTERNAL = _DATA + "sobjects/{object}/{field}/{value}"
OPERATIONS = (
    Operation("issue_token", "POST", TOKEN_PATH + "token", issue_token, dict),
    Operation("revoke_token", "POST", TOKEN_PATH + "revoke", revoke_token, dict),
    Operation("list_versions", "GET", "/services/data", handlers.list_versions),
    Operation("list_resources", "GET", _DATA, handlers.list_resources),
    Operation("get_limits", "GET", _DATA + "limits", handlers.get_limits),
    Operation("list_objects", "GET", _DATA + "sobjects", handlers.list_objects),
    Operation("show_object", "GET", _DATA + "sobjects/{object}", handlers.show_object),
    Operation("describe_object", "GET", _DATA + "sobjects/{object}/describe", handlers.describe_object),
    Operation("list_updated", "GET", _DATA + "sobjects/{object}/updated", handlers.list_updated),
    Operation("list_deleted", "GET", _DATA + "sobjects/{object}/deleted", handlers.list_deleted),
    Operation("create_record", "POST", _DATA + "sobjects/{object}", handlers.create_record, dict, True),
    Operation("get_record", "GET", _RECORD, handlers.get_record),
    Operation("update_record", "PATCH", _RECORD, handlers.update_record, dict, True),
    Operation("delete_record", "DELETE", _RECORD, handlers.delete_record, None, True),
    Operation("get_by_external_id", "GET", _EXTERNAL, handlers.get_by_external_id),
    Operation("upsert_record", "PATCH", _EXTERNAL, handlers.upsert_record, dict, True),
    Operation("delete_by_external_id", "DELETE", _EXTERNAL, handlers.delete_by_external_id, None, True),
    Operation("query", "GET", _DATA + "query", handlers.query),
    Operation("query_all", "GET", _DATA + "queryAll", handlers.query_all),
    Operation("query_more", "GET", _DATA + "query/{locator}", handlers.query_more),
)
DIALECT = Dialect(
    system="crm",
    operations=OPERATIONS,
    refuse=refuse,
    decode=decode,
    identity=identity,
    authenticate=authenticate,
    finish=finish,
    deliver=deliver,
    acts=ACTS,
    agenda=AGENDA,
    retry_seconds=RETRY_SECONDS,
    acknowledged=acknowledged,
)


def bound(crm: Crm) -> Dialect:
    """Return the dialect of one organisation: each reply carries how much of the day's allowance is used."""
    allowance = crm.allowance

    def counted(reply: Reply, _call: Call) -> Reply:
        usage = f"api-usage={allowance.used}/{allowance.maximum}"
        return Reply(reply.status, {**reply.headers, "sforce-limit-info": usage}, reply.body)

    return msgspec.structs.replace(DIALECT, finish=counted)
