"""Assessment: structures against parcels, permits, plan zones and known buildings, as of a day."""

from geodata.assess.assessment import ADDED, assess

__all__ = ["ADDED", "assess"]
