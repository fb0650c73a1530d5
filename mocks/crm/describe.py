"""Describe: the schema as the vendor shows it to clients."""

from __future__ import annotations

from typing import Any

from mocks.crm.schema import TEXT_TYPES, Field, Schema, SObject

_SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "double": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
}


def describe_field(field: Field) -> dict[str, Any]:
    """Return one field of a describe result."""
    return {
        "name": field.name,
        "label": field.name.removesuffix("__c"),
        "type": field.type,
        "length": field.length if field.type in TEXT_TYPES else 0,
        "scale": field.scale,
        "nillable": field.nillable,
        "createable": field.createable,
        "updateable": field.updateable,
        "custom": field.name.endswith("__c"),
        "externalId": field.external_id,
        "unique": field.external_id and not field.repeats,
        "idLookup": field.external_id or field.type == "id",
        "nameField": field.name == "Name",
        "autoNumber": bool(field.numbered),
        "calculated": False,
        "filterable": field.type != "textarea",
        "sortable": field.type != "textarea",
        "groupable": field.type not in ("textarea", "currency", "percent", "double", "datetime"),
        "aggregatable": field.type not in ("textarea", "boolean"),
        "defaultedOnCreate": field.type == "boolean" or bool(field.numbered),
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "byteLength": 3 * field.length if field.type in TEXT_TYPES else 0,
        "digits": 9 if field.type == "int" else 0,
        "precision": 18 if field.type in ("currency", "percent", "double") else 0,
        "picklistValues": [
            {"value": value, "label": value, "active": True, "defaultValue": False} for value in field.picklist
        ],
        "restrictedPicklist": bool(field.picklist),
        "referenceTo": [field.refers_to] if field.refers_to else [],
        "relationshipName": field.reads_as or None,
    }


def summary(of: SObject, base: str) -> dict[str, Any]:
    """Return what the list of objects says of one."""
    path = f"{base}sobjects/{of.name}"
    return {
        "name": of.name,
        "label": of.name,
        "labelPlural": of.label_plural,
        "keyPrefix": of.prefix,
        "custom": of.name.endswith("__c"),
        "queryable": not of.is_event,
        "retrieveable": not of.is_event,
        "searchable": not of.is_event,
        "replicateable": not of.is_event,
        "createable": True,
        "updateable": not of.is_event,
        "deletable": not of.is_event,
        "undeletable": False,
        "customSetting": False,
        "triggerable": not of.is_event,
        "urls": {"sobject": path, "describe": f"{path}/describe", "rowTemplate": f"{path}/{{ID}}"},
    }


def describe(of: SObject, base: str) -> dict[str, Any]:
    """Return the full description of an object."""
    children = [
        {"childSObject": child, "field": field, "relationshipName": name} for name, child, field in of.children.values()
    ]
    return {
        **summary(of, base),
        "fields": [describe_field(field) for field in of.fields],
        "childRelationships": children,
    }


def describe_all(schema: Schema, base: str) -> dict[str, Any]:
    """Return the list of objects."""
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [summary(of, base) for of in schema.objects],
    }
