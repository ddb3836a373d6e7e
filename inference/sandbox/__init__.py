"""Decodes the bytes of strangers in child processes without secrets, files or sockets, and with limits.

:class:`DecoderPool` is the interface. It starts a fork server (``fork_server``): a fresh interpreter with an
empty environment that has imported the decoders. The fork server forks decoding processes, which confine
themselves (``confinement``), decode one file after another or verify its content credentials, and hand the
frames over in shared memory (``frame_file``). A process is replaced after a file that it could not decode,
and after some time.

``weights_reader`` reads pickled weights in a confined process of its own.
"""

from inference.sandbox.attempts import Attempt, Outcome
from inference.sandbox.pool import DecoderPool
from inference.sandbox.process_limits import ProcessLimits

__all__ = ["Attempt", "DecoderPool", "Outcome", "ProcessLimits"]
