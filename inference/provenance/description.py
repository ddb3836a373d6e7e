"""What FakeME states about a file that it generated, and the C2PA manifest that says so. Pure functions."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from inference.provenance.manifest import REQUEST_LABEL
from inference.provenance.source_types import COMPOSITE_WITH_AI

WATERMARK_ALGORITHM = "com.fakeme.watermark.1"
CLAIM_GENERATOR = "FakeME"


class Action(StrEnum):
    """What was done to a file (C2PA 2.2, section 18.15, "actions")."""

    CREATED = "c2pa.created"
    EDITED = "c2pa.edited"
    WATERMARKED = "c2pa.watermarked.bound"


@dataclass(frozen=True)
class Ingredient:
    """A file that went into the generated one; its content is named by hash only, so nobody's picture leaks.

    ``role`` is a word such as ``source`` or ``target``; ``sha256`` is lower-case hex.
    """

    role: str
    sha256: str


@dataclass(frozen=True)
class GeneratedMedia:
    """A file that FakeME generated on request.

    ``watermark`` is the payload of its watermark in hex, empty if it has none. ``model`` and
    ``model_version`` name the generating model.
    """

    request_id: str
    model: str
    model_version: str
    ingredients: tuple[Ingredient, ...] = ()
    watermark: str = ""

    @property
    def actions(self) -> tuple[Action, ...]:
        """What was done: an ingredient was edited into a new file, which was watermarked."""
        edited = (Action.EDITED,) if self.ingredients else ()
        marked = (Action.WATERMARKED,) if self.watermark else ()
        return (Action.CREATED, *edited, *marked)


def manifest_definition(media: GeneratedMedia, media_type: str, generator_version: str) -> dict[str, Any]:
    """Return the manifest as c2pa-rs takes it. All assertions are "created": the signer vouches for them."""
    request = {
        "request_id": media.request_id,
        "ingredients": [{"role": item.role, "sha256": item.sha256} for item in media.ingredients],
    }
    assertions = [
        ("c2pa.actions.v2", {"actions": [_action(action, media) for action in media.actions]}),
        (REQUEST_LABEL, request),
    ]
    if media.watermark:
        blocks = [{"scope": {}, "value": media.watermark}]
        assertions.append(("c2pa.soft-binding", {"alg": WATERMARK_ALGORITHM, "blocks": blocks}))
    return {
        "claim_generator_info": [{"name": CLAIM_GENERATOR, "version": generator_version}],
        "format": media_type,
        "assertions": [{"label": label, "data": content, "created": True} for label, content in assertions],
    }


def _action(action: Action, media: GeneratedMedia) -> dict[str, Any]:
    return {
        "action": action.value,
        "digitalSourceType": COMPOSITE_WITH_AI,
        "softwareAgent": {"name": media.model, "version": media.model_version},
    }
