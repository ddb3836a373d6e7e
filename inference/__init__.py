"""What is decided: media decoding, faces, the detector, fingerprints. Knows no Kafka, S3 or SQL."""
