"""F58: Numbers are written in another way, or are no numbers."""

from __future__ import annotations

from domain.faults.kind import Elsewhere, FaultKind, Place

FAULTS = (
    FaultKind(
        number="F58",
        key="odd_numbers",
        place=Place.AFTER,
        summary=("the whole numbers of a JSON reply are written with a point or an exponent: 1200 as 1200.0 or 12e2"),
        wild=("Serialisers that know one kind of number; both spellings are the same number in JSON."),
        source="RFC 8259, section 6",
        right=(
            "reads a number by its value or says that the contract has changed, and keeps money in "
            "whole minor units, never in a float."
        ),
        noticed_by=("M1", "M2", "M12"),
    ),
    Elsewhere(
        number="F58",
        name="money of other shapes",
        summary=("decimal points and thousands, no minor unit or three digits of it, a negative zero"),
        wild=('The yen has no minor unit, the dinar has three digits; a spreadsheet writes "1.234,56".'),
        source="ISO 4217",
        right=("has one table of currencies, parses by the format of each system, and refuses what does not fit."),
        noticed_by=("M2", "M4", "M12"),
        why=("Which currencies are sold in is the scenario's; a number of another shape is a changed answer."),
        shown=(
            "the library's fx_jump_and_zero_decimal and dst_and_timezone_cutoff (yen), and "
            "contracts/responses (value_mutators.py)"
        ),
    ),
)
