"""What every consumer runs in: the loop, retries, offsets, Kafka clients, health, logs and metrics."""
