"""Facts about contract schemas."""

from domain.events.fact import Fact, event_type


class ContractSchemaPublished(Fact, frozen=True, kw_only=True):
    """A schema version passed, or failed, its compatibility check; `compatibility` is the result."""

    subject: str
    version: str
    compatibility: str


EVENT_TYPES = (
    event_type(
        47,
        "contract_schema.published",
        ContractSchemaPublished,
        producers="registry",
        consumers="ci",
        subject="subject",
        key="{subject}:{version}",
    ),
)
