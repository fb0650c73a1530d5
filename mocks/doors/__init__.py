"""Doors: how real clients reach a world. `live.LiveWorld` gives it a clock, `serving.running` opens its ports."""
