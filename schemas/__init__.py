"""Shapes: the frozen values that rules, storage and programs exchange."""
