"""Products: what is sold."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import structs

from mocks.kernel.operations import Operation, Refusal
from mocks.payment.bodies import EmptyBody
from mocks.payment.model import Processor, given, merged
from mocks.payment.parts import Body, Clear, Deleted, Metadata, MetadataChange, Shape
from mocks.payment.queries import Paging
from mocks.payment.rows import alter, find, make, page, read, remove

_FIELDS = (
    "active", "description", "images", "marketing_features", "name", "package_dimensions", "shippable",
    "statement_descriptor", "tax_code", "unit_label", "url",
)  # fmt: skip


class Feature(Shape, frozen=True, kw_only=True):
    """A feature that marketing praises."""

    name: str | None = None


class Dimensions(Shape, frozen=True, kw_only=True):
    """Inches and ounces of a package."""

    height: float
    length: float
    weight: float
    width: float


class Product(Shape, frozen=True, kw_only=True):
    """A product (`prod_`), as it stands on the wire."""

    id: str
    object: str = "product"
    active: bool = True
    created: int
    default_price: str | None = None
    description: str | None = None
    images: list[str] = msgspec.field(default_factory=list)
    livemode: bool = False
    marketing_features: list[Feature] = msgspec.field(default_factory=list)
    metadata: Metadata
    name: str
    package_dimensions: Dimensions | None = None
    shippable: bool | None = None
    statement_descriptor: str | None = None
    tax_code: str | None = None
    type: str = "service"
    unit_label: str | None = None
    updated: int
    url: str | None = None


class ProductBody(Body, frozen=True, kw_only=True):
    """Make a product."""

    name: str
    active: bool | None = None
    default_price_data: dict[str, Any] | None = None
    description: str | None = None
    id: str | None = None
    images: list[str] | None = None
    marketing_features: list[Feature] | None = None
    metadata: MetadataChange = None
    package_dimensions: Dimensions | None = None
    shippable: bool | None = None
    statement_descriptor: str | None = None
    tax_code: str | None = None
    tax_details: dict[str, Any] | None = None
    type: Literal["good", "service"] | None = None
    unit_label: str | None = None
    url: str | None = None


class ProductUpdate(Body, frozen=True, kw_only=True):
    """Change a product; empty text clears."""

    active: bool | None = None
    default_price: str | None = None
    description: str | None = None
    images: list[str] | Clear | None = None
    marketing_features: list[Feature] | Clear | None = None
    metadata: MetadataChange = None
    name: str | None = None
    package_dimensions: Dimensions | Clear | None = None
    shippable: bool | None = None
    statement_descriptor: str | None = None
    tax_code: str | None = None
    tax_details: dict[str, Any] | Clear | None = None
    unit_label: str | None = None
    url: str | None = None


class ProductQuery(Paging, frozen=True, kw_only=True):
    """Which products."""

    active: bool | None = None
    ids: list[str] | None = None
    shippable: bool | None = None
    type: Literal["good", "service"] | None = None
    url: str | None = None


def create(model: Processor, body: ProductBody) -> Product:
    """Make a product, under an id of the caller's own when one is given."""
    key = body.id or model.new_id("prod")
    if key in model.tables["product"]:
        raise Refusal("resource_already_exists", f"Product already exists: {key}", field="id")
    metadata = merged({}, body.metadata)
    product = Product(
        id=key, created=model.now, updated=model.now, metadata=metadata, type=body.type or "service",
        **given(body, _FIELDS, ("name",)),
    )  # fmt: skip
    model.add("product", product)
    return product


def update(model: Processor, product: Product, body: ProductUpdate) -> Product:
    """Change a product."""
    changes = given(body, _FIELDS, ("name",))
    for name in ("images", "marketing_features"):
        if name in changes and changes[name] is None:
            changes[name] = []
    if body.default_price:
        model.referred("price", body.default_price, "default_price")
        changes["default_price"] = body.default_price
    metadata = merged(product.metadata, body.metadata)
    after: Product = model.change("product", product, **changes, metadata=metadata, updated=model.now)
    return after


def delete(model: Processor, product: Product, body: EmptyBody) -> Deleted:
    """Delete a product that has no prices."""
    if any(price.product == product.id for price in model.tables["price"].values()):
        text = "This product cannot be deleted because it has one or more user-created prices."
        raise Refusal("parameter_invalid", text, field="id")
    return model.drop("product", product)


def with_default_price(model: Processor, product: Product, price: str) -> Product:
    """Give a product its default price."""
    after = structs.replace(product, default_price=price)
    model.tables["product"][product.id] = after
    return after


_ALL, _ONE = "/v1/products", "/v1/products/{id}"
ROWS: tuple[Operation, ...] = (
    page("list_products", _ALL, "product", ProductQuery),
    find("search_products", _ALL + "/search", "product"),
    read("get_product", _ONE, "product", Product),
    alter("update_product", _ONE, "product", ProductUpdate, update, Product),
    remove("delete_product", _ONE, "product", delete),
)


def rows(make_product: Any) -> tuple[Operation, ...]:
    """Return the rows; making a product may make its default price too, which is the prices' business."""
    return (make("create_product", _ALL, "product", ProductBody, make_product, Product), *ROWS)
