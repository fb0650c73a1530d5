"""Facts about products and price books."""

from datetime import date

from domain.events.fact import Fact, event_type


class ProductMappingChanged(Fact, frozen=True, kw_only=True):
    """The item that stands for a sku in one system changed."""

    sku: str
    system: str
    item_id: str
    active_from: date
    version: int


class PriceBookPublished(Fact, frozen=True, kw_only=True):
    """A version of a price book is in force from a date."""

    book: str
    version: int
    effective_from: date
    entries_hash: str


EVENT_TYPES = (
    event_type(
        8,
        "product.mapping_changed",
        ProductMappingChanged,
        producers="mdm",
        consumers="orchestrator",
        subject="sku",
        key="{sku}:{system}:{version}",
    ),
    event_type(
        9,
        "price_book.published",
        PriceBookPublished,
        producers="cpq",
        consumers="billing erp",
        subject="book",
        key="{book}:{version}",
    ),
)
