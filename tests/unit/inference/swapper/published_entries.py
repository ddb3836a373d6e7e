"""The entries of the official checkpoints, as published. Written by hand, not made with our networks.

A line is the prefix of a layer, its kind and its sizes; ``{}`` stands for each of the numbers at the end.
"""

import torch

State = dict[str, torch.Tensor]

GENERATOR = """
first_layer.1 conv 64 3 7
first_layer.2 norm 64
down1.0 conv 128 64 3
down1.1 norm 128
down2.0 conv 256 128 3
down2.1 norm 256
down3.0 conv 512 256 3
down3.1 norm 512
BottleNeck.{}.conv1.1 conv 512 512 3 | 0 1 2 3 4 5 6 7 8
BottleNeck.{}.style1.linear linear 1024 512 | 0 1 2 3 4 5 6 7 8
BottleNeck.{}.conv2.1 conv 512 512 3 | 0 1 2 3 4 5 6 7 8
BottleNeck.{}.style2.linear linear 1024 512 | 0 1 2 3 4 5 6 7 8
up3.1 conv 256 512 3
up3.2 norm 256
up2.1 conv 128 256 3
up2.2 norm 128
up1.1 conv 64 128 3
up1.2 norm 64
last_layer.1 conv 3 64 7
"""

DEEP_GENERATOR = (
    GENERATOR
    + """
down4.0 conv 512 512 3
down4.1 norm 512
up4.1 conv 512 512 3
up4.2 norm 512
"""
)

# With one block in each stage but the second, which has two
ENCODER = """
conv1 bare 64 3 3
bn1 norm 64
prelu slope
layer1.0.bn0 norm 64
layer1.0.conv1 bare 64 64 3
layer1.0.bn1 norm 64
layer1.0.prelu slope
layer1.0.conv2 bare 64 64 3
layer1.0.bn2 norm 64
layer1.0.se.fc.0 linear 4 64
layer1.0.se.fc.1 slope
layer1.0.se.fc.2 linear 64 4
layer2.0.bn0 norm 64
layer2.0.conv1 bare 64 64 3
layer2.0.bn1 norm 64
layer2.0.conv2 bare 128 64 3
layer2.0.downsample.0 bare 128 64 1
layer2.0.downsample.1 norm 128
layer2.1.bn0 norm 128
layer2.1.conv1 bare 128 128 3
layer2.1.bn1 norm 128
layer2.1.conv2 bare 128 128 3
layer2.{}.prelu slope | 0 1
layer2.{}.bn2 norm 128 | 0 1
layer2.{}.se.fc.0 linear 8 128 | 0 1
layer2.{}.se.fc.1 slope | 0 1
layer2.{}.se.fc.2 linear 128 8 | 0 1
layer3.0.bn0 norm 128
layer3.0.conv1 bare 128 128 3
layer3.0.bn1 norm 128
layer3.0.prelu slope
layer3.0.conv2 bare 256 128 3
layer3.0.bn2 norm 256
layer3.0.se.fc.0 linear 16 256
layer3.0.se.fc.1 slope
layer3.0.se.fc.2 linear 256 16
layer3.0.downsample.0 bare 256 128 1
layer3.0.downsample.1 norm 256
layer4.0.bn0 norm 256
layer4.0.conv1 bare 256 256 3
layer4.0.bn1 norm 256
layer4.0.prelu slope
layer4.0.conv2 bare 512 256 3
layer4.0.bn2 norm 512
layer4.0.se.fc.0 linear 32 512
layer4.0.se.fc.1 slope
layer4.0.se.fc.2 linear 512 32
layer4.0.downsample.0 bare 512 256 1
layer4.0.downsample.1 norm 512
bn2 norm 512
fc linear 512 25088
bn3 norm 512
"""


def shapes(table: str) -> dict[str, tuple[int, ...]]:
    """Return the shape of each entry of a table."""
    found: dict[str, tuple[int, ...]] = {}
    for line in filter(None, table.splitlines()):
        layer, _, numbers = line.partition(" | ")
        prefix, kind, *sizes = layer.split()
        for number in numbers.split() or [""]:
            found |= _entries(prefix.format(number), kind, tuple(map(int, sizes)))
    return found


def _entries(prefix: str, kind: str, sizes: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    if kind == "slope":
        return {f"{prefix}.weight": (1,)}
    if kind == "norm":
        vectors = ("weight", "bias", "running_mean", "running_var")
        return {f"{prefix}.{name}": sizes for name in vectors} | {f"{prefix}.num_batches_tracked": ()}
    weight = sizes if kind == "linear" else (*sizes, sizes[-1])
    return {f"{prefix}.weight": weight} | ({} if kind == "bare" else {f"{prefix}.bias": sizes[:1]})


def random_state(table: str, seed: int = 0) -> State:
    """Return weights with the entries of a table, and values that keep the signal's size."""
    generator = torch.Generator().manual_seed(seed)
    return {key: _values(key, shape, generator) for key, shape in shapes(table).items()}


def empty_state(table: str) -> State:
    """Return entries that have a shape and no memory."""
    return {key: torch.empty(shape, device="meta") for key, shape in shapes(table).items()}


def _values(key: str, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    if key.endswith("num_batches_tracked"):
        return torch.tensor(1000)
    if key.endswith("running_var"):
        return torch.ones(shape)
    if key.endswith(".weight") and len(shape) == 1:
        return torch.full(shape, 0.25 if shape == (1,) else 1.0)  # a slope or a norm
    inputs = shape[0] if len(shape) == 1 else torch.Size(shape).numel() / shape[0]
    return torch.randn(shape, generator=generator) * inputs**-0.5
