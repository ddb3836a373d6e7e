"""Names of programs that make or edit pictures, as they write themselves into metadata."""

import re

from inference.provenance.traces.trace import Worth

# Lower case. From the documents and output of each program; the list will never be complete.
_GENERATORS = (
    "automatic1111", "comfyui", "dall-e", "dall·e", "deepfacelab", "deepfacelive", "deepswap", "draw things",
    "faceapp", "facefusion", "faceswap", "firefly", "flux", "fooocus", "gpt-4o", "gpt-image", "ideogram",
    "imagen", "invokeai", "leonardo.ai", "made with google ai", "midjourney", "novelai", "openai", "reface",
    "roop", "rope", "stability.ai", "stable diffusion", "stablediffusion", "swapface",
)  # fmt: skip
_EDITORS = (
    "affinity", "after effects", "b612", "beautyplus", "canva", "capcut", "davinci resolve", "facetune",
    "gimp", "krita", "lightroom", "luminar", "meitu", "paint.net", "photoshop", "picsart", "pixelmator",
    "pixlr", "premiere", "remini", "snapseed", "snow", "soda", "ulike", "vsco",
)  # fmt: skip


def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(name) for name in names)
    return re.compile(rf"(?<![a-z0-9])(?:{alternatives})(?![a-z])")


_GENERATOR, _EDITOR = _pattern(_GENERATORS), _pattern(_EDITORS)


def worth_of_software(name: str) -> Worth:
    """Return what the name of a program suggests."""
    lower = name.lower()
    if _GENERATOR.search(lower):
        return Worth.GENERATED
    return Worth.EDITED if _EDITOR.search(lower) else Worth.NEUTRAL
