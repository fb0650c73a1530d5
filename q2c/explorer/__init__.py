"""The explorer: a page on which sliders move a scenario's parameters and the what-if engine answers at once."""
