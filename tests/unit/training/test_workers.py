"""The worker process that makes pairs ends with its training process."""

import subprocess
import sys
import time
from pathlib import Path

SCRIPT = """
import multiprocessing, sys
from pathlib import Path
import cv2, numpy as np, skimage.data
from training.batch_sources import PairBatches
from training.config import Phase, read_config
from training.datasets import Photo
from training.sources import EVEN

if __name__ == "__main__":
    encoded = cv2.imencode(".png", skimage.data.astronaut()[..., ::-1])[1].tobytes()
    box = np.array([180, 60, 268, 172], dtype=np.float32)
    points = np.array([(205, 101), (247, 103), (225, 129), (201, 140), (245, 141)], dtype=np.float32)
    photo = Photo("astronaut.png", "people", "p1", "", box, points, encoded)
    config = read_config(Path(sys.argv[1]))
    stream = PairBatches([photo], EVEN, config).of(Phase(until=1.0, size=64, strength=0.0), (1,))
    next(stream)
    print(*[child.pid for child in multiprocessing.active_children()], flush=True)
    sys.stdin.read()
"""
PLAN = Path(__file__).parents[3] / "training" / "runs" / "v2s-rehearsal.toml"
TIMEOUT = 30.0  # seconds


def is_running(pid: int) -> bool:
    """Return whether the process runs; zombies do not count."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def test_worker_ends_when_its_training_is_killed(tmp_path):
    # given a training process with a worker that makes pairs
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(PLAN)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as training:
        assert training.stdout is not None
        workers = [int(pid) for pid in training.stdout.readline().split()]
        assert workers
        assert all(is_running(pid) for pid in workers)

        # when it is killed
        training.kill()
        training.wait()

    # then all workers end
    deadline = time.monotonic() + TIMEOUT
    while any(is_running(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(is_running(pid) for pid in workers)
