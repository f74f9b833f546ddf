"""The programs: they wire rules, storage and engines together and hold no rule of their own."""

VERSION = "0.1.0"
