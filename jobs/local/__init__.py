"""Real processes on this machine, for the demo and the tests: Kafka broker, Flink cluster."""
