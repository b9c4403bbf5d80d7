"""Training samples: random views of labelled pairs, and pairs composed of pictures whose roofs are known.

A sample is a square of both dates with four labels: what appeared, what disappeared, the roofs of the first date,
the roofs of the second. Each label is 0, 1 or `UNKNOWN`; what nobody judged counts neither for nor against.

Composed pairs (`PlaceSource`) follow what was measured to transfer (methods.md 4.1): two pictures of different places
whose roofs are known, one laid into the other with whole roofs, so that the ground changes with the houses or without
them; the same place in two years, where nothing changed; roofs alone. Their background is always real.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from geodata.learn.augment import Light, cluttered, matched, polygon, rectangle, reroofed

U8 = npt.NDArray[np.uint8]
F64 = npt.NDArray[np.float64]

UNKNOWN = 255
LABELS = ("appeared", "disappeared", "roof_before", "roof_after")


@dataclass(frozen=True)
class Sample:
    """One training sample.

    Args:
        pictures: Both dates, RGB after RGB, shape (6, y, x).
        labels: `LABELS`, 0, 1 or `UNKNOWN`, shape (4, y, x).
    """

    pictures: U8
    labels: U8


class Source(Protocol):
    """Where samples come from."""

    def draw(self, rng: np.random.Generator) -> Sample:
        """One sample; the same generator state gives the same one."""


@dataclass(frozen=True)
class Views:
    """How a view of a place is drawn.

    Args:
        size_px: Side of a sample.
        gsd_m: The model's pixel size.
        scale: Range of the pixel size's variation.
        shift_px: Standard deviation of the residual shift between the dates.
        any_angle: Share of views that are turned by any angle, not a right one.
        light: Variation of each date.
    """

    size_px: int = 256
    gsd_m: float = 0.55
    scale: tuple[float, float] = (0.75, 1.33)
    shift_px: float = 0.7
    any_angle: float = 0.6
    light: Light = Light()

    def drawn(self, shape: tuple[int, ...], gsd_m: float, rng: np.random.Generator) -> F64:
        """A random map from sample pixels to picture pixels, shape (2, 3), within the picture where it is large."""
        zoom = np.exp(rng.uniform(*np.log(self.scale))) * self.gsd_m / gsd_m
        turn = rng.uniform(0, 2 * np.pi) if rng.random() < self.any_angle else rng.integers(4) * np.pi / 2
        flip = -1.0 if rng.random() < 0.5 else 1.0
        linear = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ np.diag([flip, 1]) * zoom
        reach = self.size_px / 2 * zoom
        centre = [rng.uniform(min(reach, n / 2), max(n - reach, n / 2)) for n in (shape[1], shape[0])]
        offset = np.array(centre) - linear @ np.full(2, self.size_px / 2)
        return np.hstack([linear, offset[:, None]])

    def taken(self, picture: U8, view: F64, shift: F64 | None = None, *, label: bool = False) -> U8:
        """A picture or label through a view; mirrored beyond its edge, labels unknown there."""
        to = view.copy()
        if shift is not None:
            to[:, 2] += shift
        how = cv2.INTER_NEAREST if label else cv2.INTER_LINEAR
        edge = {"borderMode": cv2.BORDER_CONSTANT, "borderValue": UNKNOWN} if label else {"borderMode": _MIRROR}
        size = (self.size_px, self.size_px)
        return np.asarray(cv2.warpAffine(picture, to, size, flags=how | cv2.WARP_INVERSE_MAP, **edge))


_MIRROR = cv2.BORDER_REFLECT_101


@dataclass(frozen=True)
class LabelledPair:
    """A pair with what is known of its changes.

    Args:
        place: Name of the place; a place is never on both sides of a split.
        before: First date, RGB, shape (y, x, 3).
        after: Second date on the same grid.
        labels: Appeared, disappeared: 0, 1 or `UNKNOWN`, shape (2, y, x).
        gsd_m: Pixel size.
    """

    place: str
    before: U8
    after: U8
    labels: U8
    gsd_m: float


class PairSource:
    """Random views of labelled pairs, with time running either way."""

    def __init__(self, pairs: Sequence[LabelledPair], views: Views, change_share: float = 0.6) -> None:
        """Make a source.

        Args:
            pairs: What it draws from.
            views: How.
            change_share: Share of samples in which a change is looked for (a few tries).
        """
        self.pairs, self.views, self.change_share = pairs, views, change_share
        weights = np.array([p.labels[0].size * p.gsd_m**2 for p in pairs])
        self.weights = weights / weights.sum()

    def draw(self, rng: np.random.Generator) -> Sample:
        """One sample."""
        wanted = rng.random() < self.change_share
        for _ in range(6):
            pair = self.pairs[rng.choice(len(self.pairs), p=self.weights)]
            view = self.views.drawn(pair.labels.shape[1:], pair.gsd_m, rng)
            shift = rng.normal(0, self.views.shift_px, 2)
            appeared, gone = (self.views.taken(label, view, shift, label=True) for label in pair.labels)
            if not wanted or (appeared == 1).any() or (gone == 1).any():
                break
        dates = self.views.taken(pair.before, view), self.views.taken(pair.after, view, shift)
        unknown = np.full_like(appeared, UNKNOWN)
        # Where something appeared there was no roof and now is one; of the rest the pair tells nothing.
        roofs = unknown.copy(), unknown.copy()
        for change, (old, new) in ((appeared, (0, 1)), (gone, (1, 0))):
            roofs[0][change == 1], roofs[1][change == 1] = old, new
        return finished(dates, (appeared, gone, *roofs), self.views.light, rng)


@dataclass(frozen=True)
class Place:
    """A place in one or more years, nothing built between them.

    Args:
        name: Its name.
        years: Pictures (y, x, 3) with their roofs (0, 1, or None where nobody outlined them).
        gsd_m: Pixel size.
        weight: How often it is drawn among the outlined places.
    """

    name: str
    years: tuple[tuple[U8, U8 | None], ...]
    gsd_m: float
    weight: float = 1.0

    @property
    def outlined(self) -> bool:
        """Whether its roofs are known in some year."""
        return any(roofs is not None for _, roofs in self.years)


@dataclass(frozen=True)
class Shares:
    """What composed samples are made of; what is left over is the same place in two years.

    Args:
        composed: Part of another place laid in.
        roofs_only: Of those: roofs alone, without their ground.
        bare_ground: Of those: ground without houses laid in.
        onto_bare: Of those: on a place without houses.
        small: Of those: houses at a fraction of their size, as sheds are.
        cluttered: Share of second dates with changes that are no building.
        reroofed: Share of second dates in which standing roofs look otherwise.
    """

    composed: float = 0.65
    roofs_only: float = 0.2
    bare_ground: float = 0.15
    onto_bare: float = 0.3
    small: float = 0.12
    cluttered: float = 0.35
    reroofed: float = 0.2


class PlaceSource:
    """Pairs composed of pictures whose roofs are known."""

    def __init__(
        self, places: Sequence[Place], views: Views, bare: Sequence[Place] = (), shares: Shares | None = None
    ) -> None:
        """Make a source.

        Args:
            places: Places, outlined or not.
            views: How views are drawn.
            bare: Places known to hold no roofs.
            shares: What is mixed.
        """
        self.views, self.shares = views, shares or Shares()
        self.far_views = replace(views, scale=(1.5, 2.4))
        self.outlined = [p for p in places if p.outlined]
        self.seen_twice = [p for p in places if len(p.years) > 1]
        self.bare = [*bare, *(p for p in self.outlined if (roofs := p.years[0][1]) is not None and roofs.mean() < 0.02)]
        weights = np.array([p.weight for p in self.outlined])
        self.weights = weights / weights.sum()

    def draw(self, rng: np.random.Generator) -> Sample:
        """One sample."""
        made = self._composed(rng) if rng.random() < self.shares.composed else self._unchanged(rng)
        (before, after), labels = made
        if rng.random() < self.shares.reroofed:
            appeared, gone, old, new = labels
            stands = (old == 1) & (new == 1) & (appeared == 0) & (gone == 0)
            after = reroofed(after, stands.astype(np.uint8), rng)
        if rng.random() < self.shares.cluttered:
            after = cluttered(after, rng)
        if rng.random() < 0.3 * self.shares.cluttered:
            before = cluttered(before, rng)
        return finished((before, after), labels, self.views.light, rng)

    def _any_outlined(self, rng: np.random.Generator) -> Place:
        return self.outlined[rng.choice(len(self.outlined), p=self.weights)]

    def _two_years(self, place: Place, rng: np.random.Generator, views: Views | None = None) -> list[tuple[U8, U8]]:
        """One view of a place in two years, or twice in its only one, with roofs."""
        picked = np.resize(rng.permutation(len(place.years))[:2], 2)
        view = (views or self.views).drawn(place.years[0][0].shape, place.gsd_m, rng)
        seen = []
        for k, year in enumerate(picked):
            shift = rng.normal(0, self.views.shift_px, 2) if k else None
            picture, roofs = place.years[year]
            taken = self.views.taken(picture, view, shift)
            known = np.full(taken.shape[:2], UNKNOWN, np.uint8)
            if roofs is not None:
                known = self.views.taken(roofs, view, shift, label=True)
            seen.append((taken, known))
        return seen

    def _unchanged(self, rng: np.random.Generator) -> _Made:
        many = self.seen_twice and rng.random() < 0.7
        place = self.seen_twice[rng.integers(len(self.seen_twice))] if many else self._any_outlined(rng)
        (before, old), (after, new) = self._two_years(place, rng)
        nothing = np.zeros(old.shape, np.uint8)
        return (before, after), (nothing, nothing.copy(), old, new)

    def _composed(self, rng: np.random.Generator) -> _Made:
        """Part of one place laid into the second date of another."""
        ground = self._any_outlined(rng)
        if self.bare and rng.random() < self.shares.onto_bare:
            ground = self.bare[rng.integers(len(self.bare))]
        (before, old), (after, kept) = self._two_years(ground, rng)
        if rng.random() < 0.25:
            after, kept = before.copy(), old.copy()
        laid = self._any_outlined(rng)
        if self.bare and rng.random() < self.shares.bare_ground:
            laid = self.bare[rng.integers(len(self.bare))]
        small = rng.random() < self.shares.small
        (picture, roofs) = self._two_years(laid, rng, self.far_views if small else None)[0]
        if rng.random() < 0.7:
            picture = matched(picture, after)
        part = self._part(roofs, rng, alone=small)
        after = _laid_in(after, picture, part)
        new = np.where(part > 0, roofs, kept)
        appeared = np.where(part > 0, roofs, 0).astype(np.uint8)
        gone = np.where(part > 0, old, 0).astype(np.uint8)
        both = (part > 0) & (roofs > 0) & (old > 0)
        appeared[both] = gone[both] = UNKNOWN
        return (before, after), (appeared, gone, old, new.astype(np.uint8))

    def _part(self, roofs: U8, rng: np.random.Generator, *, alone: bool = False) -> U8:
        """Which pixels are laid in: everything, some patches with whole roofs, or roofs alone."""
        count, numbers = cv2.connectedComponents((roofs == 1).astype(np.uint8))
        if count > 1 and (alone or rng.random() < self.shares.roofs_only):
            chosen = np.append(False, rng.random(count - 1) < rng.uniform(0.2, 1))
            return _grown(chosen[numbers], int(rng.integers(3, 10)))
        if rng.random() < 0.25:
            return np.ones(roofs.shape, np.uint8)
        part = _patches(roofs.shape, rng)
        if rng.random() < 0.7:
            touched = np.bincount(numbers[part > 0], minlength=count) > 0
            touched[0] = False
            part = part | _grown(touched[numbers], 5)
        return part


_Made = tuple[tuple[U8, U8], tuple[U8, U8, U8, U8]]


def _grown(mask: npt.NDArray[np.bool_], width_px: int) -> U8:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((width_px, width_px), np.uint8)))


def _laid_in(picture: U8, other: U8, part: U8) -> U8:
    """Another picture within a part, its border a pixel soft."""
    cover = cv2.GaussianBlur(part * 255, (0, 0), 0.8)[..., None].astype(np.uint16)
    return np.asarray((picture * (255 - cover) + other * cover + 127) // 255).astype(np.uint8)


def _patches(shape: tuple[int, ...], rng: np.random.Generator) -> U8:
    part = np.zeros(shape[:2], np.uint8)
    for _ in range(rng.integers(1, 5)):
        if rng.random() < 0.5:
            outline = polygon(rng, shape, (15, 100))
        else:
            centre = rng.uniform(0, (shape[1], shape[0]))
            outline = rectangle(rng, centre, rng.uniform(25, 160), rng.uniform(15, 120))
        cv2.fillPoly(part, [outline], 1)
    return part


def finished(dates: tuple[U8, U8], labels: tuple[U8, U8, U8, U8], light: Light, rng: np.random.Generator) -> Sample:
    """A sample of two dates: time the one way or the other, then each date in a light of its own.

    Dates and labels are swapped together: a symmetric label under a swap would unlearn the direction.
    """
    (before, after), (appeared, gone, old, new) = dates, labels
    if rng.random() < 0.5:
        before, after, appeared, gone, old, new = after, before, gone, appeared, new, old
    pictures = np.concatenate([light.relit(before, rng), light.relit(after, rng)], axis=2)
    return Sample(np.ascontiguousarray(pictures.transpose(2, 0, 1)), np.stack([appeared, gone, old, new]))
