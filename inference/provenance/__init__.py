"""Where a file comes from, by what it carries: content credentials (C2PA) and traces in its metadata.

Credentials are signed statements; :mod:`inference.provenance.reading` verifies them against a trust list and
:mod:`inference.provenance.signing` makes them. Traces (:mod:`inference.provenance.traces`) are unsigned and
weak. The bytes of strangers are parsed by C2PA's native library in a confined process only
(:meth:`inference.sandbox.DecoderPool.read_credentials`).
"""
