"""Reasons for which a record, or its share in one meter, is refused: a closed list."""

from __future__ import annotations

from enum import StrEnum


class RejectReason(StrEnum):
    """Why usage was refused.

    All hold for the whole record, except MISSING_UNITS and BAD_UNITS, which hold for one meter:
    the other meters still count the event.
    """

    EMPTY_RECORD = "empty_record"
    TOO_LARGE = "too_large"
    MALFORMED_JSON = "malformed_json"
    NOT_AN_OBJECT = "not_an_object"
    MISSING_FIELD = "missing_field"
    TOO_LONG = "too_long"
    UNSUPPORTED_SPECVERSION = "unsupported_specversion"
    BAD_TIME = "bad_time"
    TOO_FAR_FUTURE = "too_far_future"
    TOO_OLD = "too_old"
    BAD_RETRACTION = "bad_retraction"
    UNKNOWN_TYPE = "unknown_type"
    MISSING_UNITS = "missing_units"
    BAD_UNITS = "bad_units"


METER_REASONS = frozenset({RejectReason.MISSING_UNITS, RejectReason.BAD_UNITS})
"""The reasons that hold for one meter only."""
