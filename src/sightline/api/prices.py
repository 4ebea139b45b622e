"""Own prices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from functools import partial
from typing import Any

from sightline.api import shapes
from sightline.api.control import controlled
from sightline.api.operations import Call, Operation, Parameter
from sightline.api.parameters import PROJECT
from sightline.api.problems import Problem
from sightline.catalog.own_prices import own_price
from sightline.records.access import PriceEntry, Scope


def _price(entry: PriceEntry) -> dict[str, Any]:
    times = {"valid_from": entry.valid_from.isoformat(), "entered_at": entry.entered_at.isoformat()}
    return {**asdict(entry), **times}


async def list_prices(call: Call) -> Mapping[str, Any]:
    """Own prices that count for the project: its own and those for every project."""
    history = call.flag("history", False)
    entries = await controlled(partial(call.services.control.prices, history=history))
    return {"prices": [_price(e) for e in entries if e.project in {None, call.project}]}


async def add_prices(call: Call) -> Mapping[str, Any]:
    """Append dated prices: all of them, or none when one is wrong."""
    fresh: list[Callable[[], PriceEntry]] = []
    for number, item in enumerate(call.body["prices"], 1):
        if item.get("every_project"):
            call.need_operator("A price for every project")
        try:
            start = date.fromisoformat(item["valid_from"])
            own_price(
                {**item["rates"], "provider": item["provider"], "model": item["model"]}, f"price {number}"
            )
        except ValueError as error:  # a date that is none, or PriceError
            raise Problem(422, f"{error}.".replace("..", ".")) from error
        add = partial(
            call.services.control.add_price,
            item["provider"],
            item["model"],
            start,
            item["rates"],
            project=None if item.get("every_project") else call.project,
            note=item.get("note", ""),
            by=call.by,
        )
        fresh.append(add)
    entries = [await controlled(add) for add in fresh]
    await controlled(call.services.prices_changed)
    return {"prices": [_price(entry) for entry in entries]}


async def withdraw_price(call: Call) -> Mapping[str, Any]:
    """Take a price back from today's list; what it priced stays as it is."""
    given = call.request.path_params["version"]
    version = int(given) if given.isascii() and given.isdigit() and len(given) < 16 else -1
    entries = await controlled(call.services.control.prices)
    entry = next((e for e in entries if e.version == version and e.project in {None, call.project}), None)
    if entry is None:
        raise Problem(404, f"There is no price of version {given[:20]} in force for project {call.project}.")
    if entry.project is None:
        call.need_operator("A price for every project")
    withdrawn = await controlled(partial(call.services.control.withdraw_price, version, by=call.by))
    await controlled(call.services.prices_changed)
    return _price(withdrawn)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/prices",
        list_prices,
        "Own prices",
        Scope.READ,
        shapes.PRICES,
        parameters=(PROJECT, Parameter("history", "Superseded and withdrawn ones too.", shapes.FLAG)),
    ),
    Operation(
        "PUT",
        "/prices",
        add_prices,
        "Append own prices",
        Scope.ADMIN,
        shapes.PRICES,
        "An entry counts from `valid_from` on; of entries for the same model and date the last one counts.",
        body=shapes.PRICES_BODY,
        parameters=(PROJECT,),
    ),
    Operation(
        "DELETE",
        "/prices/{version}",
        withdraw_price,
        "Withdraw a price",
        Scope.ADMIN,
        shapes.PRICE,
        parameters=(Parameter("version", "The price's version.", shapes.WHOLE, "path"), PROJECT),
    ),
)
