"""Exchange with other systems: the national patch schema (图斑), in and out."""

from geodata.exchange.files import read_patches, write_patches
from geodata.exchange.patches import FIELDS, PatchOptions, to_patches

__all__ = ["FIELDS", "PatchOptions", "read_patches", "to_patches", "write_patches"]
