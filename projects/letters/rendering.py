"""Reading and filling a Word model, without trusting it: whoever writes one can only name fields."""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from projects.letters.fields import Field, Item, Value, Values
from projects.ooxml import parsed

LOOP = ("first", "last", "index", "length")
PLAIN = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.And, nodes.Or, nodes.Not)
NOT_A_LETTER = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")
FOOTNOTES = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
MAX_LETTERS = 1_000_000  # of the XML of the body, of a header, of a footer or of the footnotes
MAX_BRACES = 1_000  # two for each field


def told(value: Value | Item | None) -> str:
    """A value as a letter prints it: one line for each item of a list, nothing for what is only true or false."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, Mapping):
        return " – ".join(text for text in value.values() if text)
    if isinstance(value, list):
        return "\n".join(told(item) for item in value)
    return str(value)


def in_one_line(value: Value) -> str:
    """What was typed on several lines, an address for one, as a sentence holds it."""
    return ", ".join(line.strip(" ,") for line in told(value).splitlines() if line.strip(" ,"))


class _WithoutArithmetic(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)
    intercepted_unops = frozenset(ImmutableSandboxedEnvironment.default_unop_table)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        raise SecurityError("A letter computes nothing.")

    def call_unop(self, context: Any, operator: str, arg: Any) -> Any:
        raise SecurityError("A letter computes nothing.")


def environment() -> ImmutableSandboxedEnvironment:
    """Nothing but the fields: no function, no global, a few filters, and an error for a field without value."""
    safe = _WithoutArithmetic(undefined=StrictUndefined, autoescape=True, finalize=told)
    safe.globals.clear()
    safe.tests.clear()
    kept = {name: safe.filters[name] for name in ("capitalize", "length", "lower", "upper")}
    safe.filters = kept | {"en_ligne": in_one_line}
    return safe


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the model where fields are merged: its place in words, and its text as the template engine reads it."""

    place: str
    source: str

    def near(self, line: int) -> str:
        """Where a line stands, as its author can find it again: « corps du courrier, près de … »."""
        texts = [re.sub(r"<[^>]+>", "", each).strip() for each in self.source.splitlines()[:line]]
        last = next((text for text in reversed(texts) if text), "")
        return f"{self.place}, près de « {last[:120]} »" if last else self.place


class TooIntricate(ValueError):
    """A part too long, or with too many fields, to be read in a reasonable time."""


class Model(DocxTemplate):
    """A Word model: what is checked and what is filled are the same parts, written in the same few ways."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))

    def patch_xml(self, src_xml: str) -> str:
        """Fields as the template engine reads them: `{{ }}`, `{% %}`, and `{%p %}`, `{%tr %}` that take their line.

        docxtpl has more ways of writing, whose patterns a small document can make run for hours.
        Raises TooIntricate.
        """
        xml = self.xml_to_string(parsed(src_xml.encode()))
        if len(xml) > MAX_LETTERS or max(xml.count("{"), xml.count("}")) > MAX_BRACES:
            raise TooIntricate
        xml = re.sub(r"(?<={)(<[^>]*>)+(?=[{%#])|(?<=[%}#])(<[^>]*>)+(?=})", "", xml)
        xml = re.sub(r"{%(?:(?!%}).)*|{#(?:(?!#}).)*|{{(?:(?!}}).)*", _without_tags, xml, flags=re.DOTALL)
        xml = xml.replace("<w:t>", '<w:t xml:space="preserve">')
        for tag in ("tr", "tc", "p"):
            taken_away = rf"<w:{tag}[ >](?:(?!<w:{tag}[ >]).)*({{%|{{{{){tag} ([^}}%]*(?:%}}|}}}})).*?</w:{tag}>"
            xml = re.sub(taken_away, r"\1 \2", xml, flags=re.DOTALL)
        return re.sub(r"(?<={[{%])(.*?)(?=[}%]})", _as_typed, xml)

    def footnotes(self) -> Iterator[Any]:
        return (part for part in self.docx.part.package.iter_parts() if part.content_type == FOOTNOTES)

    def render_footnotes(self, context: Any, jinja_env: Any = None) -> None:
        """Once, whatever the number of sections: a value is never read as a model."""
        for part in self.footnotes():
            xml = self.patch_xml(part.blob.decode())
            part._blob = self.render_xml_part(xml, part, context, jinja_env).encode()

    def render_properties(self, context: Any, jinja_env: Any = None) -> None:
        """Left as they are: no field is read in the title, the author… of a document."""


def _without_tags(tag: re.Match[str]) -> str:
    return re.sub(r"</w:t>.*?(<w:t>|<w:t [^>]*>)", "", tag[0], flags=re.DOTALL)


def _as_typed(tag: re.Match[str]) -> str:
    said = tag[0].replace("&lt;", "<").replace("&gt;", ">")
    return re.sub("[“”]", '"', re.sub("[‘’]", "'", said))


def parts_of(model: Model) -> Iterator[Part]:
    """The parts that are merged: body (text boxes included), headers and footers, footnotes."""
    model.init_docx()
    yield Part("corps du courrier", _readable(model, model.get_xml()))
    for place, address in (("en-tête", Model.HEADER_URI), ("pied de page", Model.FOOTER_URI)):
        for _, part in model.get_headers_footers(address):
            yield Part(place, _readable(model, model.get_part_xml(part)))
    for part in model.footnotes():
        yield Part("notes de bas de page", _readable(model, part.blob.decode()))


def _readable(model: Model, xml: str) -> str:
    """One paragraph a line, so that an error tells where it is."""
    return re.sub(r"<w:p([ >])", r"\n<w:p\1", model.patch_xml(xml))


@dataclass(slots=True)
class Usage:
    """What a model does with the fields: those it names, those it prints on no condition, and what it may not do."""

    named: set[str] = field(default_factory=set)
    always: set[str] = field(default_factory=set)
    refusals: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)


def usage_of(content: bytes, fields: Mapping[str, Field]) -> Usage:
    """How the model uses `fields`; every name that is none of them is in `unknown`."""
    usage = Usage()
    for part in parts_of(Model(content)):
        try:
            tree = environment().parse(part.source)
        except TemplateSyntaxError as error:
            usage.refusals.append(
                f"Un champ est mal écrit ({part.near(error.lineno)}) : vérifiez les accolades {{{{ }}}} et que chaque "
                "{% if %} ou {% for %} est refermé."
            )
        else:
            _Reader(part, fields, usage).read(tree, {})
    return usage


@dataclass(slots=True)
class _Reader:
    """Walks through what the template engine has read and allows only fields, conditions on them and loops."""

    part: Part
    fields: Mapping[str, Field]
    usage: Usage

    def read(self, node: nodes.Node, items: Mapping[str, Field], *, always: bool = True) -> None:
        """`items`: the names that stand for one item of a list, inside its loop; `always`: on no condition."""
        match node:
            case nodes.Name(name=name):
                self._name(name, items, always=always)
            case nodes.Getattr(node=nodes.Name(name=name), attr=key):
                self._key(name, key, items)
            case nodes.For(target=nodes.Name(), iter=nodes.Name(), else_=[], test=None, recursive=False):
                self._loop(node, items)
            case nodes.If():
                for child in node.iter_child_nodes():
                    self.read(child, items, always=False)
            case nodes.Filter(
                name="capitalize" | "en_ligne" | "length" | "lower" | "upper",
                node=nodes.Name(),
                args=[],
                kwargs=[],
                dyn_args=None,
                dyn_kwargs=None,
            ):
                self.read(node.node, items, always=always)
            case nodes.Compare(expr=left, ops=[nodes.Operand(op="eq" | "ne", expr=right)]):
                self.read(left, items, always=False)
                self.read(right, items, always=False)
            case _ if isinstance(node, PLAIN):
                for child in node.iter_child_nodes():
                    self.read(child, items, always=always)
            case _:
                self.usage.refusals.append(
                    f"Cette écriture n'est pas permise ({self.part.near(node.lineno)}) : un modèle ne contient que des "
                    "champs, des conditions {% if champ %} et des boucles {% for … in champ %}."
                )

    def _name(self, name: str, items: Mapping[str, Field], *, always: bool) -> None:
        if name in items:
            return
        if name not in self.fields:
            self.usage.unknown.add(name)
            return
        self.usage.named.add(name)
        if always:
            self.usage.always.add(name)

    def _key(self, name: str, key: str, items: Mapping[str, Field]) -> None:
        allowed = LOOP if name == "loop" else items[name].keys if name in items else ()
        if key not in allowed or not items:
            self.usage.unknown.add(f"{name}.{key}")

    def _loop(self, loop: nodes.For, items: Mapping[str, Field]) -> None:
        name = loop.iter.name
        looped = self.fields.get(name)
        if looped is None:
            self.usage.unknown.add(name)
        elif items or not looped.is_list:
            self.usage.refusals.append(
                f"La boucle sur « {name} » n'est pas permise ({self.part.near(loop.lineno)}) : une boucle porte sur un "
                "champ qui est une liste, et n'en contient pas d'autre."
            )
        else:
            self.usage.named.add(name)
            for child in loop.body:
                self.read(child, {loop.target.name: looped}, always=False)


def fill(content: bytes, values: Values) -> bytes:
    """The model filled with `values`. Raises jinja2.TemplateError for a field that has none."""
    model = Model(content)
    model.render(_clean(values), jinja_env=environment(), autoescape=True)
    output = io.BytesIO()
    model.save(output)
    return output.getvalue()


def _clean(value: Any) -> Any:
    """Without the characters that a Word document cannot hold, pasted from elsewhere."""
    match value:
        case str():
            return NOT_A_LETTER.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
        case list():
            return [_clean(item) for item in value]
        case dict():
            return {key: _clean(item) for key, item in value.items()}
    return value


def text_of(content: bytes) -> str:
    """Every text of a Word document, headers and footers included, one paragraph a line."""
    document = docx.Document(io.BytesIO(content))
    related = (RELATIONSHIP_TYPE.HEADER, RELATIONSHIP_TYPE.FOOTER)
    roots = [document.element.body]
    roots += [rel.target_part.element for rel in document.part.rels.values() if rel.reltype in related]
    return "\n".join(_paragraph(paragraph) for root in roots for paragraph in root.iter(qn("w:p")))


def _paragraph(paragraph: Any) -> str:
    pieces = {qn("w:br"): "\n", qn("w:tab"): "\t"}
    return "".join(
        pieces.get(node.tag) or (node.text or "" if node.tag == qn("w:t") else "") for node in paragraph.iter()
    )
