"""How properties run: no time limit on an example, and a failure prints what reproduces it."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("meterclose", deadline=None, print_blob=True)
settings.load_profile("meterclose")
