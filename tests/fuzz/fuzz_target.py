"""Fuzzes one target in a process of its own: libFuzzer ends the process at what it finds."""

import sys

import atheris

with atheris.instrument_imports(include=["audit", "jobs.settings", "schemas", "udfs", "yaml"]):
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    program, name, *options = sys.argv
    atheris.Setup([program, *options], TARGETS[name])
    atheris.Fuzz()
