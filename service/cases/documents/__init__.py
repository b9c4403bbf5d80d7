"""The statutory documents of a case: kinds, templates, serial numbers, Word and PDF.

Pure but for the PDF: facts in, bytes out. Who stores them, counts them and serves them stands elsewhere.
"""

from service.cases.documents.context import Context, context_of, term_text
from service.cases.documents.facts import DocumentFacts
from service.cases.documents.filling import fill
from service.cases.documents.html_pdf import html_to_pdf
from service.cases.documents.inspection import check_content, check_template
from service.cases.documents.kinds import KINDS, Article, DocumentKind, Law, kind_named
from service.cases.documents.numbering import (
    DEFAULT_PATTERN,
    Numbering,
    Serial,
    SerialRule,
    Series,
    format_serial,
    parse_serial,
    series_of,
)
from service.cases.documents.pdf import OfficeOptions, all_to_pdf, pdf_text, to_pdf
from service.cases.documents.shelf import TemplateShelf, TemplateVersion, built_in, bureau_template

__all__ = [
    "DEFAULT_PATTERN",
    "KINDS",
    "Article",
    "Context",
    "DocumentFacts",
    "DocumentKind",
    "Law",
    "Numbering",
    "OfficeOptions",
    "Serial",
    "SerialRule",
    "Series",
    "TemplateShelf",
    "TemplateVersion",
    "all_to_pdf",
    "built_in",
    "bureau_template",
    "check_content",
    "check_template",
    "context_of",
    "fill",
    "format_serial",
    "html_to_pdf",
    "kind_named",
    "parse_serial",
    "pdf_text",
    "series_of",
    "term_text",
    "to_pdf",
]
