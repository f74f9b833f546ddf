"""Opens kafka-python clients with the settings that Java's Kafka clients understand.

`kafka.properties` uses Java's names, because Flink gives them to a Java client as they are. Those
about security are translated or refused, never ignored; the others tune Java's client and mean
nothing here.
"""

import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError

from jobs.settings import KafkaSettings, SettingsError

_ANSWER_MS = 10_000
# A new partition holds log time until a heartbeat is in it, so it must be noticed soon.
_METADATA_MS = 5_000
_CLOSE_S = 10
# So long the partitions of a member that was killed wait for another one.
_SESSION_MS = 10_000
_MAX_REQUEST_BYTES = 4 * 1024 * 1024
_LOGIN_MODULES = {
    "PLAIN": "PlainLoginModule",
    "SCRAM-SHA-256": "ScramLoginModule",
    "SCRAM-SHA-512": "ScramLoginModule",
}
_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_SECURITY_PREFIXES = ("security.", "sasl.", "ssl.")
_TRANSLATED = (
    "security.protocol",
    "sasl.mechanism",
    "sasl.jaas.config",
    "ssl.truststore.type",
    "ssl.truststore.location",
    "ssl.truststore.certificates",
    "ssl.keystore.type",
    "ssl.keystore.location",
    "ssl.key.password",
    "ssl.endpoint.identification.algorithm",
)
# Java reads these; Python's TLS and SASL have no such choice, and no less safety without it.
_JAVA_ONLY = ("sasl.login.", "ssl.protocol", "ssl.provider", "ssl.enabled.protocols")


class KafkaUnreachableError(Exception):
    """The brokers cannot be used as configured; the message is one line."""


def client_arguments(kafka: KafkaSettings) -> dict[str, Any]:
    """Return the keyword arguments for any kafka-python client.

    Raises:
        SettingsError: a security property that Python cannot follow; one line, without secrets.
    """
    properties = kafka.properties
    for name in properties:
        known = name in _TRANSLATED or name.startswith(_JAVA_ONLY)
        if name.startswith(_SECURITY_PREFIXES) and not known:
            raise _refusal(name, f"one of {', '.join(_TRANSLATED)}", "a property Python lacks")
    protocol = properties.get("security.protocol", "PLAINTEXT").upper()
    if protocol not in _PROTOCOLS:
        raise _refusal("security.protocol", " or ".join(_PROTOCOLS), repr(protocol))
    arguments: dict[str, Any] = {
        "bootstrap_servers": [part.strip() for part in kafka.bootstrap_servers.split(",")],
        "security_protocol": protocol,
    }
    if "client.id" in properties:
        arguments["client_id"] = properties["client.id"]
    if protocol.startswith("SASL_"):
        arguments |= _sasl_arguments(properties)
    if protocol.endswith("SSL"):
        arguments["ssl_context"] = _tls_context(properties)
    return arguments


@contextmanager
def open_admin(kafka: KafkaSettings) -> Iterator[KafkaAdminClient]:
    """Open an admin client and close it at the end.

    Raises:
        SettingsError: see `client_arguments`.
        KafkaUnreachableError: no broker answers, or it refuses the login.
    """
    arguments = client_arguments(kafka)
    with _one_line(kafka):
        client = KafkaAdminClient(**arguments, bootstrap_timeout_ms=_ANSWER_MS)
    try:
        with _one_line(kafka):
            yield client
    finally:
        client.close()


@contextmanager
def open_producer(kafka: KafkaSettings) -> Iterator[KafkaProducer]:
    """Open a producer for large ordered batches, and close it at the end.

    It is idempotent, so a repeated request neither repeats nor reorders records.

    Raises:
        SettingsError: see `client_arguments`.
        KafkaUnreachableError: no broker answers, or it refuses the login.
    """
    arguments = client_arguments(kafka)
    with _one_line(kafka):
        producer = KafkaProducer(
            **arguments,
            bootstrap_timeout_ms=_ANSWER_MS,
            acks="all",
            batch_size=262_144,
            linger_ms=20,
            # Its checksum is computed in Python: fewer bytes, half the time.
            compression_type="gzip",
            metadata_max_age_ms=_METADATA_MS,
            metrics_enabled=False,
            # Of what is not compressed yet; the broker's own limit is about what is.
            max_request_size=_MAX_REQUEST_BYTES,
        )
    try:
        with _one_line(kafka):
            yield producer
    finally:
        producer.close(timeout=_CLOSE_S)


@contextmanager
def open_consumer(kafka: KafkaSettings) -> Iterator[KafkaConsumer]:
    """Open a consumer without a group, which reads where it is told to, and close it at the end.

    Raises:
        SettingsError: see `client_arguments`.
        KafkaUnreachableError: no broker answers, or it refuses the login.
    """
    arguments = client_arguments(kafka)
    with _one_line(kafka):
        consumer = KafkaConsumer(
            **arguments,
            bootstrap_timeout_ms=_ANSWER_MS,
            allow_auto_create_topics=False,
            enable_auto_commit=False,
        )
    try:
        with _one_line(kafka):
            yield consumer
    finally:
        consumer.close()


@contextmanager
def open_group_consumer(kafka: KafkaSettings, group: str) -> Iterator[KafkaConsumer]:
    """Open a consumer that shares the partitions of its topics with others of its group.

    It commits nothing by itself, reads what is committed alone, and raises where it has no offset
    to begin at, or one whose record is gone. At the end it leaves its group.

    Raises:
        SettingsError: see `client_arguments`.
        KafkaUnreachableError: no broker answers, or it refuses the login.
    """
    arguments = client_arguments(kafka)
    with _one_line(kafka):
        consumer = KafkaConsumer(
            **arguments,
            bootstrap_timeout_ms=_ANSWER_MS,
            group_id=group,
            allow_auto_create_topics=False,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            session_timeout_ms=_SESSION_MS,
            metadata_max_age_ms=_METADATA_MS,
        )
    try:
        with _one_line(kafka):
            yield consumer
    finally:
        consumer.close(autocommit=False, timeout_ms=_CLOSE_S * 1000)


@contextmanager
def _one_line(kafka: KafkaSettings) -> Iterator[None]:
    try:
        yield
    except KafkaError as error:
        found = " ".join(str(error).split()) or type(error).__name__
        raise KafkaUnreachableError(
            f"Kafka, {kafka.bootstrap_servers}: expected an answer, found {found}"
        ) from error


def _refusal(name: str, expected: str, found: str) -> SettingsError:
    return SettingsError("bad property", f"kafka.properties {name}", expected, found)


def _sasl_arguments(properties: Mapping[str, str]) -> dict[str, str]:
    mechanism = properties.get("sasl.mechanism", "GSSAPI")
    if mechanism not in _LOGIN_MODULES:
        raise _refusal("sasl.mechanism", " or ".join(_LOGIN_MODULES), repr(mechanism))
    module = _LOGIN_MODULES[mechanism]
    login = properties.get("sasl.jaas.config", "")
    options = {
        name: re.sub(r"\\(.)", r"\1", value)
        for name, value in re.findall(r'(\w+)\s*=\s*"((?:[^"\\]|\\.)*)"', login)
    }
    form = rf"\s*\S+\.{module}\s+required\b.*;\s*"
    if not re.fullmatch(form, login, re.DOTALL) or not {"username", "password"} <= set(options):
        expected = f'...{module} required username="..." password="...";'
        raise _refusal("sasl.jaas.config", expected, "something else (not shown)")
    return {
        "sasl_mechanism": mechanism,
        "sasl_plain_username": options["username"],
        "sasl_plain_password": options["password"],
    }


def _tls_context(properties: Mapping[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    for store in ("truststore", "keystore"):
        given = any(name.startswith(f"ssl.{store}.") for name in properties)
        if given and properties.get(f"ssl.{store}.type", "JKS").upper() != "PEM":
            found = properties.get(f"ssl.{store}.type", "nothing, which is JKS")
            raise _refusal(f"ssl.{store}.type", "PEM (Python reads no other)", found)
    name = "ssl.truststore.certificates"
    try:
        if "ssl.truststore.location" in properties or name in properties:
            # A given truststore replaces the system's authorities, as it does in Java.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if name in properties:
            context.load_verify_locations(cadata=properties[name])
        name = "ssl.truststore.location"
        if name in properties:
            context.load_verify_locations(cafile=properties[name])
        name = "ssl.keystore.location"
        if name in properties:
            password = properties.get("ssl.key.password", "")
            context.load_cert_chain(properties[name], password=password)
    except (OSError, ValueError) as error:
        raise _refusal(name, "readable PEM certificates", type(error).__name__) from None
    if properties.get("ssl.endpoint.identification.algorithm", "https") == "":
        context.check_hostname = False
    return context
