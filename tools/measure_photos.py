"""Measure how well copies of a picture are recognised: the figures of docs/evidence.md.

    python tools/measure_photos.py FOLDER [FOLDER ...] [--most 714]

Takes the GeoTIFFs of the folders as textures (photographs of officers are nobody's to publish): how many pairs of
different pictures are taken for copies, plain and with the same label in both, how many copies of each kind are found,
and how far a small picture within a file is from the large one, honest and after something was pasted in.
"""

from __future__ import annotations

import argparse
import io
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import rasterio
from PIL import Image, ImageEnhance, ImageOps

from geodata.io.photographs import _reduced, _thumbnail_difference, hashes_of
from service.cases.evidence import matching
from service.cases.evidence.matching import KnownPhoto, near_copies

BOUNDS = (40, 50, 60, 66, 72, 78, 84, 90)
Change = Callable[[Image.Image, random.Random], Image.Image]


def picture(path: Path) -> Image.Image:
    """A GeoTIFF as a picture."""
    with rasterio.open(path) as file:
        bands = file.read([1, 2, 3] if file.count >= 3 else [1, 1, 1])
    return Image.fromarray(np.moveaxis(bands, 0, 2).astype("uint8"))


def known(image: Image.Image, name: str = "") -> KnownPhoto:
    """A picture as it is kept."""
    return KnownPhoto(name, "", "", hashes_of(_reduced(image.copy())))


def again(image: Image.Image, quality: int) -> Image.Image:
    """One more compression."""
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=quality)
    return Image.open(io.BytesIO(file.getvalue()))


def cut(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    """A picture without these shares of its sides."""
    w, h = image.size
    return image.crop((int(w * left), int(h * top), int(w * (1 - right)), int(h * (1 - bottom))))


def cropped(share: float) -> Change:
    """Cropped to somewhere within."""

    def change(image: Image.Image, draw: random.Random) -> Image.Image:
        x, y = draw.random() * share, draw.random() * share
        return cut(image, x, y, share - x, share - y)

    return change


def one_side(share: float) -> Change:
    """Cut at one side."""

    def change(image: Image.Image, draw: random.Random) -> Image.Image:
        side = draw.randrange(4)
        return cut(image, *(share * (side == k) for k in range(4)))

    return change


def labelled(image: Image.Image, _: random.Random) -> Image.Image:
    """With a white label over seven hundredths of it."""
    image = image.copy()
    w, h = image.size
    image.paste((255, 255, 255), (int(w * 0.03), int(h * 0.8), int(w * 0.45), int(h * 0.97)))
    return image


CHANGES: Mapping[str, Change] = {
    "JPEG quality 30": lambda i, _: again(i, 30),
    "JPEG quality 10": lambda i, _: again(i, 10),
    "quarter size, quality 50": lambda i, _: again(i.resize((i.width // 4, i.height // 4)), 50),
    "brightness x 1.4": lambda i, _: ImageEnhance.Brightness(i).enhance(1.4),
    "brightness x 0.6": lambda i, _: ImageEnhance.Brightness(i).enhance(0.6),
    "gamma 0.6": lambda i, _: i.point([int(255 * (v / 255) ** 0.6) for v in range(256)] * 3),
    "grey": lambda i, _: ImageEnhance.Color(i).enhance(0),
    "mirrored": lambda i, _: ImageOps.mirror(i),
    "turned by 90 degrees": lambda i, _: i.transpose(Image.Transpose.ROTATE_90),
    "cropped by 5 %": cropped(0.05),
    "cropped by 10 %": cropped(0.1),
    "cropped by 15 %": cropped(0.15),
    "cropped by 20 %": cropped(0.2),
    "one side cut by 5 %": one_side(0.05),
    "one side cut by 10 %": one_side(0.1),
    "one side cut by 15 %": one_side(0.15),
    "cropped by 10 %, mirrored, quality 60": lambda i, d: again(ImageOps.mirror(cropped(0.1)(i, d)), 60),
    "rotated by 2 degrees": lambda i, _: i.rotate(2, Image.Resampling.BILINEAR),
    "rotated by 5 degrees": lambda i, _: i.rotate(5, Image.Resampling.BILINEAR),
    "label over 7 % of it": labelled,
}


def false_alarms(kept: Sequence[KnownPhoto]) -> str:
    """How many pairs of different pictures lie within each bound."""
    found = np.array([one.distance for k, mine in enumerate(kept) for one in near_copies(mine.hashes, kept[:k])])
    pairs = len(kept) * (len(kept) - 1) // 2
    return f"{pairs} pairs, nearest {found.min()}: " + ", ".join(f"{b}: {(found <= b).sum()}" for b in BOUNDS)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--most", type=int, default=714)
    told = parser.parse_args()
    paths = [path for folder in told.folders for path in sorted(folder.glob("*.tif"))]
    draw = random.Random(1)
    draw.shuffle(paths)
    pictures = [picture(path) for path in paths[: told.most]]
    matching.NEAR_BITS = matching.BITS  # type: ignore[misc]
    kept = [known(image, str(k)) for k, image in enumerate(pictures)]
    print("different:", false_alarms(kept), flush=True)
    print("the same label:", false_alarms([known(labelled(image, draw)) for image in pictures]), flush=True)
    for name, change in CHANGES.items():
        found = [
            near_copies(known(change(i, draw)).hashes, [one])[0] for i, one in zip(pictures[:300], kept, strict=False)
        ]
        distances = np.array([one.distance for one in found])
        print(f"{name:40}", *(f"{b}: {(distances <= b).mean():.3f}" for b in BOUNDS), flush=True)
    thumbnails(pictures[:200], draw)


def thumbnails(pictures: Sequence[Image.Image], draw: random.Random) -> None:
    """How far small pictures are from large ones, after something was pasted into these."""
    for share in (0.0, 0.1, 0.2, 0.3):
        found = []
        for image in pictures:
            file, changed = io.BytesIO(), image.copy()
            image.resize((160, 120)).save(file, "JPEG", quality=60)
            size = (int(share * image.width), int(share * image.height))
            if share:
                where = (int(draw.random() * (image.width - size[0])), int(draw.random() * (image.height - size[1])))
                changed.paste(draw.choice(pictures).resize(size), where)
            grey = _reduced(changed)
            found.append(_thumbnail_difference(file.getvalue(), grey, grey) or 0.0)
        low, middle, high = np.quantile(found, [0.05, 0.5, 1.0])
        above = np.mean(np.array(found) > 0.12)
        print(f"pasted {share}: 5 % {low:.3f}, median {middle:.3f}, most {high:.3f}, above 0.12: {above:.3f}")


if __name__ == "__main__":
    main()
