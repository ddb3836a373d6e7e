"""Media decoding, face detection, the detector and fingerprints. Independent of Kafka, S3 and SQL.

Import from the modules: `inference.media` works without torch, `inference.detector` imports it.
"""

import os

# Set before torch is imported, since OpenMP reads it once. Idle threads must sleep, not spin: with other
# processes on the same cores, detecting faces in 2 MP took 6.2 s when they spun and 0.5 s when they slept.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
