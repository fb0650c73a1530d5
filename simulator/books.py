"""Books: in which of several ERPs people do what a scenario has them do in "the ERP"."""

from __future__ import annotations

from collections.abc import Mapping

from domain.acts import Act

_EVERYWHERE = frozenset({"create_item", "add_rate", "create_subsidiary"})
LEGACY = "legacy_erp"


class Books:
    """Finds the systems an act belongs in; it learns which account belongs to which legal entity from what it sees."""

    def __init__(self, ledgers: Mapping[str, str]) -> None:
        self._ledgers = ledgers
        self._entities: dict[str, str] = {}

    def systems_of(self, act: Act) -> tuple[str, ...]:
        """Return the systems in which an act is done."""
        told = act.arguments
        if not self._ledgers:
            return (act.system,)
        if "account" in told and "entity" in told:
            self._entities[told["account"]] = told["entity"]
        if act.system != "erp":
            return (act.system,)
        others = dict.fromkeys(self._ledgers.values())
        if act.action in _EVERYWHERE:
            wanted = others if act.action == "create_item" else [each for each in others if each != LEGACY]
            return ("erp", *wanted)
        entity = told.get("entity") or self._entities.get(told.get("account", ""), "")
        ledger = self._ledgers.get(entity, "erp")
        return ("erp",) if ledger == LEGACY else (ledger,)
