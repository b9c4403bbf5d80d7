"""Exports over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.usecases.export_orders import ExportOrder


class _ExportIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: str
    format: str

    def order(self) -> ExportOrder:
        """What is asked."""
        return ExportOrder(self.kind, self.format, self.model_dump(exclude={"kind", "format"}))


class LedgerIn(_ExportIn):
    """The ledger as a workbook."""

    kind: Literal["ledger"]
    format: Literal["xlsx"] = "xlsx"
    scan: str | None = Field(default=None, max_length=200, description="Of this scan alone.")
    status: str | None = Field(default=None, max_length=200, description="Statuses parted by commas.")
    language: Literal["zh", "en"] = "zh"
    dismissed: bool = Field(default=True, description="Also findings that were judged wrong.")


class PatchesIn(_ExportIn):
    """Findings as patches of the national form; dismissed findings are left out."""

    kind: Literal["patches"]
    format: Literal["zip", "gpkg", "db"]
    county: str = Field(max_length=20, description="Six digits of the county (XZQDM).")
    county_name: str = Field(max_length=200, description="Its name (XMC).")
    crs: str = Field(default="EPSG:4490", max_length=10_000, description="System of the outlines.")
    scan: str | None = Field(default=None, max_length=200, description="Of this scan alone.")
    status: str | None = Field(default="suspected", max_length=200, description="Statuses parted by commas.")
    letters: str = Field(default="SJBG", max_length=20)
    first_serial: int = 1


class PackageIn(_ExportIn):
    """Everything as one GeoPackage."""

    kind: Literal["package"]
    format: Literal["gpkg"] = "gpkg"


ExportIn = Annotated[LedgerIn | PatchesIn | PackageIn, Field(discriminator="kind")]
