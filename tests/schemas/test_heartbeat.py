"""The text of a heartbeat."""

import json

from schemas.heartbeat import HEARTBEAT_TYPE, encode_heartbeat


def test_a_heartbeat_is_a_complete_cloud_event() -> None:
    """A heartbeat has all required attributes, its own type, and says where and when."""
    shape = json.loads(encode_heartbeat(3, "2014-06-01T00:00:00Z"))
    assert shape == {
        "specversion": "1.0",
        "id": "3-2014-06-01T00:00:00Z",
        "source": "meterclose/heartbeat",
        "type": HEARTBEAT_TYPE,
        "subject": "partition-3",
        "time": "2014-06-01T00:00:00Z",
    }
