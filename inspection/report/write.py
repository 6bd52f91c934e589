"""A report as a file."""

from pathlib import Path

from inspection.report.document import Document
from inspection.report.errors import ReportError
from inspection.report.html import html_report
from inspection.report.pdf import pdf_report

FORMATS = (".html", ".pdf")


def check_suffix(path: Path) -> None:
    """Raises ReportError for a file that is neither a page nor a PDF by its name."""
    if path.suffix not in FORMATS:
        raise ReportError(f"{path}: expected a name that ends in {' or '.join(FORMATS)}")


def write_report(document: Document, path: Path) -> None:
    """Write the report; its name's end says as what. Raises ReportError."""
    check_suffix(path)
    content = pdf_report(document) if path.suffix == ".pdf" else html_report(document).encode()
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ReportError(f"{path}: the report cannot be written: {error.strerror}") from error
