"""The key of the keyed stage: a bucket of accounts, computed in SQL.

PyFlink's own `key_by` calls Python once for each row only to learn the key; with the key in the
row, the rows go to the keyed stage straight from the JVM (docs/performance.md).
"""

from pyflink.common import Types
from pyflink.common.typeinfo import RowTypeInfo
from pyflink.datastream import DataStream, KeyedStream
from pyflink.java_gateway import get_gateway

_DIGITS = "0123456789abcdef"
_HEX_DIGITS = 4


def account_bucket_sql(buckets: int) -> str:
    """Return the SQL expression of the bucket of `account_id`; part of the state's layout.

    It is that of `udfs.metering.account_bucket`: the first 16 bits of the id's MD5, read as a
    number, modulo the number of buckets.
    """
    digits = [
        f"(POSITION(SUBSTRING(MD5(account_id) FROM {place} FOR 1) IN '{_DIGITS}') - 1)"
        for place in range(1, _HEX_DIGITS + 1)
    ]
    number = " + ".join(
        f"{digit} * {16 ** (_HEX_DIGITS - at)}" for at, digit in enumerate(digits, 1)
    )
    return f"MOD({number}, {buckets})"


def keyed_by_bucket(stream: DataStream, row_type: RowTypeInfo) -> KeyedStream:
    """Return a stream of (bucket, row) from SQL as the rows, keyed by the bucket.

    It builds what `DataStream.key_by` builds after its operator that adds the key.

    Args:
        stream: Just made by SQL: nobody has asked for its type yet.
        row_type: Of the rows.
    """
    # Python's operators do not understand the type that comes from SQL.
    pair_type = Types.ROW([Types.INT(), row_type])
    stream._j_data_stream.getTransformation().setOutputType(pair_type.get_java_type_info())
    key_type = Types.ROW([Types.INT()]).get_java_type_info()
    selector = get_gateway().jvm.KeyByKeySelector()
    return KeyedStream(stream._j_data_stream.keyBy(selector, key_type), row_type, stream)
