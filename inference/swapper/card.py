"""The card of an imported model for face swapping: its network, and where the weights are from."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from inference.purpose import Purpose
from inference.swapper.variant import Variant


class SwapperCard(BaseModel):
    """The card of a generator or identity encoder. Unknown fields are rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    purpose: Literal[Purpose.GENERATOR, Purpose.IDENTITY_ENCODER]
    name: str
    version: str
    network: str = Field(description="architecture, and its size as the weights show it")
    variant: Variant | None = Field(default=None, description="of a generator, as stated at its import")
    weights: str = Field(pattern=r"^[\w.-]+\.safetensors$", description="file in the folder of the card")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="of the weights file")
    source_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="of the file that was imported")
    licence: str
    data: str

    @model_validator(mode="after")
    def _only_generators_have_a_variant(self) -> Self:
        if (self.variant is None) == (self.purpose is Purpose.GENERATOR):
            raise ValueError("a generator needs a variant, and nothing else has one")
        return self

    @property
    def reference(self) -> str:
        """``name@version``, as the model is named in settings and logs."""
        return f"{self.name}@{self.version}"
