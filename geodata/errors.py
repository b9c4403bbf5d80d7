"""The errors of the science: every refusal has a name, the measured figures and a way out.

One small tree. The terminal prints an error as it is, the service maps its class to an HTTP status in one
table, the morning report quotes it. Nothing here knows about HTTP.
"""

from __future__ import annotations

from typing import ClassVar


class KanchaError(Exception):
    """Base of every refusal.

    Args:
        message: What was found, with the measured value in it.
        remedy: What the user can do about it; empty only where nothing can be done.
        measured: The figures behind the message, machine-readable.
    """

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Kancha could not do this"
    title_zh: ClassVar[str] = "操作未能完成"

    def __init__(self, message: str, *, remedy: str = "", **measured: object) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.measured = measured

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    def as_dict(self) -> dict[str, object]:
        """The error as plain values: `code`, `title`, `message`, `remedy`, `measured`."""
        return {
            "code": self.code,
            "title": self.title,
            "title_zh": self.title_zh,
            "message": self.message,
            "remedy": self.remedy,
            "measured": self.measured,
        }


class InputError(KanchaError):
    """What was given cannot be used."""

    code = "bad-input"
    title = "The input cannot be used"
    title_zh = "输入数据不可用"


class MissingFileError(InputError):
    """The named file is not there."""

    code = "file-not-found"
    title = "There is no such file"
    title_zh = "文件不存在"


# --- rasters -------------------------------------------------------------------------------------


class RasterError(InputError):
    """A raster cannot be used."""

    code = "raster-unusable"
    title = "The raster cannot be used"
    title_zh = "影像不可用"


class NotARasterError(RasterError):
    """The file is not a raster at all."""

    code = "not-a-raster"
    title = "The file is not a raster"
    title_zh = "文件不是栅格影像"


class RasterFormatError(RasterError):
    """A raster, but of a format (driver) that is not accepted."""

    code = "raster-format-refused"
    title = "Only GeoTIFF is accepted"
    title_zh = "仅接受 GeoTIFF 格式"


class TruncatedRasterError(RasterError):
    """The file ends before its pixels do."""

    code = "raster-truncated"
    title = "The raster is incomplete"
    title_zh = "影像文件不完整"


class DamagedRasterError(RasterError):
    """A block of the file cannot be decoded."""

    code = "raster-damaged"
    title = "The raster is damaged"
    title_zh = "影像数据损坏"


class RasterBombError(RasterError):
    """The file would unpack to far more than any real scene."""

    code = "raster-too-large"
    title = "The raster unpacks to an implausible size"
    title_zh = "影像解压后大小异常"


class BandsError(RasterError):
    """The bands are too many, too few, of an unknown type, or the two dates share none."""

    code = "bands-unusable"
    title = "The bands cannot be used"
    title_zh = "波段不可用"


class EmptyRasterError(RasterError):
    """Every pixel is nodata."""

    code = "raster-empty"
    title = "The raster holds no valid pixel"
    title_zh = "影像没有有效像元"


class ChecksumError(RasterError):
    """A file is not the one whose checksum was told."""

    code = "checksum-mismatch"
    title = "The file is not the one whose checksum was told"
    title_zh = "文件校验和不符"


class SidecarError(RasterError):
    """A side file does not belong to its raster or cannot be read."""

    code = "sidecar-unusable"
    title = "A side file cannot be used"
    title_zh = "附属文件不可用"


class ArchiveError(InputError):
    """An archive is damaged, or hostile: paths that lead out, links, archives within, far too much within."""

    code = "archive-refused"
    title = "The archive is refused"
    title_zh = "压缩包被拒绝"


# --- photographs ---------------------------------------------------------------------------------


class PhotoError(InputError):
    """A photograph cannot be used."""

    code = "photo-unusable"
    title = "The photograph cannot be used"
    title_zh = "照片无法使用"


class PhotoFormatError(PhotoError):
    """The file is no photograph of a kind that is read."""

    code = "photo-format"
    title = "The photograph is of a kind that is not read"
    title_zh = "不支持的照片格式"


class PhotoBombError(PhotoError):
    """A photograph is larger than may be decoded."""

    code = "photo-too-large"
    title = "The photograph is too large"
    title_zh = "照片过大"


# --- coordinates ---------------------------------------------------------------------------------


class CRSError(InputError):
    """A coordinate reference system cannot be used."""

    code = "crs-unusable"
    title = "The coordinate reference system cannot be used"
    title_zh = "坐标系不可用"


class MissingCRSError(CRSError):
    """No coordinate reference system is declared."""

    code = "crs-missing"
    title = "No coordinate reference system is declared"
    title_zh = "缺少坐标系定义"


class CRSMismatchError(CRSError):
    """Two different systems meet, or coordinates contradict the declared system."""

    code = "crs-mismatch"
    title = "The coordinates do not agree with the coordinate reference system"
    title_zh = "坐标与坐标系不符"


class TransformationError(CRSError):
    """A declared transformation between datums cannot be used."""

    code = "transformation-unusable"
    title = "The declared transformation cannot be used"
    title_zh = "声明的坐标转换不可用"


class WebMapCoordinatesError(CRSMismatchError):
    """Coordinates fit the cadastre only when they are read as those of another system: that of a web map, or not."""

    code = "web-map-coordinates"
    title = "The coordinates seem to be in another system than declared: that of a web map, or not"
    title_zh = "坐标疑似经过或未经过地图加偏"


class OutsideAreasError(CRSMismatchError):
    """Data lie wholly outside the administrative areas on file."""

    code = "outside-areas"
    title = "The data lie outside the administrative areas"
    title_zh = "数据全部位于行政区划范围之外"


# --- pairs ---------------------------------------------------------------------------------------


class PairError(InputError):
    """The two dates cannot be compared."""

    code = "pair-refused"
    title = "The two dates cannot be compared"
    title_zh = "两期影像无法比较"


class NoOverlapError(PairError):
    """The two dates do not cover the same ground, or less than 5 % of it."""

    code = "no-overlap"
    title = "The two rasters do not overlap enough"
    title_zh = "两期影像重叠不足"


class PixelSizeError(PairError):
    """The pixel sizes are too different."""

    code = "pixel-size-ratio"
    title = "The pixel sizes are too different"
    title_zh = "两期影像分辨率相差过大"


class DateOrderError(PairError):
    """The dates are equal or reversed."""

    code = "date-order"
    title = "The dates are equal or reversed"
    title_zh = "两期日期相同或顺序颠倒"


class MissingDateError(PairError):
    """No acquisition date can be found."""

    code = "date-missing"
    title = "The acquisition date is unknown"
    title_zh = "缺少影像拍摄日期"


class SurfaceLevelError(PairError):
    """Two surface models cannot be brought onto each other."""

    code = "surfaces-not-level"
    title = "The two surface models cannot be brought onto each other"
    title_zh = "两期地表模型无法高程配准"


class AlignmentError(PairError):
    """Too few places of the two dates agree on how one lies on the other."""

    code = "alignment-failed"
    title = "The two dates could not be aligned"
    title_zh = "两期影像无法配准"


class UsablePixelsError(PairError):
    """Almost nothing shows the ground at both dates: nodata, cloud, haze, deep shadow."""

    code = "no-usable-pixels"
    title = "Almost no pixel shows the ground at both dates"
    title_zh = "两期影像几乎没有共同有效像元"


class InadmissiblePairError(PairError):
    """The pair exceeds a limit that was asked to be kept strictly."""

    code = "pair-inadmissible"
    title = "The pair exceeds a limit of admissibility"
    title_zh = "影像对不符合比对要求"


# --- vectors -------------------------------------------------------------------------------------


class LayerError(InputError):
    """A vector layer cannot be used."""

    code = "layer-unusable"
    title = "The vector layer cannot be used"
    title_zh = "矢量图层不可用"


class LayerColumnsError(LayerError):
    """A layer lacks a column that it must have."""

    code = "layer-columns"
    title = "The layer lacks needed columns"
    title_zh = "图层缺少必要字段"


class LayerValueError(LayerError):
    """A value of a layer cannot be read as what its column holds (a date, a number, a kind)."""

    code = "layer-value"
    title = "A value of the layer cannot be read"
    title_zh = "图层字段值无法识别"


class GeometryError(LayerError):
    """A geometry is empty, of the wrong kind, or broken beyond repair."""

    code = "geometry-unusable"
    title = "The geometry cannot be used"
    title_zh = "几何图形不可用"


class EncodingError(LayerError):
    """The text of a layer cannot be decoded."""

    code = "text-encoding"
    title = "The text of the layer cannot be decoded"
    title_zh = "图层文字编码无法识别"


# --- models ---------------------------------------------------------------------------------------


class ModelError(InputError):
    """A model is missing, damaged or of another kind."""

    code = "model-unusable"
    title = "The model cannot be used"
    title_zh = "模型无法使用"


class TrainingError(InputError):
    """Too little is known to train or to compare a model."""

    code = "training-refused"
    title = "The model cannot be trained"
    title_zh = "模型无法训练"


# --- options -------------------------------------------------------------------------------------


class OptionError(InputError):
    """An option is outside its range."""

    code = "option-range"
    title = "An option is outside its range"
    title_zh = "参数超出范围"


class ScanCancelledError(KanchaError):
    """The scan was stopped on request."""

    code = "scan-dismissed"
    title = "The scan was stopped"
    title_zh = "扫描已中止"


class DamagedStepError(KanchaError):
    """What was kept of a step cannot be read; the step is done once more."""

    code = "step-damaged"
    title = "What was kept of a step cannot be read"
    title_zh = "已保存的中间结果无法读取"


# --- rulebooks -----------------------------------------------------------------------------------


class RulebookError(InputError):
    """A rulebook cannot be used."""

    code = "rulebook-unusable"
    title = "The rulebook cannot be used"
    title_zh = "规则库不可用"
