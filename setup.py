"""Meterclose as a Python distribution; `make setup` installs from requirements.lock instead."""

from setuptools import find_packages, setup

setup(
    name="meterclose",
    version="0.1.0",
    description="Usage metering per billing period on PyFlink, Kafka and Iceberg",
    python_requires="==3.11.*",
    packages=find_packages(include=["schemas*", "udfs*", "iceberg*", "audit*", "jobs*"]),
    package_data={"audit": ["sql/*.sql"], "jobs.flink": ["hot_path/*.sql"]},
    install_requires=["kafka-python", "msgspec", "pyyaml", "tzdata"],
    extras_require={
        # A resolver cannot combine the two: apache-flink's Beam asks for an older pyarrow than
        # PyIceberg does. Both run with the one in requirements.lock.
        "stream": ["apache-flink==2.1.3"],
        "tables": ["pyiceberg[sql-sqlite,pyarrow]==0.12.0"],
    },
)
