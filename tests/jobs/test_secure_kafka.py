"""A broker with TLS and logins: the properties of Java's client open it for Python, too."""

import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.create_topics import create_topics
from jobs.kafka_clients import (
    KafkaUnreachableError,
    client_arguments,
    open_admin,
    open_producer,
)
from jobs.local.broker import Broker
from jobs.local.places import java_home
from jobs.settings import KafkaSettings
from jobs.topic_offsets import end_offsets

pytestmark = [
    pytest.mark.integration,
    # kafka-python may leave a socket to the garbage collector when a client closes under load.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
_STORE_PASSWORD = "of-the-store"
_SECURITY = """\
listener.name.plaintext.sasl.enabled.mechanisms=PLAIN
listener.name.plaintext.plain.sasl.jaas.config={login} username="meter" password="right" \
user_meter="right";
sasl.mechanism.inter.broker.protocol=PLAIN
ssl.keystore.type=PKCS12
ssl.keystore.location={keystore}
ssl.keystore.password={password}
ssl.truststore.type=PKCS12
ssl.truststore.location={keystore}
ssl.truststore.password={password}
"""


class _SecureBroker(Broker):
    """A broker whose clients need TLS and a login."""

    settings: KafkaSettings

    def _write_properties(self) -> Path:
        properties = super()._write_properties().read_text()
        plain = "listener.security.protocol.map=PLAINTEXT:PLAINTEXT"
        assert plain in properties
        keystore = _make_certificate(self.data_dir)
        security = _SECURITY.format(login=_PLAIN, keystore=keystore, password=_STORE_PASSWORD)
        secured = properties.replace(plain, plain.replace(":PLAINTEXT", ":SASL_SSL"))
        self.settings = KafkaSettings(
            self.bootstrap_servers,
            properties={
                "security.protocol": "SASL_SSL",
                "sasl.mechanism": "PLAIN",
                "sasl.jaas.config": f'{_PLAIN} username="meter" password="right";',
                "ssl.truststore.type": "PEM",
                "ssl.truststore.location": str(self.data_dir / "broker.pem"),
            },
        )
        return self._write("server.properties", secured + security)

    def _answers(self) -> bool:
        assert self.process is not None
        self.process.check()
        try:
            with open_admin(self.settings) as admin:
                return bool(admin.describe_cluster()["brokers"])
        except KafkaUnreachableError:
            return False


def _make_certificate(folder: Path) -> Path:
    """Make the broker's key and certificate with Java's own tool; return the key store."""
    folder.mkdir(parents=True, exist_ok=True)
    keystore = folder / "broker.p12"
    keytool = [str(java_home() / "bin" / "keytool"), "-keystore", str(keystore), "-storepass"]
    keytool += [_STORE_PASSWORD, "-alias", "broker"]
    name = ["-dname", "CN=localhost", "-ext", "san=ip:127.0.0.1", "-ext", "bc=ca:true"]
    make = ["-genkeypair", "-keyalg", "RSA", "-storetype", "PKCS12", *name]
    subprocess.run([*keytool, *make], check=True, capture_output=True)
    export = ["-exportcert", "-rfc", "-file", str(folder / "broker.pem")]
    subprocess.run([*keytool, *export], check=True, capture_output=True)
    return keystore


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaSettings]:
    """Settings of a running broker with TLS and logins."""
    with _SecureBroker(tmp_path_factory.mktemp("secure-kafka")) as broker:
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
