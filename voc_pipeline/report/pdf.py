"""The report as a PDF for print and for the file: tagged, accessible, the same bytes each time.

Typst lays it out from `report.typ`; the report goes in as JSON by `sys_inputs`, never into the
source. Only the fonts of the font wheel are used, none of the machine's. Standard: PDF/UA-1
(ISO 14289-1), which refuses a picture without words and a sign that no font can show; what the
font lacks is therefore replaced by a visible mark beforehand (`glyphs`).
"""

import atexit
import json
import re
from functools import cache
from pathlib import Path
from shutil import copyfile, rmtree
from tempfile import mkdtemp

import font_source_sans_pro
import typst

from models.report import WeeklyReport
from voc_pipeline.report.blocks import as_json
from voc_pipeline.report.glyphs import covered, showable, unshowable
from voc_pipeline.report.outline import outline

_TEMPLATE = Path(__file__).with_name("report.typ")
_FACES = ("Regular", "Semibold", "Bold")


def render_pdf(report: WeeklyReport) -> bytes:
    """The report as PDF/UA-1; the same report gives the same bytes."""
    missing = _missing()
    blocks = as_json(outline(report), lambda text: showable(text, missing))
    content = json.dumps(blocks, ensure_ascii=False)
    made = _compiler().compile(
        _TEMPLATE.read_bytes(), format="pdf", pdf_standards="ua-1", sys_inputs={"report": content}
    )
    if not isinstance(made, bytes):
        raise TypeError("Typst gave no file")
    return made


@cache
def _folder() -> Path:
    """The faces used, alone: the wheel holds each twice, and a folder's order would choose."""
    folder = Path(mkdtemp(prefix="voc-fonts-"))
    atexit.register(rmtree, folder, ignore_errors=True)
    for face in _FACES:
        name = f"SourceSansPro-{face}.otf"
        copyfile(Path(font_source_sans_pro.font_directory) / name, folder / name)
    return folder


@cache
def _missing() -> re.Pattern[str]:
    faces = [covered(path) for path in sorted(_folder().glob("*.otf"))]
    return unshowable(frozenset.intersection(*faces))


@cache
def _compiler() -> typst.Compiler:
    """One for the process: it keeps the fonts and what it has laid out before."""
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(_folder())]
    )
    return typst.Compiler(b"", font_paths=fonts)
