"""The heartbeat: a record that carries no usage and only moves log time on.

Metering's clock is the Kafka timestamp of the records, per partition, so a partition without
traffic would stop it. A heartbeat is a CloudEvent like any other, told from usage by its reserved
`type` alone; it passes the same checks up to `unsupported_specversion` and none after them, is not
deduplicated, and is neither counted nor rejected.
"""

HEARTBEAT_TYPE = "meterclose.heartbeat"
_HEARTBEAT_SOURCE = "meterclose/heartbeat"


def encode_heartbeat(partition: int, time: str) -> bytes:
    """Return the value of a heartbeat record; its key is null and its timestamp the log time.

    Args:
        partition: the partition it is written into; its subject, as every event needs one.
        time: the log time it stands for, as RFC 3339 in UTC.
    """
    return (
        f'{{"specversion":"1.0","id":"{partition}-{time}","source":"{_HEARTBEAT_SOURCE}",'
        f'"type":"{HEARTBEAT_TYPE}","subject":"partition-{partition}","time":"{time}"}}'
    ).encode()
