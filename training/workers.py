"""Worker processes that end with the process that made them, however that ends."""

import multiprocessing
import os
from multiprocessing.connection import wait
from threading import Thread


def end_with_parent() -> None:
    """Watch, in a thread, for the end of the process that made this one; to be called in the worker.

    Otherwise a killed run would leave workers behind that keep their memory, and write beside the next.
    """
    Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
