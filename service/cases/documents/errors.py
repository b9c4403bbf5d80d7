"""What the statutory documents refuse, by name."""

from __future__ import annotations

from service.errors import ConflictError, NotFoundError, ServiceError


class UnknownKindError(NotFoundError):
    """There is no such kind of document."""

    code = "document-kind-unknown"
    title = "There is no such kind of document"
    title_zh = "没有此类文书"


class NoTemplateError(NotFoundError):
    """No template holds on the day of the document."""

    code = "document-template-missing"
    title = "No template holds on that day"
    title_zh = "该日期没有适用的文书模板"


class TemplateError(ServiceError):
    """A template cannot be used; `measured["faults"]` tells every fault."""

    code = "document-template-refused"
    title = "The template cannot be used"
    title_zh = "文书模板不可用"


class TemplateChangedError(ConflictError):
    """A version of a template is told again with another content."""

    code = "document-template-changed"
    title = "A version of a template never changes"
    title_zh = "模板版本不可更改"


class MissingFactsError(ServiceError):
    """Facts are missing that the document must tell; `measured["missing"]` names all of them."""

    code = "document-facts-missing"
    title = "Facts are missing for the document"
    title_zh = "文书缺少必要事项"


class FactError(ServiceError):
    """A fact cannot be written into a document: a picture that is none, an amount that is no amount of money."""

    code = "document-fact-unusable"
    title = "A fact cannot be written into the document"
    title_zh = "文书事项无法填写"


class SerialError(ServiceError):
    """A pattern of serial numbers, or a number itself, is not usable."""

    code = "document-serial"
    title = "The serial number cannot be formed"
    title_zh = "文号无法生成"


class PdfError(ServiceError):
    """A document could not be turned into PDF."""

    code = "pdf-failed"
    title = "The PDF could not be made"
    title_zh = "无法生成PDF"


class NoOfficeError(PdfError):
    """What turns Word documents into PDF is not installed."""

    code = "pdf-unavailable"
    title = "LibreOffice or a Chinese font is not installed"
    title_zh = "未安装LibreOffice或中文字体"
