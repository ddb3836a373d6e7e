"""The content credentials of a file: what its manifest states, and whether that can be relied on.

All texts come from the file. Their number and length are bounded, because they cross from a confined process
and end in verdicts.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from inference.provenance.source_types import is_generated
from inference.provenance.text import MAX_TEXT

MAX_ITEMS = 16  # actions, source types, reasons: manifests of cameras and editors have a few

Text = Annotated[str, Field(max_length=MAX_TEXT)]
Texts = Annotated[tuple[Text, ...], Field(max_length=MAX_ITEMS)]


class CredentialsState(StrEnum):
    """What the verification of a manifest came to (C2PA 2.2, section 15, "validation states")."""

    TRUSTED = "trusted"  # valid, and signed by somebody on the trust list
    UNTRUSTED = "untrusted"  # valid, but anybody may have signed it
    INVALID = "invalid"  # the file or the manifest was changed, or the manifest is malformed
    NONE = "none"  # the file holds no manifest


class Credentials(BaseModel):
    """What the active manifest of a file states. Only that of a ``trusted`` manifest proves anything.

    Its signer does not vouch for "gathered" assertions: of these there are only the source types.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: CredentialsState
    claim_generator: Text = ""
    issuer: Text = ""  # organisation in the signing certificate
    actions: Texts = ()
    source_types: Texts = ()  # digital source types of the actions
    gathered_source_types: Texts = ()  # of actions that the signer only passes on, without vouching for them
    request_id: Text = ""  # of FakeME's own files
    soft_binding_algorithm: Text = ""
    soft_binding: Text = ""  # the payload of the watermark, as the manifest writes it
    remote_url: Text = ""  # where the manifest is said to be; it is never fetched
    reasons: Texts = ()  # codes of C2PA, such as signingCredential.untrusted

    @property
    def states_generation(self) -> bool:
        """Whether it is stated that a trained model made the file or a part of it."""
        return any(is_generated(source_type) for source_type in self.source_types)


NO_CREDENTIALS = Credentials(state=CredentialsState.NONE)
