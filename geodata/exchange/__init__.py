"""Exchange with other systems: the national patch schema (图斑), the ledger as a workbook, a GeoPackage of all."""

from geodata.exchange.files import read_patches, write_patches
from geodata.exchange.patches import FIELDS, PatchOptions, to_patches
from geodata.exchange.tables import Table, write_package
from geodata.exchange.workbook import LedgerOptions, write_ledger

__all__ = [
    "FIELDS",
    "LedgerOptions",
    "PatchOptions",
    "Table",
    "read_patches",
    "to_patches",
    "write_ledger",
    "write_package",
    "write_patches",
]
