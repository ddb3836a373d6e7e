"""Write two pictures to try the examples with: a real portrait and a forgery of it."""

from pathlib import Path

from pipeline.demo.pictures import jpeg, portrait, retouched


def main() -> None:
    """Write ``real.jpg`` and ``forged.jpg`` into the current folder."""
    Path("real.jpg").write_bytes(jpeg(portrait()))
    Path("forged.jpg").write_bytes(jpeg(retouched()))
    print("wrote real.jpg and forged.jpg")


if __name__ == "__main__":
    main()
