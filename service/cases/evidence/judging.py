"""What speaks against a photograph: used before, edited, at another time, at another place.

None of it refuses the photograph but one: the very same file out of another case. Chat apps remove what a camera
wrote, clocks are wrong, people
stand behind a wall; so each doubt is told with its figures beside the photograph, for whoever reviews it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from service.cases.evidence.doubts import PhotoDoubt, Severity, doubt
from service.cases.evidence.matching import BITS, MIN_CONTRAST, SURE_BITS, KnownPhoto, near_copies
from service.cases.evidence.photos import Exif, PhotoFacts
from service.cases.evidence.places import place_doubts
from service.cases.evidence.times import time_doubts
from service.cases.evidence.told import BOUNDS, EDITORS, WATERMARKERS, WAYS, Place, Told

_ORDER = tuple(Severity)


def judge_photo(
    facts: PhotoFacts, told: Told, known: Iterable[KnownPhoto], place: Place | None, received_at: datetime
) -> tuple[PhotoDoubt, ...]:
    """Everything that speaks against a photograph, the gravest first.

    Args:
        facts: The photograph; `photos.read_photo`.
        told: What the form tells.
        known: Photographs that are kept, of this case and others; without the photograph itself.
        place: The structure; None: the case has none yet.
        received_at: When it arrived, by the server's clock, with zone.
    """
    found = [
        *_reuse(facts, told, known),
        *_editing(facts),
        *_origin(facts, told),
        *time_doubts(facts.exif, told, received_at),
        *place_doubts(facts.exif, told, place),
    ]
    return tuple(sorted(found, key=lambda one: _ORDER.index(one.severity)))


def _reuse(facts: PhotoFacts, told: Told, known: Iterable[KnownPhoto]) -> Iterator[PhotoDoubt]:
    """The same file or nearly the same picture, used before."""
    same: list[KnownPhoto] = []

    def others() -> Iterator[KnownPhoto]:
        for one in known:
            if one.sha256 == facts.sha256:
                same.append(one)
            else:
                yield one

    shows = facts.contrast >= MIN_CONTRAST
    # also of a picture that shows nothing, since going through them finds the same file
    matches = [one for one in near_copies(facts.hashes, others()) if shows]
    for one in same:
        here = one.case_id == told.case_id
        yield doubt("same_file_here", one.id) if here else doubt("same_file", one.id, case=one.case_id)
    for match in matches:
        way, way_zh = WAYS[match.how]
        measured = {"bits": match.distance, "of": BITS, "way": way, "way_zh": way_zh}
        if match.photo.case_id == told.case_id:
            yield doubt("near_copy_here", match.photo.id, **measured)
        else:
            code = "near_copy" if match.distance <= SURE_BITS else "like_copy"
            yield doubt(code, match.photo.id, case=match.photo.case_id, **measured)
    if not shows:
        yield doubt("blank", contrast=facts.contrast)


def _editing(facts: PhotoFacts) -> Iterator[PhotoDoubt]:
    """Traces of programs and of later changes."""
    exif = facts.exif or Exif()
    if facts.machine_made:
        yield doubt("machine_made")
    for program in dict.fromkeys((exif.software, facts.tool)):
        name = program.lower()
        if any(word in name for word in EDITORS):
            yield doubt("edited", program=program)
        elif any(word in name for word in WATERMARKERS):
            yield doubt("watermark_app", program=program)
    if facts.thumbnail_difference is not None and facts.thumbnail_difference > BOUNDS.thumbnail:
        yield doubt("thumbnail", difference=facts.thumbnail_difference)
    later = _changed_after_s(exif)
    if later > BOUNDS.modified_s:
        yield doubt("modified", minutes=later / 60)
    taken, stored = {exif.width, exif.height}, {facts.width, facts.height}
    if None not in taken and taken != stored:
        yield doubt("size", width=facts.width, height=facts.height, taken_width=exif.width, taken_height=exif.height)


def _changed_after_s(exif: Exif) -> float:
    """How much later than taken the file was changed, s, by the same clock."""
    if exif.taken is None or exif.modified is None:
        return 0.0
    later = (datetime.fromisoformat(exif.modified) - datetime.fromisoformat(exif.taken)).total_seconds()
    if exif.taken_offset_min is not None and exif.modified_offset_min is not None:
        later -= 60.0 * (exif.modified_offset_min - exif.taken_offset_min)
    return later


def _origin(facts: PhotoFacts, told: Told) -> Iterator[PhotoDoubt]:
    """Whether it may come from a camera."""
    if facts.exif is None:
        yield doubt("no_exif_camera" if told.from_camera else "no_exif")
    elif facts.exif.faults:
        yield doubt("exif_damaged", faults=", ".join(facts.exif.faults))
    if told.from_camera and facts.format != "JPEG":
        yield doubt("format", format=facts.format)
