"""Checks that Flink finds our jars, before anything is submitted."""

from collections.abc import Iterator

from pyflink.java_gateway import get_gateway

from jobs.settings import CatalogSettings, CatalogType

# Each jar with a class of it that the job cannot do without.
_JARS = (
    ("flink-sql-connector-kafka", "org.apache.flink.connector.kafka.source.KafkaSource"),
    ("iceberg-flink-runtime", "org.apache.iceberg.flink.FlinkCatalogFactory"),
    ("hadoop-client-api", "org.apache.hadoop.conf.Configuration"),
    ("hadoop-client-runtime", "org.apache.hadoop.shaded.com.ctc.wstx.io.WstxInputSource"),
)
_DRIVERS = {
    CatalogType.SQLITE: ("sqlite-jdbc", "org.sqlite.JDBC"),
    CatalogType.JDBC: ("postgresql", "org.postgresql.Driver"),
}


class MissingJarError(Exception):
    """A jar is not on Flink's class path; the message is one line that names it."""


def check_class_path(catalog: CatalogSettings) -> None:
    """Check that the client's Flink has every jar that the job and its catalog need.

    Raises:
        MissingJarError: the first one that it lacks.
    """
    for fault in find_missing_jars(catalog):
        raise fault


def find_missing_jars(catalog: CatalogSettings) -> Iterator[MissingJarError]:
    """Yield each jar that the client's Flink lacks; a Java process is started for it."""
    thread = get_gateway().jvm.java.lang.Thread.currentThread()
    loader = thread.getContextClassLoader()
    driver = _DRIVERS.get(catalog.type)
    for jar, name in (*_JARS, *([driver] if driver else [])):
        if loader.getResource(f"{name.replace('.', '/')}.class") is None:
            yield MissingJarError(
                f"missing jar, class path of Flink: expected {jar}, found none; run `make setup`"
                " and put it in Flink's lib folder"
            )
