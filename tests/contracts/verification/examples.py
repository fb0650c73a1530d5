"""Findings and tallies for the tests of what is made of them."""

from __future__ import annotations

from contracts.findings import Finding, Place, Rule, Tally

HOSTILE = 'a "quoted" <b>|cell|</b> & more\x00, 100 % ::error::\nnext'

BROKEN = Finding(
    rule="D.REQ.01",
    severity="error",
    message="`tenant` became required; callers that do not send it are refused. Make it optional, or release a v2.",
    subject="POST /v1/orders",
    place=Place("contracts/openapi/orders.json", 12, 3, "/paths/~1v1~1orders/post"),
    evidence=("required: [id]", "required: [id, tenant]"),
)
REMARK = Finding(rule="D.NEW.02", severity="warning", message=HOSTILE, subject=HOSTILE)
RULES = {"D.REQ.01": Rule(id="D.REQ.01", sentence="A request property does not become required.", why="Callers break.")}

COMPATIBILITY = Tally(
    suite="compatibility", checked=7, findings=(BROKEN, REMARK), passed=("D.RES.01 GET /v1/orders",),
    skipped=(("D.SUN.01", "no sunset is declared"),), seconds=1.25,
)  # fmt: skip
DOWN = Tally(suite="server", checked=0, could_not_run="nobody answers at http://127.0.0.1:9: connection refused")
EMPTY = Tally(suite="pacts", checked=0)
GREEN = Tally(suite="events", checked=3, passed=("one", "two", "three"))
