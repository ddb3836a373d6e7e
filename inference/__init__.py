"""What is decided: media decoding, faces, the detector, fingerprints. Knows no Kafka, S3 or SQL.

Import from the modules: `inference.media` decodes without torch, `inference.detector` brings it in.
"""

import os

# Before torch is imported, since OpenMP reads it once. Idle threads of the networks must sleep, not spin:
# with other processes on the same cores, finding faces in 2 MP took 6.2 s spinning and 0.5 s sleeping.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
