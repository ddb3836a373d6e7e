"""Wraps a command so that the kernel kills it when its supervisor dies, even by kill -9; also drops root.

``setpriv`` (util-linux, part of every Debian and Ubuntu) sets the parent-death signal after it changed the
user, because a change of user clears the signal. A shell then checks that the supervisor is still the parent,
in case it died before the signal was set.
"""

import grp
import pwd
import shutil
from pathlib import Path

from infra.errors import MachineError

_START_UNLESS_ORPHANED = 'test "$PPID" = "$0" && exec "$@"'


def with_parent_death_signal(
    argv: tuple[str, ...], *, supervisor: int, user: str | None, required_paths: tuple[Path, ...] = ()
) -> list[str]:
    """Return the command line that runs ``argv`` with SIGKILL as its parent-death signal.

    :param supervisor: pid of the parent process.
    :param user: run as this user; requires root.
    :param required_paths: paths that ``user`` must be able to reach. If a parent folder is closed to others
        (root's home, a temporary folder), the command keeps the capability CAP_DAC_OVERRIDE to pass it.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise MachineError("the command setpriv is missing: install the package util-linux")
    options = ["--pdeathsig=KILL"]
    if user is not None:
        options += [f"--reuid={user}", f"--regid={user_group(user)}", "--clear-groups"]
        kept = (
            "-all,+dac_override"
            if any(not is_traversable_by_others(path) for path in required_paths)
            else "-all"
        )
        options += [f"--inh-caps={kept}", f"--ambient-caps={kept}"]
    return [setpriv, *options, "/bin/sh", "-c", _START_UNLESS_ORPHANED, str(supervisor), *argv]


def is_traversable_by_others(path: Path) -> bool:
    """Return true if every folder above ``path`` has the execute bit for others."""
    return all(folder.stat().st_mode & 0o001 for folder in path.absolute().parents)


def user_group(user: str) -> str:
    """Return the name of the user's primary group."""
    return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
