"""Per-pixel kernels of the usable-pixel mask: one pass to look at colours, one over cells, one to write codes."""

from __future__ import annotations

import numba
import numpy as np

CELL_PX = 8
"""Side of a cell, px: what is decided about an area is decided on cells anchored at the grid's corner."""

CLIPPED = 253
"""Display value from which a band counts as clipped: 255, and what a lossy codec makes of it."""

EDGE, BRIGHT_EDGE, CREST = 20, 60, 165
"""Range over 3 × 3 pixels from which a step is an edge; range and upper value of the edge of something bright."""

GREEN, DARK, WET, PALE, WHITE, BLACK = 1, 2, 4, 8, 16, 32
"""What the colours of one pixel may be: bits of a flag."""

COUNT, DARKEST, EDGES, BRIGHT_EDGES, WET_PX, PALE_PX, WHITE_PX, BLACK_PX, MEAN = range(9)
"""What is known of a cell, in the order of the planes that `cells` fills; all but DARKEST and MEAN are counts."""

PLANES = 9


@numba.njit(cache=True, nogil=True)
def to_display(values, gain, offset, clip, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Values on the 8 bit display scale; only what is clipped in the file reaches `CLIPPED`."""
    bands, rows, cols = values.shape
    for b in range(bands):
        for i in range(rows):
            for j in range(cols):
                v = values[b, i, j]
                if v >= clip[b]:
                    out[b, i, j] = 255
                else:
                    scaled = np.float32(v) * gain[b] + offset[b]
                    out[b, i, j] = np.uint8(min(np.float32(CLIPPED - 1), max(np.float32(0.0), scaled)) + 0.5)


GREY, COLOUR, COLOUR_NIR = 0, 1, 2
"""What the bands are: one, natural colours, or these and near infrared."""


@numba.njit(cache=True, nogil=True)
def _cover(r, g, b, n, kind):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Flags of vegetation and of water, in whole numbers.

    Vegetation: NDVI > 0.28 with near infrared, else normalised excess green > 0.06. Water: NDWI > 0.1 and dark in
    the near infrared, else dark and clearly more blue or green than red.
    """
    grey = (r * 77 + g * 150 + b * 29) >> 8
    if kind == COLOUR_NIR:
        green = (n - r) * 100 > 28 * (n + r) and n > 16
        wet = (g - n) * 100 > 10 * (g + n) and n < 60 and grey < 110
    else:
        green = (2 * g - r - b) * 100 > 6 * (r + g + b) and g > 16
        wet = grey < 90 and max(g, b) - r >= 4 + (grey >> 3)
    return (GREEN if green else 0) | (WET if wet else 0)


@numba.njit(cache=True, nogil=True)
def colours(rgb, nir, kind, shadow_level, luminance, lowest, flags):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Luminance, lowest band and colour flags of each pixel, in whole numbers."""
    rows, cols = luminance.shape
    # Without colours brightness alone must tell.
    pale_from = 185 if kind == GREY else 100
    for i in range(rows):
        for j in range(cols):
            r, g, b = np.int32(rgb[0, i, j]), np.int32(rgb[1, i, j]), np.int32(rgb[2, i, j])
            top, low = max(r, max(g, b)), min(r, min(g, b))
            luminance[i, j] = (r * 77 + g * 150 + b * 29) >> 8
            lowest[i, j] = low
            flag = _cover(r, g, b, np.int32(nir[i, j]), kind)
            # Light from the sky alone: blue is not below red. The darkest pixels have no colour left to judge.
            if top <= shadow_level and (b + 3 >= r or top <= shadow_level >> 1):
                flag |= DARK
            if low >= pale_from and (top - low) * 100 <= 13 * top:
                flag |= PALE
            if low >= CLIPPED:
                flag |= WHITE
            elif top <= 3:
                flag |= BLACK
            flags[i, j] = flag


@numba.njit(cache=True, nogil=True)
def cells(valid, luminance, lowest, flags, steps, rise, crest, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Describe each cell of `CELL_PX` × `CELL_PX` pixels.

    Args:
        valid: Validity, (y, x).
        luminance: Luminance, (y, x).
        lowest: Lowest band, (y, x).
        flags: Colour flags, (y, x).
        steps: Range of the luminance over 3 × 3 pixels, (y, x).
        rise: The same over the wider square, (y, x): a ramp has a step that is a small part of it.
        crest: Largest luminance over 3 × 3 pixels, (y, x).
        out: The planes, (PLANES, cell_y, cell_x), int32.
    """
    rows, cols = luminance.shape
    for ci in range(out.shape[1]):
        for cj in range(out.shape[2]):
            count, darkest, edges, bright, wet, pale, white, black, total = 0, 255, 0, 0, 0, 0, 0, 0, 0
            for i in range(ci * CELL_PX, min(rows, (ci + 1) * CELL_PX)):
                for j in range(cj * CELL_PX, min(cols, (cj + 1) * CELL_PX)):
                    if valid[i, j] == 0:
                        continue
                    flag = flags[i, j]
                    count += 1
                    darkest = min(darkest, int(lowest[i, j]))
                    total += luminance[i, j]
                    wet += (flag & WET) != 0
                    pale += (flag & PALE) != 0
                    white += (flag & WHITE) != 0
                    black += (flag & BLACK) != 0
                    if steps[i, j] >= EDGE and np.int32(steps[i, j]) * 100 >= 55 * np.int32(rise[i, j]):
                        edges += 1
                        bright += crest[i, j] >= CREST and steps[i, j] >= BRIGHT_EDGE
            out[COUNT, ci, cj] = count
            out[DARKEST, ci, cj] = darkest
            out[EDGES, ci, cj] = edges
            out[BRIGHT_EDGES, ci, cj] = bright
            out[WET_PX, ci, cj] = wet
            out[PALE_PX, ci, cj] = pale
            out[WHITE_PX, ci, cj] = white
            out[BLACK_PX, ci, cj] = black
            out[MEAN, ci, cj] = total // max(1, count)


@numba.njit(cache=True, nogil=True)
def write_codes(valid, flags, shadow, area, fill, wet, codes, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    """The code of each pixel, the first that holds.

    Args:
        valid: Validity, (y, x).
        flags: Colour flags, (y, x).
        shadow: Deep shadow, (y, x).
        area: Code of the cell where its whole area is unseen, else 0, (cell_y, cell_x).
        fill: Flag that is fill in this cell, else 0, (cell_y, cell_x).
        wet: Whether the cell is water's, (cell_y, cell_x).
        codes: Codes of (nodata, shadow, water, vegetation).
        out: The codes, (y, x).
    """
    rows, cols = out.shape
    for i in range(rows):
        ci = i // CELL_PX
        for j in range(cols):
            cj = j // CELL_PX
            flag = flags[i, j]
            if valid[i, j] == 0 or (flag & fill[ci, cj]) != 0:
                out[i, j] = codes[0]
            elif area[ci, cj] != 0:
                out[i, j] = area[ci, cj]
            elif wet[ci, cj] and (flag & (WET | DARK)) != 0:
                out[i, j] = codes[2]
            elif shadow[i, j] != 0:
                out[i, j] = codes[1]
            elif (flag & GREEN) != 0:
                out[i, j] = codes[3]
            else:
                out[i, j] = 0
