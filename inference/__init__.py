"""What is decided: media decoding, faces, the detector, fingerprints. Knows no Kafka, S3 or SQL.

Import from the modules: `inference.media` decodes without torch, `inference.detector` brings it in.
"""
