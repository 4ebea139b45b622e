"""The API as pages: what can be asked, with what, and a form to try it. Written from its table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sightline.api.openapi import plain
from sightline.api.operations import PREFIX, Operation, Parameter
from sightline.api.rights import Least, least
from sightline.api.table import TOPICS
from sightline.pages.address import Link
from sightline.pages.admission import principal_of
from sightline.pages.answers import Missing, html
from sightline.pages.api_schemas import Shape, example, shapes
from sightline.pages.environment import render
from sightline.pages.frames import Frames, Table
from sightline.pages.services import Services
from sightline.pages.shell import Shell

PATH = "/docs"
_WHO = {
    Least.READER: "a reader, or a key that may read",
    Least.EDITOR: "an editor, or an admin key",
    Least.ADMIN: "an admin, or an admin key",
    Least.OPERATOR: "a server administrator, or an admin key of project default",
}


@dataclass(frozen=True, slots=True)
class OperationLink:
    """An operation in the list of all of them."""

    method: str
    path: str
    summary: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Topic:
    """Operations that belong together."""

    name: str
    operations: tuple[OperationLink, ...]


@dataclass(frozen=True, slots=True)
class Input:
    """A parameter as a row of the form: `choices` where it is one of a few, `kind` of the field otherwise."""

    name: str
    place: str
    says: str
    kind: str
    choices: tuple[str, ...]
    default: str
    least: str
    most: str
    example: str
    required: bool


@dataclass(frozen=True, slots=True)
class OperationView:
    """One operation with everything there is to know. `tried` is where its form leads, '' where none is."""

    method: str
    path: str
    summary: str
    description: str
    who: str
    inputs: tuple[Input, ...]
    body: tuple[Shape, ...]
    answer: tuple[Shape, ...]
    media_type: str
    failures: tuple[str, ...]
    caching: str
    curl: str
    tried: str


@dataclass(frozen=True, slots=True)
class ApiDocsContext:
    """Everything `api_docs.html` shows; `operation` is None on the page of all of them."""

    shell: Shell
    topics: tuple[Topic, ...]
    operation: OperationView | None
    document: Link
    key_needed: bool


class ApiDocsPages:
    """`/docs`, each operation below it, and the way from a form to the API."""

    def __init__(self, services: Services, frames: Frames) -> None:
        self.frames = frames

    def table(self) -> Table:
        """Method, path and endpoint of each."""
        return [
            ("GET", PATH, self.show),
            ("GET", PATH + "/{operation}", self.show),
            ("GET", PATH + "/{operation}/try", self.tried),
        ]

    async def show(self, request: Request) -> Response:
        """All operations, or one."""
        name = request.path_params.get("operation")
        found = _operation(name) if name is not None else None
        title = found.summary if found else "API"
        open_ = principal_of(request).open
        address = f"{request.url.scheme}://{request.headers.get('host', 'localhost')}"
        context = ApiDocsContext(
            shell=await self.frames.frame(request, title),
            topics=topics(name or ""),
            operation=view(found, address, not open_) if found else None,
            document=Link("openapi.json", f"{PREFIX}/openapi.json"),
            key_needed=not open_,
        )
        return html(render("api_docs.html", context))

    async def tried(self, request: Request) -> Response:
        """Ask what a form says: off to the API itself, which answers as it does everyone."""
        found = _operation(request.path_params["operation"])
        if found.method != "GET":
            raise Missing(f"{found.method} changes something, so it is not tried from here.")
        return RedirectResponse(address_of(found, request.query_params), 303)


def _operation(name: str) -> Operation:
    for operations in TOPICS.values():
        for one in operations:
            if one.handler.__name__ == name:
                return one
    raise Missing(f"The API has no operation {name[:63]}.")


def topics(current: str = "") -> tuple[Topic, ...]:
    """All operations by topic."""
    return tuple(
        Topic(name, tuple(_link(one, current) for one in operations)) for name, operations in TOPICS.items()
    )


def _link(one: Operation, current: str) -> OperationLink:
    name = one.handler.__name__
    return OperationLink(one.method, PREFIX + plain(one.path), one.summary, f"{PATH}/{name}", name == current)


def address_of(operation: Operation, given: Mapping[str, str]) -> str:
    """The address of a question, from what was typed; what is empty is left out. Raises Missing."""
    path = PREFIX + plain(operation.path)
    query = {}
    for parameter in operation.parameters:
        text = given.get(parameter.name, "").strip()
        if parameter.place == "path":
            if not text:
                raise Missing(f"{parameter.name} is part of the address; fill it in.")
            path = path.replace(f"{{{parameter.name}}}", quote(text, safe=""))
        elif text:
            query[parameter.name] = text
    return path + (f"?{urlencode(query)}" if query else "")


def view(operation: Operation, address: str, key_needed: bool) -> OperationView:
    """One operation as its page shows it."""
    failures = [*operation.failures, *((400, 413, 415) if operation.body is not None else ())]
    return OperationView(
        method=operation.method,
        path=PREFIX + plain(operation.path),
        summary=operation.summary,
        description=operation.description,
        who=_WHO.get(least(operation.method, PREFIX + operation.path), "anyone"),
        inputs=tuple(_input(parameter) for parameter in operation.parameters),
        body=tuple(shapes(operation.body)) if operation.body is not None else (),
        answer=tuple(shapes(operation.answer)),
        media_type=operation.media_type,
        failures=tuple(str(status) for status in sorted({401, 403, 404, 422, 429, 503, *failures})),
        caching=operation.caching if operation.caching != "no-store" else "",
        curl=curl(operation, address, key_needed),
        tried=f"{PATH}/{operation.handler.__name__}/try" if operation.method == "GET" else "",
    )


def _input(parameter: Parameter) -> Input:
    schema = parameter.schema
    kinds = {"integer": "number", "boolean": "flag"}
    kind = kinds.get(str(schema.get("type")), "text")
    choices = tuple(str(one) for one in schema.get("enum", ())) or (
        ("true", "false") if kind == "flag" else ()
    )
    return Input(
        name=parameter.name,
        place=parameter.place,
        says=parameter.description,
        kind=kind,
        choices=choices,
        default=str(schema.get("default", "")),
        least=str(schema.get("minimum", "")),
        most=str(schema.get("maximum", "")),
        example=parameter.example,
        required=parameter.place == "path",
    )


def curl(operation: Operation, address: str, key_needed: bool) -> str:
    """The operation as a command; places to fill in are in capital letters."""
    path = PREFIX + plain(operation.path)
    for parameter in operation.parameters:
        if parameter.place == "path":
            path = path.replace(f"{{{parameter.name}}}", parameter.example or parameter.name.upper())
    query = {p.name: p.example for p in operation.parameters if p.place == "query" and p.example}
    words = ["curl", f"'{address}{path}{'?' + urlencode(query, safe=':,') if query else ''}'"]
    if operation.method not in {"GET", "POST"}:
        words[1:1] = ["-X", operation.method]
    if operation.method == "POST" and operation.body is None:
        words[1:1] = ["-X", "POST"]
    if key_needed:
        words += ["-H", '"Authorization: Bearer $SIGHTLINE_KEY"']
    if operation.body is not None:
        words += ["--json", "'" + json.dumps(example(operation.body)).replace("'", "'\\''") + "'"]
    return " ".join(words)
