"""Draw the icons of the field check: a house and the mark of a place, in the colours of the pages.

python tools/draw_field_icon.py
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

STATIC = Path(__file__).parents[1] / "service" / "static"
SIZES = (192, 512)
BLUE, WHITE, RED = (11, 92, 173), (255, 255, 255), (255, 59, 48)
_LARGE = 1024


def draw() -> Image.Image:
    """The icon, large. All of it lies within the middle four fifths, so that phones may cut it round."""
    image = Image.new("RGB", (_LARGE, _LARGE), BLUE)
    pen = ImageDraw.Draw(image)
    pen.polygon([(512, 250), (800, 500), (730, 500), (730, 780), (294, 780), (294, 500), (224, 500)], fill=WHITE)
    pen.rectangle((452, 590, 572, 780), fill=BLUE)
    # the mark of a place on a map, over the roof's corner
    pen.ellipse((610, 190, 830, 410), fill=RED)
    pen.polygon([(622, 350), (818, 350), (720, 520)], fill=RED)
    pen.ellipse((672, 252, 768, 348), fill=WHITE)
    return image


def main() -> None:
    """Write them."""
    large = draw()
    for size in SIZES:
        made = large.resize((size, size), Image.Resampling.LANCZOS)
        made.quantize(64).save(STATIC / f"field-{size}.png", optimize=True)


if __name__ == "__main__":
    main()
