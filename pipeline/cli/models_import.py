"""`fakeme models import`: take over weights that were made elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from inference.swapper.variant import Variant

if TYPE_CHECKING:
    from inference.swapper.card import SwapperCard
    from inference.swapper.conversion import SwapperOrigin

DETECTOR = "detector"


class _ImportGroup(TyperGroup):
    """Takes `import FILE …`, the short form of `import detector FILE …`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # typer's own copy of click has no public name
        if args and args[0] not in {*self.commands, "--help"}:
            args = [DETECTOR, *args]
        return super().parse_args(ctx, args)


commands = typer.Typer(
    cls=_ImportGroup,
    help="Import weights that were made elsewhere; `import FILE …` imports a detector.",
    no_args_is_help=True,
)

WeightsFile = Annotated[Path, typer.Argument(help="A .safetensors file, or a state dict by torch.save.")]
Version = Annotated[str, typer.Option(help="Version of the model.")]
Licence = Annotated[
    str | None, typer.Option(help="Licence of the weights; default: that of the official ones, CC BY-NC 4.0.")
]
Data = Annotated[str, typer.Option(help="Training data of the weights.")]


@commands.command(name=DETECTOR)
def import_detector(  # noqa: PLR0917 - a command's options
    path: WeightsFile,
    network: Annotated[str, typer.Option(help="Network architecture, such as efficientnet_v2_s.")],
    licence: Annotated[str, typer.Option(help="Licence of the weights.")],
    data: Data,
    name: Annotated[str | None, typer.Option(help="Name of the model; default: the file name.")] = None,
    version: Annotated[str, typer.Option(help="Version of the model, recorded with its verdicts.")] = "1",
    forged_class: Annotated[
        int,
        typer.Option(
            min=0, max=1, help="Index of the logit for forged; 0 if class folders were sorted by name."
        ),
    ] = 1,
    suspect_threshold: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Probability from which moderators review a post.")
    ] = 0.5,
) -> None:
    """Import a detector; an uncalibrated model only suspects, and never tags."""
    from inference.foreign_weights import Origin, import_model  # noqa: PLC0415 - torch takes seconds to import

    origin = Origin(
        name or path.stem, version, network, licence, data, forged_class, suspect_threshold=suspect_threshold
    )
    card = import_model(path, origin, _local())
    print(
        f"imported as {card.reference}; UNCALIBRATED: it suspects from {suspect_threshold}, and never tags."
    )
    print("Compare it first: set FAKEME_DETECTION__SHADOW_MODEL, then run `fakeme models compare`.")


@commands.command(name="simswap")
def import_simswap(  # noqa: PLR0917 - a command's options
    path: WeightsFile,
    variant: Annotated[
        Variant,
        typer.Option(
            help="people: the released checkpoint; training: made with the training code published later."
            " The file does not tell."
        ),
    ],
    name: Annotated[str, typer.Option(help="Name of the model.")] = "simswap",
    version: Version = "1",
    licence: Licence = None,
    data: Data = "not stated",
) -> None:
    """Import a generator of SimSwap, which swaps faces."""
    from inference.swapper.conversion import import_generator  # noqa: PLC0415 - torch takes seconds to import

    _report(import_generator(path, variant, _origin(name, version, licence, data), _local()))


@commands.command(name="arcface")
def import_arcface(
    path: WeightsFile,
    name: Annotated[str, typer.Option(help="Name of the model.")] = "arcface",
    version: Version = "1",
    licence: Licence = None,
    data: Data = "not stated",
) -> None:
    """Import the identity encoder that belongs to a generator of SimSwap."""
    from inference.swapper.conversion import import_encoder  # noqa: PLC0415 - torch takes seconds to import

    _report(import_encoder(path, _origin(name, version, licence, data), _local()))


def _origin(name: str, version: str, licence: str | None, data: str) -> "SwapperOrigin":
    from inference.swapper.conversion import OFFICIAL_LICENCE, SwapperOrigin  # noqa: PLC0415 - likewise

    return SwapperOrigin(name, version, licence or OFFICIAL_LICENCE, data)


def _report(card: "SwapperCard") -> None:
    variant = f", variant {card.variant.value}" if card.variant else ""
    print(f"imported as {card.reference}: {card.purpose.value} ({card.network}{variant})")
    print(f"Licence: {card.licence}")


def _local() -> Path:
    from pipeline.settings import data_folder  # noqa: PLC0415 - not needed for --help

    return data_folder() / "models"
