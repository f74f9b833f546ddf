"""Repairs usage that was lost, or counted again, by adjustments that a person approves."""
