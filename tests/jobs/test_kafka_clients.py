"""Kafka clients: what Java's names become for Python, and the one line where that fails."""

import ssl

import certifi
import pytest

from jobs.kafka_clients import client_arguments
from jobs.settings import KafkaSettings, SettingsError

PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required"
LOGIN = 'username="meter" password="hidden";'


def settings(**properties: str) -> KafkaSettings:
    """Return settings with properties; `__` in a name stands for a dot."""
    named = {name.replace("__", "."): value for name, value in properties.items()}
    return KafkaSettings("one:9092, two:9092", properties=named)


def test_without_properties_the_connection_is_plain() -> None:
    """Only the brokers are needed."""
    assert client_arguments(settings()) == {
        "bootstrap_servers": ["one:9092", "two:9092"],
        "security_protocol": "PLAINTEXT",
    }


def test_properties_of_javas_client_are_left_to_it() -> None:
    """What tunes Java's client means nothing here and is no error."""
    arguments = client_arguments(settings(max__poll__records="500", client__id="meter"))
    assert arguments["client_id"] == "meter"
    assert "max_poll_records" not in arguments


@pytest.mark.parametrize(
    ("mechanism", "login"),
    [
        ("PLAIN", f"{PLAIN} {LOGIN}"),
        ("SCRAM-SHA-256", f"  {SCRAM}\n {LOGIN}\n"),
        ("SCRAM-SHA-512", f'{SCRAM} password="hidden" username="meter" ;'),
    ],
)
def test_a_login_is_read_from_javas_text(mechanism: str, login: str) -> None:
    """User and password come from the login module's options."""
    found = client_arguments(
        settings(
            security__protocol="SASL_PLAINTEXT", sasl__mechanism=mechanism, sasl__jaas__config=login
        )
    )
    assert found["security_protocol"] == "SASL_PLAINTEXT"
    assert found["sasl_mechanism"] == mechanism
    assert (found["sasl_plain_username"], found["sasl_plain_password"]) == ("meter", "hidden")


def test_escapes_in_a_password() -> None:
    """A password may hold quotation marks and backslashes, as Java writes them."""
    found = client_arguments(
        settings(
            security__protocol="SASL_SSL",
            sasl__mechanism="PLAIN",
            sasl__jaas__config=f'{PLAIN} username="m" password="a\\"b\\\\c=d;";',
        )
    )
    assert found["sasl_plain_password"] == 'a"b\\c=d;'


def test_tls_checks_names_unless_told_otherwise() -> None:
    """The system's authorities decide; an empty algorithm ends the check of the name."""
    checked = client_arguments(settings(security__protocol="SSL"))["ssl_context"]
    assert isinstance(checked, ssl.SSLContext)
    assert (checked.check_hostname, checked.verify_mode) == (True, ssl.CERT_REQUIRED)
    unchecked = client_arguments(
        settings(security__protocol="SSL", ssl__endpoint__identification__algorithm="")
    )["ssl_context"]
    assert (unchecked.check_hostname, unchecked.verify_mode) == (False, ssl.CERT_REQUIRED)


def test_a_truststore_replaces_the_systems_authorities() -> None:
    """PEM certificates are read from a file or from the property itself."""
    with open(certifi.where(), encoding="utf-8") as file:
        pem = file.read()
    one = "-----END CERTIFICATE-----\n".join(pem.split("-----END CERTIFICATE-----\n", 1)[:1])
    one += "-----END CERTIFICATE-----\n"
    for store, count in (
        ({"ssl__truststore__location": certifi.where()}, pem.count("BEGIN CERT")),
        ({"ssl__truststore__certificates": one}, 1),
    ):
        found = client_arguments(
            settings(security__protocol="SSL", ssl__truststore__type="PEM", **store)
        )
        assert found["ssl_context"].cert_store_stats()["x509_ca"] == count


@pytest.mark.parametrize(
    ("properties", "parts"),
    [
        ({"security__protocol": "TLS"}, ("security.protocol", "SASL_SSL", "'TLS'")),
        ({"sasl__oauthbearer__token__endpoint__url": "x"}, ("one of security.protocol",)),
        ({"ssl__keystore__key": "hidden"}, ("kafka.properties ssl.keystore.key",)),
        (
            {"security__protocol": "SASL_SSL", "sasl__mechanism": "OAUTHBEARER"},
            ("sasl.mechanism", "PLAIN or SCRAM", "'OAUTHBEARER'"),
        ),
        ({"security__protocol": "SASL_SSL"}, ("sasl.mechanism", "'GSSAPI'")),
        (
            {"security__protocol": "SASL_SSL", "sasl__mechanism": "PLAIN"},
            ("sasl.jaas.config", "PlainLoginModule required username"),
        ),
        (
            {
                "security__protocol": "SASL_SSL",
                "sasl__mechanism": "PLAIN",
                "sasl__jaas__config": f"{SCRAM} {LOGIN}",
            },
            ("sasl.jaas.config", "PlainLoginModule", "not shown"),
        ),
        (
            {"security__protocol": "SSL", "ssl__truststore__location": "/x.jks"},
            ("ssl.truststore.type", "PEM", "JKS"),
        ),
        (
            {
                "security__protocol": "SSL",
                "ssl__truststore__type": "PEM",
                "ssl__truststore__location": "/nowhere.pem",
            },
            ("ssl.truststore.location", "PEM certificates", "FileNotFoundError"),
        ),
        (
            {
                "security__protocol": "SSL",
                "ssl__keystore__type": "PEM",
                "ssl__keystore__location": "/nowhere.pem",
                "ssl__key__password": "hidden",
            },
            ("ssl.keystore.location", "PEM certificates", "FileNotFoundError"),
        ),
        (
            {
                "security__protocol": "SSL",
                "ssl__truststore__type": "PEM",
                "ssl__truststore__certificates": "hidden",
            },
            ("ssl.truststore.certificates", "PEM certificates", "SSLError"),
        ),
    ],
)
def test_what_python_cannot_follow_is_refused(
    properties: dict[str, str], parts: tuple[str, ...]
) -> None:
    """No security property is ignored; the line names it and shows no secret."""
    with pytest.raises(SettingsError) as caught:
        client_arguments(settings(**properties))
    for part in (*parts, "kafka.properties", ": expected "):
        assert part in str(caught.value)
    assert "hidden" not in str(caught.value)
