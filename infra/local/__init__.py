"""The local stack: Kafka, SeaweedFS and PostgreSQL from wheels and jars, supervised, in one data folder."""
