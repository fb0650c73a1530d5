"""The sections of a report, one module each: `section(gathered)` returns a Section made of blocks."""
