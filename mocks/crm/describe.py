"""Describe: the schema as the vendor shows it to clients."""

from __future__ import annotations

from typing import Any

from mocks.crm.schema import TEXT_TYPES, Field, Schema, SObject


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
        "unique": field.external_id,
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
        "queryable": True,
        "createable": True,
        "updateable": True,
        "deletable": True,
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
