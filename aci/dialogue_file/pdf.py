"""The prepared file as a tagged PDF/UA-1, laid out by `dialogue.typ`; its texts go in as data, never as markup."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typst

from aci.dialogue_file.content import DialogueFile, legible

TEMPLATE = Path(__file__).with_name("dialogue.typ")
UNSHOWN = re.compile(
    "[^\n -~\u00a0-\u0377\u0391-\u03a1\u03a3-\u04ff\u1e00-\u1eff\u2000-\u2027\u202a-\u2040\u20a0-\u20bf"
    "\u2116\u2122\u2190-\u22ff\u2500-\u2606]"
)
"""What the font inside typst cannot draw: PDF/UA refuses a file with such a character, a white square stands for it."""


def as_pdf(file: DialogueFile) -> bytes:
    compiler = typst.Compiler(str(TEMPLATE), ignore_system_fonts=True)
    data = json.dumps(_shown(asdict(file)), ensure_ascii=False)
    return compiler.compile(format="pdf", pdf_standards=["ua-1"], sys_inputs={"file": data})


def _shown(value: Any) -> Any:
    match value:
        case str():
            return UNSHOWN.sub("□", legible(value))
        case dict():
            return {key: _shown(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_shown(inner) for inner in value]
    return value
