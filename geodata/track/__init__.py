"""Identity over time: what scans saw becomes structures that keep one id."""

from geodata.track.identity import follow
from geodata.track.naming import named
from geodata.track.sightings import Sighting, State, Track

__all__ = ["Sighting", "State", "Track", "follow", "named"]
