"""The API reference as a page, made from the OpenAPI document. Nothing is loaded from elsewhere."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from consentry.kernel.access import ALLOWED, EDGE, PUBLIC, TOKEN_SCOPES, Act

VERBS: Final = ("get", "post", "put", "patch", "delete")
Json = Mapping[str, Any]
Row = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    id: str
    verb: str
    path: str
    summary: str
    text: str
    act: str
    roles: str
    parameters: Sequence[Row]
    fields: Sequence[tuple[str, bool, str, str]]
    answers: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    name: str
    operations: Sequence[Operation]


def groups_of(document: Json) -> list[Group]:
    """Operations by tag, in the order of the document."""
    by_tag: dict[str, list[Operation]] = defaultdict(list)
    for path, item in document.get("paths", {}).items():
        for verb in VERBS:
            if verb in item:
                tag = (item[verb].get("tags") or ["other"])[0]
                by_tag[tag].append(_operation(document, path, verb, item[verb]))
    return [Group(name=tag, operations=found) for tag, found in by_tag.items()]


def _operation(document: Json, path: str, verb: str, raw: Json) -> Operation:
    text = str(raw.get("description", ""))
    act = str(raw.get("x-act", ""))
    return Operation(
        id=str(raw.get("operationId", f"{verb}-{path}")),
        verb=verb,
        path=path,
        summary=text.split("\n", 1)[0] or str(raw.get("summary", "")),
        text=text.partition("\n")[2].strip(),
        act=act,
        roles=_roles(act),
        parameters=[_parameter(document, each) for each in raw.get("parameters", [])],
        fields=_fields(document, raw),
        answers=[(str(s), str(a.get("description", ""))) for s, a in raw["responses"].items()],
    )


def _roles(act: str) -> str:
    """Who may, in words, from the same table that the routes ask."""
    known = next((one for one in Act if one.value == act), None)
    if known is None:
        return "see the document"
    if known in PUBLIC:
        return "anyone"
    names = sorted(role.value.replace("_", " ") for role in ALLOWED.get(known, ()))
    names += ["edge"] if known in EDGE else []
    names += ["API token"] if known in TOKEN_SCOPES else []
    return ", ".join(names) or "nobody yet"


def _parameter(document: Json, raw: Json) -> Row:
    one = _followed(document, raw)
    words = str(one.get("description", ""))
    return str(one["name"]), str(one["in"]), _kind(document, one.get("schema", {})), words


def _fields(document: Json, raw: Json) -> list[tuple[str, bool, str, str]]:
    content = raw.get("requestBody", {}).get("content", {})
    schema = _followed(document, content.get("application/json", {}).get("schema", {}))
    needed = set(schema.get("required", ()))
    return [
        (name, name in needed, _kind(document, part), str(part.get("description", "")))
        for name, part in schema.get("properties", {}).items()
    ]


def _kind(document: Json, schema: Json) -> str:
    """A type in a few words."""
    if "anyOf" in schema or "oneOf" in schema:
        parts = [_kind(document, one) for one in schema.get("anyOf") or schema["oneOf"]]
        return " or ".join(dict.fromkeys(part for part in parts if part != "null"))
    if "$ref" in schema:
        found = _followed(document, schema)
        return _kind(document, found) if "enum" in found else schema["$ref"].rsplit("/", 1)[-1]
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_kind(document, schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any")


def _followed(document: Json, schema: Json) -> Json:
    """What a reference inside the document leads to."""
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema
