"""A report as one HTML file that holds everything and prints well."""

import base64

from jinja2 import Environment, PackageLoader, StrictUndefined

from inspection.report.document import Document

_templates = Environment(
    loader=PackageLoader("inspection.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def html_report(document: Document) -> str:
    """The page: no scripts, nothing from elsewhere, pictures inside."""
    return _templates.get_template("report.html").render(document=document, data_url=_data_url)


def _data_url(svg: str) -> str:
    """An SVG as an image of its own, so that no two of them share a name."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
