"""A broker whose clients need TLS and a login."""

import subprocess
from pathlib import Path

from jobs.kafka_clients import KafkaUnreachableError, open_admin
from jobs.local.broker import Broker
from jobs.local.places import java_home
from jobs.settings import KafkaSettings

_MODULE = "org.apache.kafka.common.security.{}LoginModule required"
_MODULES = {
    "PLAIN": _MODULE.format("plain.Plain"),
    "SCRAM-SHA-512": _MODULE.format("scram.Scram"),
}
STORE_PASSWORD = "of-the-store"
TRUST_PASSWORD = "changeit"
"""Of a store that holds certificates alone."""
PASSWORD = "known-to-meter-alone"
_SECURITY = """\
listener.name.plaintext.sasl.enabled.mechanisms={mechanism}
listener.name.plaintext.{lower}.sasl.jaas.config={login}{users};
sasl.mechanism.inter.broker.protocol={mechanism}
ssl.keystore.type=PKCS12
ssl.keystore.location={keystore}
ssl.keystore.password={password}
ssl.truststore.type=PKCS12
ssl.truststore.location={keystore}
ssl.truststore.password={password}
"""


class SecureBroker(Broker):
    """A broker with one user, `meter`, whose password is `PASSWORD`.

    Attributes:
        settings: With which a client gets in.
        certificate: Who signed the broker's certificate, PEM.
    """

    def __init__(self, data_dir: Path, mechanism: str = "PLAIN") -> None:
        """Choose how clients log in.

        Args:
            data_dir: As of `Broker`.
            mechanism: PLAIN or SCRAM-SHA-512.
        """
        super().__init__(data_dir)
        self.certificate = data_dir / "broker.pem"
        self._mechanism = mechanism
        if mechanism != "PLAIN":
            self._format_options = ("--add-scram", f"{mechanism}=[name=meter,password={PASSWORD}]")
        self.settings = KafkaSettings(
            self.bootstrap_servers,
            properties={
                "security.protocol": "SASL_SSL",
                "sasl.mechanism": mechanism,
                "sasl.jaas.config": login_of(_MODULES[mechanism]),
                "ssl.truststore.type": "PEM",
                "ssl.truststore.location": str(self.certificate),
            },
        )

    def _write_properties(self) -> Path:
        properties = super()._write_properties().read_text()
        plain = "listener.security.protocol.map=PLAINTEXT:PLAINTEXT"
        assert plain in properties
        security = _SECURITY.format(
            login=login_of(_MODULES[self._mechanism]).removesuffix(";"),
            mechanism=self._mechanism,
            lower=self._mechanism.lower(),
            users=f' user_meter="{PASSWORD}"' if self._mechanism == "PLAIN" else "",
            keystore=make_certificate(self.data_dir / "broker.p12", self.certificate),
            password=STORE_PASSWORD,
        )
        secured = properties.replace(plain, plain.replace(":PLAINTEXT", ":SASL_SSL"))
        return self._write("server.properties", secured + security)

    def _answers(self) -> bool:
        assert self.process is not None
        self.process.check()
        try:
            with open_admin(self.settings) as admin:
                return bool(admin.describe_cluster()["brokers"])
        except KafkaUnreachableError:
            return False


def login_of(module: str) -> str:
    """Return the login of the one user as Java's client takes it.

    Args:
        module: Class of the login, and `required`.
    """
    return f'{module} username="meter" password="{PASSWORD}";'


def make_certificate(keystore: Path, certificate: Path, kind: str = "PKCS12") -> Path:
    """Make a key and its certificate for this machine with Java's own tool.

    Args:
        keystore: The key store to make, with the password `STORE_PASSWORD`.
        certificate: Where its certificate goes, PEM.
        kind: Of the store.

    Returns:
        The key store.
    """
    keystore.parent.mkdir(parents=True, exist_ok=True)
    keytool = [str(java_home() / "bin" / "keytool"), "-keystore", str(keystore), "-storepass"]
    keytool += [STORE_PASSWORD, "-alias", "key"]
    name = ["-dname", "CN=localhost", "-ext", "san=ip:127.0.0.1,dns:localhost"]
    make = ["-genkeypair", "-keyalg", "RSA", "-storetype", kind, *name, "-ext", "bc=ca:true"]
    make += ["-keypass", STORE_PASSWORD]
    subprocess.run([*keytool, *make], check=True, capture_output=True)
    export = ["-exportcert", "-rfc", "-file", str(certificate)]
    subprocess.run([*keytool, *export], check=True, capture_output=True)
    return keystore


def trust_certificate(truststore: Path, certificate: Path) -> None:
    """Make a store of Java's own kind that trusts a certificate."""
    keytool = [str(java_home() / "bin" / "keytool"), "-keystore", str(truststore), "-storepass"]
    keytool += [TRUST_PASSWORD, "-alias", "authority", "-storetype", "JKS"]
    command = [*keytool, "-importcert", "-noprompt", "-file", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
