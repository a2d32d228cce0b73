"""What an Office package (Open Packaging Conventions) declares, where its parts lead, what Word would run of them."""

import re
from dataclasses import dataclass

from lxml import etree

RUN_FIELDS = re.compile(r"\b(DDE|DDEAUTO|INCLUDE|INCLUDETEXT|INCLUDEPICTURE)\b", re.IGNORECASE)
INSTRUCTIONS = ("instrText", "delInstrText")
ON_THIS_COMPUTER = re.compile(r"(file:///)?[a-z]:[\\/]|[^:\\/%]+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Relation:
    """Where a part leads; `type` is the end of its address: « hyperlink », « image », « attachedTemplate »…"""

    type: str
    target: str
    is_external: bool

    @property
    def is_remote(self) -> bool:
        """Whether it is reached through a network, a share of the office included."""
        return self.is_external and not ON_THIS_COMPUTER.match(self.target.strip())


def parsed(content: bytes) -> etree._Element:
    """An XML part; nothing outside it is read. Raises lxml.etree.LxmlError, or ValueError where it declares entities.

    The drawings (SVG) that some software writes are the only parts that may have a document type.
    """
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    if root.getroottree().docinfo.doctype and etree.QName(root).localname != "svg":
        raise ValueError("A part of a package has no document type.")
    return root


def declared_types(content: bytes) -> set[str]:
    """The content types that `[Content_Types].xml` lists."""
    return {node.get("ContentType", "").strip() for node in parsed(content).iter(etree.Element)}


def relations(content: bytes) -> list[Relation]:
    """The relationships of a `.rels` part."""
    return [
        Relation(
            type=node.get("Type", "").strip().rsplit("/", 1)[-1],
            target=node.get("Target", ""),
            is_external=node.get("TargetMode", "Internal").strip() != "Internal",
        )
        for node in parsed(content).iter("{*}Relationship")
    ]


def runs_something(part: etree._Element) -> bool:
    """Whether Word would take in another file or call another program for this part: altChunk, DDE, INCLUDETEXT…"""
    said = []
    for node in part.iter("{*}altChunk", "{*}fldChar", "{*}fldSimple", *(f"{{*}}{name}" for name in INSTRUCTIONS)):
        match etree.QName(node).localname:
            case "altChunk":
                return True
            case "fldChar":
                said.append("\n")
            case "fldSimple":
                said += ["\n", *(value for name, value in node.items() if name.endswith("}instr")), "\n"]
            case _:
                said.append(node.text or "")
    return bool(RUN_FIELDS.search("".join(said)))
