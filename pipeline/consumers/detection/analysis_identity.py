"""The identity under which analyses and verdicts are kept: everything that can change an answer.

Bytes are analysed once for each identity. A new model, threshold, calibration or signal gives a new
identity, so the same bytes are analysed again.
"""

import hashlib
import json
from collections.abc import Sequence

from inference.card import ModelCard
from pipeline.consumers.detection.signals.signal import Signal

# Raise it when a change of the code alters the answers of the same model: face search, decoding, decisions.
CODE_VERSION = 3
_PROSE = {"licence", "data", "metrics"}  # fields of the card that describe the model and change no answer
_DIGITS = 12  # of the digest: 48 bits, among a few identities in the life of a database


def analysis_identity(card: ModelCard, signals: Sequence[Signal] = ()) -> str:
    """Return ``name@version-digest``; the digest covers the card's serving fields and the signals."""
    answer_depends_on = {
        "code": CODE_VERSION,
        "card": card.model_dump(mode="json", exclude=_PROSE),
        "signals": [[signal.name, signal.version] for signal in signals],
    }
    canonical = json.dumps(answer_depends_on, sort_keys=True, separators=(",", ":"))
    return f"{card.reference}-{hashlib.sha256(canonical.encode()).hexdigest()[:_DIGITS]}"
