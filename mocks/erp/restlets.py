"""RESTlets: scripts of the account behind one address, told apart by `script` and `deploy`.

A team's own scripts are Python functions here, `handler(erp, call)`, named by the switch `restlets`
(`{"customscript_x/customdeploy_x": "their_module:function"}`), or an answer given by the act `deploy_restlet`. One
comes with the account, as an example: `customscript_credit_standing`, deployment 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import msgspec

from mocks.erp import finance_scripts
from mocks.kernel.operations import Refusal

RESTLET_PATH = "/app/site/hosting/restlet.nl"


class RestletCall(msgspec.Struct, frozen=True):
    """What a script is given: the method, the parameters of the address but its own two, and the decoded body."""

    method: str
    parameters: Mapping[str, str]
    body: Any


class Restlet(msgspec.Struct, frozen=True):
    """One deployment of a script: `handler(erp, call)` returns what is answered as JSON, text as it is."""

    script: str
    deploy: str
    handler: Callable[[Any, RestletCall], Any]


def credit_standing(erp: Any, call: RestletCall) -> Any:
    """Return the credit standing of the customer with the external id `account`."""
    record = erp.customers.shelf.of_external(call.parameters.get("account", ""))
    if record is None:
        raise Refusal("script_error", "There is no such customer.", script_code="RCRD_DSNT_EXIST")
    return {"account": record.account, "status": record.status, "limit_minor": record.limit_minor}


class Restlets:
    """The deployed scripts."""

    def __init__(self, restlets: Mapping[str, str]) -> None:
        self._deployed: dict[tuple[str, str], Restlet] = {}
        self.deploy(Restlet("customscript_credit_standing", "1", credit_standing))
        for script, handler in finance_scripts.SCRIPTS.items():
            self.deploy(Restlet(script, "1", handler))
        for name, function in restlets.items():
            self.deploy(_named(name, function))

    def deploy(self, restlet: Restlet) -> None:
        """Deploy a script, in place of the one with the same names."""
        self._deployed[restlet.script, restlet.deploy] = restlet

    def find(self, script: str, deploy: str) -> Restlet:
        """Return a deployed script, or refuse as the vendor does."""
        if not script or not deploy:
            missing = "deploy" if script else "script"
            detail = f"Missing a required argument: {missing}"
            raise Refusal("script_error", detail, script_code="SSS_MISSING_REQD_ARGUMENT")
        found = self._deployed.get((script, deploy))
        if found is None:
            detail = "That script is invalid, disabled, or does not exist any more."
            raise Refusal("script_error", detail, script_code="SSS_INVALID_SCRIPTLET_ID")
        return found


def _named(name: str, function: str) -> Restlet:
    """Return the script `script/deploy` whose handler is `module:function`; raise ValueError when there is none."""
    script, _, deploy = name.partition("/")
    module, _, attribute = function.partition(":")
    if not (script and deploy and module and attribute):
        raise ValueError(f"a RESTlet is 'script/deploy': 'module:function', not {name!r}: {function!r}")
    handler: Callable[[Any, RestletCall], Any] = getattr(import_module(module), attribute)
    return Restlet(script, deploy, handler)
