"""Connected components of which each has at most one fixed name. Pure."""

from collections.abc import Iterable


class Components:
    """Keys that were joined are together; a join that would bring two fixed names together is refused."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}
        self._names: dict[str, str] = {}  # of roots

    def join(self, keys: Iterable[str], name: str = "") -> bool:
        """Put ``keys`` (at least one) together, under ``name`` if it is given; false, and nothing changed, if
        they have another name already, or two."""
        roots = sorted({self.root(key) for key in keys})
        names = {self._names[root] for root in roots if root in self._names} | ({name} if name else set())
        if len(names) > 1:
            return False
        for root in roots:
            self._parents[root] = roots[0]
        self._names.update(dict.fromkeys(roots[:1], *names) if names else {})
        return True

    def name(self, key: str) -> str:
        """The fixed name of the component of ``key``, or an empty string."""
        return self._names.get(self.root(key), "")

    def root(self, key: str) -> str:
        """The key that stands for the component of ``key``: the same for all of its keys."""
        while (parent := self._parents.get(key, key)) != key:
            key = parent
        return key
