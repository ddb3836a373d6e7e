"""The code that all workers share: the loop, retries, offsets, Kafka clients, health, logs and metrics."""
