"""The contract of the roads: one suite, on the embedded log and on a real Kafka."""
