"""The places where imagery arrives, as the settings name them."""

from __future__ import annotations

from geodata.errors import OptionError
from service.arrivals.base import Source
from service.arrivals.folder import Folder
from service.arrivals.objects import Objects
from service.arrivals.settings import Arrival
from service.arrivals.stac import Catalogue
from service.settings import Settings


def open_sources(settings: Settings) -> list[Source]:
    """Every source of the nightly batch, in the order of the settings; none is asked yet.

    Args:
        settings: The settings.

    Raises:
        OptionError: If two have one name, or a bucket's address is none.
    """
    sources: list[Source] = [_opened(one, settings) for one in settings.nightly.sources]
    names = [one.name for one in sources]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise OptionError(
            f"Two sources are called {twice}: what was taken from them could not be told apart.",
            remedy="Name each once in KANCHA_NIGHTLY__SOURCES, a catalogue with all of its collections.",
            source=twice,
        )
    return sources


def _opened(arrival: Arrival, settings: Settings) -> Source:
    most = settings.limits.max_upload_bytes
    if arrival.folder is not None:
        return Folder(arrival.folder, settings.data, most)
    return Objects(arrival, most) if arrival.s3 else Catalogue(arrival, most)
