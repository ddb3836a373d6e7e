"""Connected components, each with at most one fixed name. Pure."""

from collections.abc import Iterable


class Components:
    """A union-find structure that refuses to join components with different fixed names."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}
        self._names: dict[str, str] = {}  # of roots

    def join(self, keys: Iterable[str], name: str = "") -> bool:
        """Join ``keys`` (at least one), and name their component ``name`` if it is given.

        Return False, without any change, if the component would have two names.
        """
        roots = sorted({self.root(key) for key in keys})
        names = {self._names[root] for root in roots if root in self._names} | ({name} if name else set())
        if len(names) > 1:
            return False
        for root in roots:
            self._parents[root] = roots[0]
        self._names.update(dict.fromkeys(roots[:1], *names) if names else {})
        return True

    def name(self, key: str) -> str:
        """Return the fixed name of the component of ``key``, or an empty string."""
        return self._names.get(self.root(key), "")

    def root(self, key: str) -> str:
        """Return the representative key of the component of ``key``, the same for all of its keys."""
        while (parent := self._parents.get(key, key)) != key:
            key = parent
        return key
