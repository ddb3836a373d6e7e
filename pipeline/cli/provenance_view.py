"""Renders content credentials and traces of a file, and stored manifests, as tables."""

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from inference.provenance.credentials import CredentialsState
from inference.provenance.source_types import short_name
from pipeline.cli.terminal_text import printable

if TYPE_CHECKING:
    from pipeline.operations.local_provenance import FileProvenance
    from storage.manifests import StoredManifest

_MEANINGS = {
    CredentialsState.TRUSTED: "trusted: signed by somebody on the trust list, and unchanged since",
    CredentialsState.UNTRUSTED: "untrusted: unchanged since it was signed, but anybody may have signed it",
    CredentialsState.INVALID: "invalid: changed after it was signed, or malformed; proves nothing",
    CredentialsState.NONE: "none, which means nothing: platforms remove them",
}


def provenance_view(found: "FileProvenance") -> Table:
    """Return a table with one line for each fact."""
    return _table(str(found.file), _facts(found))


def manifest_view(found: "StoredManifest") -> Table:
    """Return a table of what a stored manifest states."""
    facts = [
        ("signed by", found.signer),
        ("model", f"{found.model} {found.model_version}".strip()),
        ("actions", ", ".join(found.actions)),
        ("source", short_name(found.digital_source_type)),
        ("request", found.request_id),
        ("signed file", f"{found.media_type}, SHA-256 {found.sha256}"),
        ("stored at", found.stored_at.isoformat(timespec="seconds")),
    ]
    return _table(found.payload, facts)


def _table(title: str, facts: list[tuple[str, str]]) -> Table:
    table = Table("", "", title=Text(printable(title)), box=SIMPLE_HEAD, show_header=False)
    table.title_justify = "left"
    for name, value in facts:
        table.add_row(name, Text(printable(value), overflow="fold"))
    return table


def _facts(found: "FileProvenance") -> list[tuple[str, str]]:
    if found.problem:
        return [("problem", found.problem)]
    credentials = found.credentials
    facts = [
        ("credentials", _MEANINGS[credentials.state]),
        ("signed by", credentials.issuer),
        ("program", credentials.claim_generator),
        ("actions", ", ".join(credentials.actions)),
        ("source", ", ".join(map(short_name, credentials.source_types))),
        ("passed on", ", ".join(map(short_name, credentials.gathered_source_types))),
        ("request", credentials.request_id),
        ("watermark", f"{credentials.soft_binding_algorithm} {credentials.soft_binding}".strip()),
        ("manifest at", credentials.remote_url and f"{credentials.remote_url} (not fetched)"),
        ("reasons", ", ".join(credentials.reasons)),
        *(("trace, weak", str(trace)) for trace in found.traces),
    ]
    return [(name, value) for name, value in facts if value]
