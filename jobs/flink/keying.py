"""The key of the keyed stage: a bucket of accounts, computed in SQL.

PyFlink's own `key_by` calls Python once for each row only to learn the key; with the key in the
row, the rows go to the keyed stage straight from the JVM (docs/performance.md).
"""

from pyflink.common import Types
from pyflink.common.typeinfo import RowTypeInfo
from pyflink.datastream import DataStream, KeyedStream, OutputTag
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
    pair_type = pair_of(row_type)
    stream._j_data_stream.getTransformation().setOutputType(pair_type.get_java_type_info())
    return _keyed(stream, row_type)


def side_output_by_bucket(stream: DataStream, tag: OutputTag, row_type: RowTypeInfo) -> KeyedStream:
    """Return a side output of (bucket, row) as the rows, keyed by the bucket.

    It leaves out the operators that `get_side_output` and `key_by` add, each a call of Python.

    Args:
        stream: Of the keyed stage.
        tag: The side output; its type is `pair_of(row_type)`.
        row_type: Of the rows.
    """
    side = DataStream(stream._j_data_stream.getSideOutput(tag.get_java_output_tag()))
    return _keyed(side, row_type)


def pair_of(row_type: RowTypeInfo) -> RowTypeInfo:
    """Return the type of a bucket and a row."""
    return Types.ROW([Types.INT(), row_type])


def _keyed(stream: DataStream, row_type: RowTypeInfo) -> KeyedStream:
    key_type = Types.ROW([Types.INT()]).get_java_type_info()
    selector = get_gateway().jvm.KeyByKeySelector()
    return KeyedStream(stream._j_data_stream.keyBy(selector, key_type), row_type, stream)
