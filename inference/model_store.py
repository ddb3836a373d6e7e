"""Locate models: shipped with FakeME, fetched from the registry's URLs, or imported by users.

Fetched and imported models are in one local folder, each in ``NAME@VERSION/`` with its card and weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from inference.card import CARD_FILE, read_any_card, write_card
from inference.download import download
from inference.errors import ModelNotFetchedError
from inference.registry import REGISTRY_FILE, Entry, entry_from_card, find_entry, read_registry

Progress = Callable[[int, int | None], None]  # bytes received, and in total (None if unknown)


class Source(StrEnum):
    """Where the files of a model come from."""

    SHIPPED = "shipped"
    REMOTE = "remote"
    IMPORTED = "imported"


@dataclass(frozen=True)
class KnownModel:
    """A model, and the folder that contains its card and weights, or will once it is fetched."""

    entry: Entry
    folder: Path
    source: Source

    @property
    def present(self) -> bool:
        """Whether the files are there."""
        return (self.folder / CARD_FILE).is_file()


class ModelStore:
    """The models of a registry and of the folder ``local``, which need not exist."""

    def __init__(self, local: Path, registry: Path = REGISTRY_FILE) -> None:
        self.local = local
        self._home = registry.parent
        self._registry = read_registry(registry)

    @property
    def default(self) -> str:
        """``name@version`` of the model that is used unless settings name another."""
        return self._registry.default

    def known(self) -> list[KnownModel]:
        """Return all models: first those of the registry, in its order, then the imported ones."""
        registered = [self._registered(entry) for entry in self._registry.model]
        references = {model.entry.reference for model in registered}
        return registered + [self._imported(name) for name in self._local_names() if name not in references]

    def find(self, reference: str) -> KnownModel:
        """Return the model of ``name`` or ``name@version``.

        Raise :class:`UnknownModelError` if none or several fit.
        """
        models = self.known()
        entry = find_entry(reference, tuple(model.entry for model in models))
        return next(model for model in models if model.entry.reference == entry.reference)

    def folder(self, choice: str | None) -> Path:
        """Return the folder of the model that a setting names, ready to load.

        :param choice: a folder, ``name`` or ``name@version``; None for the default. A choice with a slash is
            a folder, and so is one that matches no model if such a folder exists.
        :raises UnknownModelError: if it is neither a model nor a folder.
        :raises ModelNotFetchedError: if the files of the model are missing.
        """
        if choice is None:  # independent of imported models, so that a broken card among them does no harm
            model = self._registered(find_entry(self.default, self._registry.model))
        elif "/" in choice or self._is_folder_only(choice):
            return Path(choice)
        else:
            model = self.find(choice)
        if not model.present:
            reference = model.entry.reference
            raise ModelNotFetchedError(
                f"the files of {reference} are not in {model.folder}; run `fakeme models fetch {reference}`"
            )
        return model.folder

    def fetch(self, reference: str, progress: Progress) -> Path:
        """Download the weights of a model if they are missing; return its folder.

        :raises DownloadError: if the download fails; it resumes from the received part when called again.
        """
        model = self.find(reference)
        if model.present or model.entry.url is None:
            return model.folder
        card = model.entry.card
        model.folder.mkdir(parents=True, exist_ok=True)
        download(
            self._absolute(model.entry.url),
            model.folder / card.weights,
            sha256=card.sha256,
            progress=progress,
        )
        write_card(card, model.folder)  # last, because the card marks the model as present
        return model.folder

    def _is_folder_only(self, choice: str) -> bool:
        if not Path(choice).is_dir():
            return False
        return all(choice not in (model.entry.name, model.entry.reference) for model in self.known())

    def _absolute(self, url: str) -> str:
        return url if "://" in url else str(self._home / url)

    def _registered(self, entry: Entry) -> KnownModel:
        if entry.file is not None:
            return KnownModel(entry, (self._home / entry.file).parent, Source.SHIPPED)
        return KnownModel(entry, self.local / entry.reference, Source.REMOTE)

    def _local_names(self) -> list[str]:
        return sorted(path.parent.name for path in self.local.glob(f"*@*/{CARD_FILE}"))

    def _imported(self, name: str) -> KnownModel:
        folder = self.local / name
        card = read_any_card(folder)
        return KnownModel(entry_from_card(card, file=str(folder / card.weights)), folder, Source.IMPORTED)
