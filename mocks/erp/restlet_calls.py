"""The address of all RESTlets: finds the script, runs it and answers with what it returns."""

from __future__ import annotations

from domain.http import Reply
from mocks.erp.model import Erp
from mocks.erp.restlets import RestletCall
from mocks.kernel.codec import encode_json
from mocks.kernel.operations import Call

_JSON, _TEXT = {"content-type": "application/json; charset=utf-8"}, {"content-type": "text/plain; charset=utf-8"}


def run(erp: Erp, call: Call) -> Reply:
    """Run the script that `script` and `deploy` name."""
    query = dict(call.query)
    restlet = erp.restlets.find(query.pop("script", ""), query.pop("deploy", ""))
    answer = restlet.handler(erp, RestletCall(call.request.method, query, call.body))
    if isinstance(answer, str):
        return Reply(200, _TEXT, answer.encode())
    return Reply(200, _JSON, encode_json(answer))


def token_info(erp: Erp, _call: Call) -> Reply:
    """Tell whose token the caller has: the account, and the role of the integration."""
    body = {
        "companyId": erp.quirks.account,
        "companyName": erp.quirks.account,
        "roleId": "3",
        "roleName": "Integration",
        "userId": "1",
    }
    return Reply(200, _JSON, encode_json(body))
