"""QGIS reads and filters a collection of the running service (`make conformance` installs it)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.service_kit import Served
from tests.qgis import has_qgis, in_qgis

_SCRIPT = """
import os, sys
from qgis.core import QgsApplication, QgsFeatureRequest, QgsProviderRegistry, QgsRectangle, QgsVectorLayer
app = QgsApplication([], False)
app.initQgis()
told = "typename='zones' url='" + sys.argv[1] + "' pageSize='50' username='qgis' password='" + sys.argv[2] + "'"
layer = QgsVectorLayer(told, "zones", "OAPIF")
print(layer.isValid(), layer.featureCount(), layer.crs().authid())
fields = sorted(field.name() for field in layer.fields())
print(fields)
every = list(layer.getFeatures())
print(len(every), len({f["zone_id"] for f in every}))
first = next(f for f in every if f["zone_id"] == "区-0-0")
box = first.geometry().boundingBox()
box.grow(-1e-5)
print([f["zone_id"] for f in layer.getFeatures(QgsFeatureRequest(box))])
request = QgsFeatureRequest().setFilterExpression("kind = 'road' and setback_m > 9")
print(len(list(layer.getFeatures(request))))
print(round(box.center().x(), 4), round(box.center().y(), 4))
sys.stdout.flush()
os._exit(0)  # QGIS ends badly while layers are open
"""


@pytest.mark.skipif(not has_qgis(), reason="QGIS is not installed: make conformance does it")
def test_qgis_reads_and_filters(service: Served, tmp_path: Path) -> None:
    key = service.key["Authorization"].removeprefix("Bearer ")
    lines, wrong = in_qgis(_SCRIPT, tmp_path, str(service.client.base_url).rstrip("/"), key)
    assert lines[0] in ("True 144 EPSG:4326", "True 144 OGC:CRS84"), wrong
    assert "setback_m" in lines[1] and "zone_id" in lines[1]
    assert lines[2:5] == ["144 144", "['区-0-0']", "8"]
    assert lines[5] == "114.0001 36.5988"
