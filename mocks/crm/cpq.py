"""The CPQ service router: quotes read, priced and saved as models, JSON text inside JSON.

A model holds the quote's record and its lines. Prices are quantity times unit price: parity with the vendor's pricing
engine is no aim. Source: the vendor's public documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from domain.http import Reply
from mocks.crm import ids
from mocks.crm.bodies import RouterCall
from mocks.crm.model import Crm
from mocks.crm.objects import PRODUCT, QUOTE, QUOTE_LINE
from mocks.crm.schema import ID, Row, SObject
from mocks.crm.shapes import every_field, render
from mocks.kernel.codec import encode_json
from mocks.kernel.operations import Call, Refusal, json_reply

_decode = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode
_BASE = "/services/data/v62.0/sobjects/"
_PRICED = ("Quantity", "UnitPrice", "ListPrice")
_SAVED = (*_PRICED, "Product2Id", "ProductCode__c")


def route(crm: Crm, call: Call) -> Reply:
    """Answer a call of the router: the class that `reader`, `loader` or `saver` names does the work."""
    asked: RouterCall | None = call.body
    name = call.query.get("reader") or call.query.get("loader") or (asked.saver if asked is not None else "")
    work = _CLASSES.get((call.request.method, name.removeprefix("SBQQ.")))
    if work is None:
        raise Refusal("apex", f"there is no class {name or '(none named)'} for {call.request.method}")
    model = work(crm, asked or RouterCall(), call.query.get("uid", ""))
    return json_reply(encode_json(model).decode())


def _read(crm: Crm, _asked: RouterCall, uid: str) -> Any:
    row = crm.store.get(QUOTE, ids.canonical(uid) or "")
    if row is None:
        raise Refusal("apex", f"there is no quote {uid}")
    return _model(crm, row)


def _load_product(crm: Crm, _asked: RouterCall, uid: str) -> Any:
    row = crm.store.get(PRODUCT, ids.canonical(uid) or "")
    if row is None:
        raise Refusal("apex", f"there is no product {uid}")
    return {"record": _record(crm, PRODUCT, row), "options": [], "features": [], "constraints": []}


def _calculate(_crm: Crm, asked: RouterCall, _uid: str) -> Any:
    return _priced(_quote_of(_text(asked.context)))


def _add_products(crm: Crm, asked: RouterCall, _uid: str) -> Any:
    context = _text(asked.context)
    model, products = _quote_of(context), context.get("products")
    if not isinstance(products, list):
        raise Refusal("apex", "the context holds no products")
    for product in products:
        record = product.get("record") if isinstance(product, Mapping) else None
        key = ids.canonical(str(record.get("Id"))) if isinstance(record, Mapping) else None
        row = crm.store.get(PRODUCT, key or "")
        if row is None:
            raise Refusal("apex", "a product of the context is not in the catalogue")
        added = {"Product2Id": row[ID], "ProductCode__c": row[PRODUCT.at("ProductCode")], "Quantity": 1}
        added |= {"UnitPrice": 0, "ListPrice": 0, "QuoteId": model["record"].get("Id")}
        number = len(model["lineItems"]) + 1
        model["lineItems"].append({"record": {"attributes": {"type": QUOTE_LINE.name}, **added}, "key": number})
        model["nextKey"] = number + 1
    return _priced(model)


def _save(crm: Crm, asked: RouterCall, _uid: str) -> Any:
    """Save the lines of a model: new ones are created, known ones changed, missing ones deleted."""
    model = _quote_of({"quote": _text(asked.model)})
    quote = crm.store.get(QUOTE, ids.canonical(str(model["record"].get("Id"))) or "")
    if quote is None:
        raise Refusal("apex", "the model's quote is not there")
    known = {row[ID]: row for row in crm.quotes.lines(quote)}
    for line in model["lineItems"]:
        record = line["record"]
        fields = {name: record[name] for name in _SAVED if record.get(name) is not None}
        row = known.pop(str(record.get("Id")), None)
        if row is None:
            crm.records.create(QUOTE_LINE, {**fields, "QuoteId": quote[ID]})
        else:
            crm.records.change(QUOTE_LINE, row, fields)
    for row in known.values():
        if crm.store.get(QUOTE_LINE, row[ID]) is not None:  # a part went with its bundle
            crm.records.delete(QUOTE_LINE, row)
    saved = crm.store.get(QUOTE, quote[ID])
    assert saved is not None, "a quote does not go by saving it"
    return _model(crm, saved)


_CLASSES: Mapping[tuple[str, str], Callable[[Crm, RouterCall, str], Any]] = {
    ("GET", "QuoteAPI.QuoteReader"): _read,
    ("PATCH", "QuoteAPI.QuoteCalculator"): _calculate,
    ("PATCH", "QuoteAPI.QuoteProductAdder"): _add_products,
    ("PATCH", "ProductAPI.ProductLoader"): _load_product,
    ("POST", "QuoteAPI.QuoteSaver"): _save,
}


# --- models -------------------------------------------------------------------------------------------------------


def _model(crm: Crm, row: Row) -> dict[str, Any]:
    rows = crm.quotes.lines(row)
    lines = [{"record": _record(crm, QUOTE_LINE, line), "key": key} for key, line in enumerate(rows, 1)]
    model = {"record": _record(crm, QUOTE, row), "lineItems": lines, "lineItemGroups": [], "nextKey": len(lines) + 1}
    return _priced(model)


def _record(crm: Crm, of: SObject, row: Row) -> dict[str, Any]:
    found: dict[str, Any] = render(crm.store, of, every_field(of), row, _BASE, ())
    return found


def _text(text: str) -> dict[str, Any]:
    try:
        return _decode(text.encode())
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise Refusal("apex", f"the text inside the body is not JSON: {error}") from error


def _quote_of(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the quote's model of a context; raise Refusal for one without a record or with lines that are none."""
    model = context.get("quote")
    if not isinstance(model, dict) or not isinstance(model.get("record"), dict):
        raise Refusal("apex", "the context holds no quote with a record")
    lines = model.setdefault("lineItems", [])
    if not isinstance(lines, list) or not all(isinstance(each, dict) and _is_record(each) for each in lines):
        raise Refusal("apex", "lineItems is a list of lines, each with a record")
    return model


def _is_record(line: Mapping[str, Any]) -> bool:
    return isinstance(line.get("record"), dict)


def _priced(model: dict[str, Any]) -> dict[str, Any]:
    net, listed = Decimal(0), Decimal(0)
    for line in model["lineItems"]:
        record = line["record"]
        quantity, unit, list_unit = [_number(record.get(name)) for name in _PRICED]
        record["TotalPrice"] = quantity * unit
        net, listed = net + quantity * unit, listed + quantity * (list_unit or unit)
    return {**model, "netTotal": net, "listTotal": listed, "customerTotal": net, "netNonSegmentTotal": net}


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or abs(Decimal(value)) >= 10**15:
        return Decimal(0)
    return Decimal(value)
