"""Assessment: structures against parcels, permits, plan zones and known buildings, as of a day."""

from geodata.assess.assessment import ADDED, assess
from geodata.assess.facts import watched_areas

__all__ = ["ADDED", "assess", "watched_areas"]
