"""End worker processes when their parent process ends for any reason."""

import multiprocessing
import os
from multiprocessing.connection import wait
from threading import Thread


def end_with_parent() -> None:
    """End this process when its parent ends; call it in the worker.

    Otherwise the workers of a killed run keep their memory and may write to files of the next run.
    """
    Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
