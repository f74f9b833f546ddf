"""The demo: a real year through Kafka, Flink and Iceberg on this machine, with one command."""
