"""The contract of the bus: one suite, on the embedded log and on a real Kafka."""
