"""Own prices: which count, which model has none, what a model costs today. Added here, taken back here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from sightline.catalog.own_prices import own_price
from sightline.catalog.prices import PriceBook
from sightline.control.errors import InvalidValue, NotFound
from sightline.control.gate import AccessDenied
from sightline.pages import own_price_rows as own
from sightline.pages.address import Link, path_of, with_query
from sightline.pages.admission import principal_of
from sightline.pages.answers import Missing, back_to, form, html
from sightline.pages.environment import render
from sightline.pages.own_price_rows import OwnPriceRow
from sightline.pages.price_lookup import Found, look_up
from sightline.pages.services import Services
from sightline.pages.settings_frame import Frame, edited, tabs
from sightline.pages.shell import Shell
from sightline.query import storage
from sightline.query.filter.spelling import condition
from sightline.query.window import Window
from sightline.records.access import Principal
from sightline.records.storage import UnpricedModel
from sightline.store.rows import StoreError

PATH = "/settings/prices"
DONE = {
    "added": "The price is kept. It counts for spans that arrive from now on.",
    "withdrawn": "The price is taken back. What it priced stays as it is.",
}
_DAY = 86_400 * 10**9
_RANGE = "30d"
_KNOWN = ("done", "project", "provider", "model", "history", "find", "of", "on")


@dataclass(frozen=True, slots=True)
class WithoutPrice:
    """A model whose calls have no cost. `why`: `price` when no list knows it, `usage` when one does and its
    usage was not told, or it came before the price."""

    provider: str
    model: str
    calls: int
    tokens: int
    untold: int
    last: int
    why: str
    spans: str
    add: str


@dataclass(frozen=True, slots=True)
class TypedPrice:
    """What stands in the form, so that an error does not lose it."""

    provider: str = ""
    model: str = ""
    valid_from: str = ""
    until: str = ""
    note: str = ""
    every: bool = False
    rates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PricesContext:
    """Everything `prices.html` shows. `unknown` is None when the store did not answer in time."""

    shell: Shell
    tabs: tuple[Link, ...]
    now: int
    csrf: str
    project: str
    projects: tuple[Link, ...]
    rows: tuple[OwnPriceRow, ...]
    history: Link
    unknown: tuple[WithoutPrice, ...] | None
    classes: tuple[tuple[str, str], ...]
    typed: TypedPrice
    operator: bool
    find: TypedPrice
    on: str
    found: Found | None
    book: str
    error: str
    done: str


class PricePages:
    """`/settings/prices`."""

    def __init__(self, services: Services, frame: Frame) -> None:
        self.services = services
        self.frame = frame

    def table(self) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        """Method, path and endpoint of each."""
        return [
            ("GET", PATH, self.show),
            ("POST", PATH, self.add),
            ("POST", PATH + "/{version}/withdraw", self.withdraw),
        ]

    async def show(self, request: Request) -> Response:
        """Own prices of a project, models without one, and the lookup."""
        return await self._page(request)

    async def add(self, request: Request) -> Response:
        """Enter a price."""
        principal, fields = principal_of(request), await form(request)
        project = fields.get("project", "")[:63]
        if not edited(principal, [project]):
            raise AccessDenied(403, f"You are not editor of project {project!r}, which its prices need.")
        typed = _typed(fields)
        if typed.every and not principal.operator:
            raise AccessDenied(403, "A price for every project needs a server administrator.")
        try:
            begins, rates = _read(typed)
            control = self.services.control
            await run_in_threadpool(
                lambda: control.add_price(
                    typed.provider or "*",
                    typed.model,
                    begins,
                    rates,
                    project=None if typed.every else project,
                    note=typed.note,
                    by=principal.by,
                )
            )
        except (InvalidValue, NotFound, ValueError) as error:
            said = f"{error}".rstrip(".") + "."
            return await self._page(request, project=project, typed=typed, error=said)
        await run_in_threadpool(self.services.prices.renew)
        return back_to(PATH, "list", project=project, done="added")

    async def withdraw(self, request: Request) -> Response:
        """Take a price back."""
        principal, given = principal_of(request), request.path_params["version"]
        control = self.services.control
        entries = await run_in_threadpool(control.prices)
        entry = next((e for e in entries if str(e.version) == given), None)
        if entry is None or not (edited(principal, [entry.project]) if entry.project else principal.operator):
            raise Missing("There is no price of this version in force that you may withdraw.")
        version = entry.version
        await run_in_threadpool(lambda: control.withdraw_price(version, by=principal.by))
        await run_in_threadpool(self.services.prices.renew)
        project = (await form(request)).get("project", "")[:63]
        return back_to(PATH, "list", project=entry.project or project, done="withdrawn")

    async def _page(
        self, request: Request, *, project: str = "", typed: TypedPrice | None = None, error: str = ""
    ) -> Response:
        principal, query, now = principal_of(request), request.query_params, self.services.clock()
        names = edited(principal, await run_in_threadpool(self.services.projects))
        project = project or query.get("project", "")[:63] or principal.project
        if project not in names:
            raise Missing(f"There is no project {project!r} whose prices you may change.")
        history = query.get("history") == "1"
        book, today = self.services.prices(), own.day_of(now)
        find = TypedPrice(query.get("of", "")[:200], query.get("find", "")[:200])
        on = _day(query.get("on", "")) or today.isoformat()
        context = PricesContext(
            shell=await self.frame(request, "Prices", _KNOWN),
            tabs=tabs(principal, "prices"),
            now=now,
            csrf=principal.csrf,
            project=project,
            projects=tuple(Link(n, with_query(PATH, {"project": n}), n == project) for n in names),
            rows=await self._rows(principal, project, today, history),
            history=Link(
                "Only those in force" if history else "With replaced and withdrawn ones",
                with_query(PATH, {"project": project, "history": None if history else "1"}) + "#list",
                history,
            ),
            unknown=await self._unknown(project, now, book),
            classes=own.CLASSES,
            typed=typed
            or TypedPrice(query.get("provider", "")[:200], query.get("model", "")[:200], today.isoformat()),
            operator=principal.operator,
            find=find,
            on=on,
            found=look_up(book, project, find.model.strip(), find.provider.strip(), on)
            if find.model.strip()
            else None,
            book=book.version,
            error=error,
            done=DONE.get(query.get("done", ""), ""),
        )
        return html(render("prices.html", context), 422 if error else 200)

    async def _rows(
        self, principal: Principal, project: str, today: date, history: bool
    ) -> tuple[OwnPriceRow, ...]:
        control = self.services.control
        everything = await run_in_threadpool(lambda: control.prices(history=True))
        in_force = await run_in_threadpool(control.prices)
        here = [e for e in everything if e.project in {None, project}]
        valid = [e for e in in_force if e.project in {None, project}]
        may = {project: True, "": principal.operator}
        return own.rows(here, valid, today, may, history=history)

    async def _unknown(self, project: str, now: int, book: PriceBook) -> tuple[WithoutPrice, ...] | None:
        window = Window(project, max(0, now - 30 * _DAY), max(1, now))
        try:
            models = await storage.unpriced(self.services.store, window)
        except StoreError:
            return None
        return tuple(without_price(m, project, book) for m in models)


def without_price(model: UnpricedModel, project: str, book: PriceBook) -> WithoutPrice:
    """A model with calls of unknown cost, with the ways to its spans and to a price for it."""
    at = datetime.fromtimestamp(model.last // 10**9, UTC)
    known = bool(model.model) and (
        book.resolve(model.provider or None, model.model, None, at, project=project) is not None
    )
    conditions = ["cost_source:unknown"]
    for name, text in (("provider", model.provider), ("model", model.model)):
        conditions.append(condition(name, text) if text else f"-has:{name}")
    spans = with_query(
        path_of(project, "traces"), {"range": _RANGE, "view": "spans", "q": " ".join(conditions)}
    )
    add = {"project": project, "provider": model.provider, "model": model.model}
    return WithoutPrice(
        model.provider, model.model, model.calls, model.tokens, model.untold, model.last,
        "usage" if known else "price" if model.model else "name",
        spans,
        with_query(PATH, add) + "#add" if model.model and not known else "",
    )  # fmt: skip


def _typed(fields: Mapping[str, str]) -> TypedPrice:
    words = (fields.get(n, "").strip()[:300] for n in ("provider", "model", "valid_from", "until", "note"))
    provider, model, valid_from, until, note = words
    names = [name for name, _ in own.CLASSES] + ["request", "discount"]
    rates = {name: fields.get(f"rate_{name}", "").strip()[:40] for name in names}
    return TypedPrice(provider, model, valid_from, until, note, fields.get("every") == "yes", rates)


def _read(typed: TypedPrice) -> tuple[date, dict[str, object]]:
    """First day and rates of a form. Raises ValueError with a sentence."""
    begins = _date("The first day", typed.valid_from)
    rates: dict[str, object] = {}
    for name, text in typed.rates.items():
        if text:
            rates[name] = _number(name, text)
    if "discount" in rates:
        rates["discount"] = float(str(rates["discount"])) / 100
    if typed.until:
        rates["until"] = _date("The last day", typed.until).isoformat()
    own_price(
        {**rates, "provider": typed.provider or "*", "model": typed.model, "from": begins}, "This price"
    )
    return begins, rates


def _day(text: str) -> str:
    """A day as an address has it; empty for what is none."""
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return ""


def _date(what: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{what} is {text[:20]!r}; give a date such as 2026-11-01") from error


def _number(name: str, text: str) -> float:
    try:
        return float(text.removeprefix("$"))
    except ValueError as error:
        raise ValueError(f"The rate of {name} is {text!r}; give a number such as 2.50") from error
