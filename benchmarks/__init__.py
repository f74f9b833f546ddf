"""Measures the speed and memory of the whole job beside its floor and a plain loop."""
