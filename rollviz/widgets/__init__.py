"""Widgets: the stage, and the player on top of it."""
