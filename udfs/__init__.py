"""Rules: pure functions over the shapes; no clock, no input or output, no Flink."""
