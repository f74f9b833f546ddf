"""How properties run: no time limit on an example, and a failure prints what reproduces it."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings


def load_profile() -> None:
    """Choose the profile; before any test is imported, as each keeps what it finds then."""
    # A busy machine may take long to draw; what is slow is for `make bench` to say.
    settings.register_profile(
        "meterclose",
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    # Against mutants: a few examples, the same in each run.
    settings.register_profile(
        "mutation",
        deadline=None,
        database=None,
        derandomize=True,
        max_examples=10,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "meterclose"))
