"""Keys of the local stack: a watermark key, and a certificate chain that the stack's own trust list trusts.

FOR DEVELOPMENT ONLY: whoever reads the data folder can mark and sign as the stack does.
"""

import os
import secrets
import shutil
from pathlib import Path
from typing import Any

FOLDER = "development"
TRUST_FOLDER = "trust"  # the default of the settings, where `fakeme provenance trust` keeps its list
_WATERMARK_FILE = "watermark.key"


def development_settings(data: Path) -> dict[str, dict[str, Any]]:
    """Return the settings that name the keys of the data folder ``data``, which are made if it has none.

    Only one process at a time may call this for a folder that has none.
    """
    # Imported here, because `fakeme status` and `down` need no cryptography.
    from inference.provenance.development_chain import CHAIN_FILE, KEY_FILE  # noqa: PLC0415

    folder = data.absolute() / FOLDER
    if not folder.exists():
        _make(folder)
    return {
        "watermark": {
            "key": (folder / _WATERMARK_FILE).read_text(encoding="ascii").strip(),
            "search": False,  # which would double the CPU time of detection, on a developer's machine
        },
        "provenance": {
            "certificate_chain": str(folder / CHAIN_FILE),
            "private_key": str(folder / KEY_FILE),
        },
    }


def _make(folder: Path) -> None:
    """Make all files in a draft, so that there are all or none.

    The root is put on the trust list only here: who removes it from the list does not get it back.
    """
    from inference.provenance.development_chain import make_development_chain  # noqa: PLC0415 - as above
    from inference.provenance.trust_list import import_certificates  # noqa: PLC0415 - as above
    from inference.watermark.pattern import KEY_BYTES  # noqa: PLC0415 - as above

    draft = folder.with_name(f"{FOLDER}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    _write(draft / _WATERMARK_FILE, secrets.token_hex(KEY_BYTES))
    chain = make_development_chain(draft)
    for file in (chain.root, chain.chain):
        file.chmod(0o600)
    import_certificates(folder.with_name(TRUST_FOLDER), chain.root)
    draft.replace(folder)


def _write(file: Path, text: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
