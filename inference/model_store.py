"""Where models are: those that ship, those of the registry that are fetched, and those that users imported.

Fetched and imported ones lie in one local folder, each in ``NAME@VERSION/`` with its card beside its weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from inference.card import CARD_FILE, read_card, write_card
from inference.download import download
from inference.errors import ModelNotFetchedError
from inference.registry import REGISTRY_FILE, Entry, entry_of, find_one, read_registry

Progress = Callable[[int, int | None], None]  # bytes that are here, and in all, if that is known


class Source(StrEnum):
    """How a model gets here."""

    SHIPPED = "shipped"
    REMOTE = "remote"
    IMPORTED = "imported"


@dataclass(frozen=True)
class Known:
    """A model that can be named, and the folder where its card and weights are, or will be."""

    entry: Entry
    folder: Path
    source: Source

    @property
    def present(self) -> bool:
        """Whether it can be used."""
        return (self.folder / CARD_FILE).is_file()


class ModelStore:
    """The models of a registry and of the folder ``local``, which need not be there."""

    def __init__(self, local: Path, registry: Path = REGISTRY_FILE) -> None:
        self.local = local
        self._home = registry.parent
        self._registry = read_registry(registry)

    @property
    def default(self) -> str:
        """``name@version`` of the model that judges where settings name none."""
        return self._registry.default

    def known(self) -> list[Known]:
        """All models: the registry's in its order, then those imported."""
        registered = [self._registered(entry) for entry in self._registry.model]
        references = {one.entry.reference for one in registered}
        return registered + [self._imported(name) for name in self._local_names() if name not in references]

    def find(self, reference: str) -> Known:
        """The model of ``name`` or ``name@version``; raises :class:`UnknownModelError` unless one is."""
        known = self.known()
        entry = find_one(reference, tuple(one.entry for one in known))
        return next(one for one in known if one.entry.reference == entry.reference)

    def folder(self, choice: str | None) -> Path:
        """The folder of the model that a setting names, ready to load.

        :param choice: a folder, ``name`` or ``name@version``; none for the default. A name that has a slash
            is a folder; so is one that no model has, if the folder is there.
        :raises UnknownModelError: if it is neither.
        :raises ModelNotFetchedError: if the model is known, but not here.
        """
        if choice is None:  # what was imported has no say in it, not even by a broken card
            known = self._registered(find_one(self.default, self._registry.model))
        elif "/" in choice or self._is_folder_only(choice):
            return Path(choice)
        else:
            known = self.find(choice)
        if not known.present:
            reference = known.entry.reference
            raise ModelNotFetchedError(
                f"the files of {reference} are not in {known.folder}: `fakeme models fetch {reference}`"
            )
        return known.folder

    def fetch(self, reference: str, progress: Progress) -> Path:
        """Bring a model here, unless it is; the folder that holds it.

        :raises DownloadError: if its weights do not come whole; what came is kept, to go on from.
        """
        known = self.find(reference)
        if known.present or known.entry.url is None:
            return known.folder
        card = known.entry.card
        known.folder.mkdir(parents=True, exist_ok=True)
        download(
            self._absolute(known.entry.url),
            known.folder / card.weights,
            sha256=card.sha256,
            progress=progress,
        )
        write_card(card, known.folder)  # last: with it the model counts as present
        return known.folder

    def _is_folder_only(self, choice: str) -> bool:
        if not Path(choice).is_dir():
            return False
        return all(choice not in (one.entry.name, one.entry.reference) for one in self.known())

    def _absolute(self, url: str) -> str:
        return url if "://" in url else str(self._home / url)

    def _registered(self, entry: Entry) -> Known:
        if entry.file is not None:
            return Known(entry, (self._home / entry.file).parent, Source.SHIPPED)
        return Known(entry, self.local / entry.reference, Source.REMOTE)

    def _local_names(self) -> list[str]:
        return sorted(path.parent.name for path in self.local.glob(f"*@*/{CARD_FILE}"))

    def _imported(self, name: str) -> Known:
        folder = self.local / name
        card = read_card(folder)
        return Known(entry_of(card, file=str(folder / card.weights)), folder, Source.IMPORTED)
