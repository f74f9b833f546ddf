"""A broker with TLS and logins: the properties of Java's client open it for Python, too."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace

import pytest

from jobs.create_topics import create_topics
from jobs.kafka_clients import (
    KafkaUnreachableError,
    client_arguments,
    open_admin,
    open_producer,
)
from jobs.settings import KafkaSettings
from jobs.topic_offsets import end_offsets
from tests.jobs.secure_broker import SecureBroker

pytestmark = [
    pytest.mark.integration,
    # kafka-python may leave a socket to the garbage collector when a client closes under load.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaSettings]:
    """Settings of a running broker with TLS and logins."""
    with SecureBroker(tmp_path_factory.mktemp("secure-kafka")) as broker:
        yield broker.settings


def test_admin_and_producer_work_over_tls_with_a_login(secure: KafkaSettings) -> None:
    """Topics are created and written to through the secured listener."""
    create_topics(secure)
    with open_producer(secure) as producer:
        producer.send(secure.usage_topic, b"value", partition=0)
        producer.flush()
    with open_admin(secure) as admin:
        assert end_offsets(admin, secure.usage_topic) == (1, 0, 0, 0)


def test_a_wrong_password_is_one_line_without_it(
    secure: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused login ends in one line that shows no password."""
    monkeypatch.setattr("jobs.kafka_clients._ANSWER_MS", 3000)
    login = f'{_PLAIN} username="meter" password="wr0ng";'
    wrong = replace(secure, properties={**secure.properties, "sasl.jaas.config": login})
    with pytest.raises(KafkaUnreachableError) as caught, open_admin(wrong):
        pass
    assert "\n" not in str(caught.value)
    assert "wr0ng" not in str(caught.value)


def test_an_unknown_certificate_is_refused(secure: KafkaSettings) -> None:
    """Without the broker's authority there is no connection, rather than an unchecked one."""
    properties = {k: v for k, v in secure.properties.items() if "truststore" not in k}
    # Not through a client: kafka-python leaves the socket of a refused handshake open.
    context = client_arguments(replace(secure, properties=properties))["ssl_context"]
    host, port = secure.bootstrap_servers.split(":")
    with (
        socket.create_connection((host, int(port))) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
        context.wrap_socket(plain, server_hostname=host),
    ):
        pass
