"""The state of the list in its address: what is listed, in which order, with which columns and selection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sightline.pages.address import View
from sightline.query.listing_order import NEWEST, BadSort, Sort, sort_of
from sightline.query.selection import Target

PARAMETERS = (
    "q",
    "view",
    "sort",
    "cols",
    "cursor",
    "live",
    "facet",
    "find",
    "sel",
    "toggle",
    "parts",
    "peek",
)
VIEWS = {"traces": "Traces", "spans": "Spans", "groups": "By name"}
MOST_SELECTED = 50
MOST_COLUMNS = 16


@dataclass(frozen=True, slots=True)
class ListState:
    """The address of a list, read. `cols` is empty for the usual columns, `facet` the one shown with more
    values, `find` the beginning they are narrowed to, `sel` ids of selected rows. `whole`: figures and facets
    are waited for, however long they take. `peek`: the trace that is shown in brief beside the list."""

    view: View
    shows: str
    sort: Sort
    cols: tuple[str, ...]
    cursor: str
    live: bool
    facet: str
    find: str
    sel: tuple[str, ...]
    whole: bool
    peek: str

    @property
    def target(self) -> Target:
        """What is counted and listed."""
        return Target.TRACES if self.shows == "traces" else Target.SPANS

    @property
    def kept(self) -> dict[str, str | None]:
        """The parameters of the page that stay when another filter is asked for; defaults are left out."""
        return {
            "view": self.shows if self.shows != "traces" else None,
            "sort": str(self.sort) if self.sort != NEWEST else None,
            "cols": ",".join(self.cols) or None,
            "live": "1" if self.live else None,
        }

    def toggled(self, id_: str) -> str:
        """The same page with one more row selected, or one less."""
        sel = [one for one in self.sel if one != id_] if id_ in self.sel else [*self.sel, id_]
        return self.link(sel=",".join(sel) or None, cursor=self.cursor or None, facet=self.facet or None)

    def link(self, **changes: str | None) -> str:
        """The address of the list with some parameters changed; page and selection are left behind."""
        return self.view.link("traces", **({"q": self.view.q} | self.kept | changes))


def read(view: View, query: Mapping[str, str]) -> ListState:
    """The state of the list; what is broken is replaced by the default and said in the view's notices."""
    notices = []
    shows = query.get("view", "traces")
    if shows not in VIEWS:
        notices.append(f"The view “{shows[:40]}” is not known. There are {', '.join(VIEWS)}.")
        shows = "traces"
    target = Target.TRACES if shows == "traces" else Target.SPANS
    sort = NEWEST
    try:
        sort = sort_of(query.get("sort", ""), target)
    except BadSort as error:
        notices.append(f"{str(error)[:1].upper()}{str(error)[1:]}.")
    return ListState(
        view=replace(view, notices=(*view.notices, *notices)),
        shows=shows,
        sort=sort,
        cols=_names(query.get("cols", ""))[:MOST_COLUMNS],
        cursor=query.get("cursor", ""),
        live=query.get("live") == "1",
        facet=query.get("facet", "")[:200],
        find=query.get("find", "")[:200],
        sel=_names(query.get("sel", ""))[:MOST_SELECTED],
        whole=query.get("parts") == "all",
        peek=query.get("peek", "").split("/")[0][:64].lower(),
    )


def _names(text: str) -> tuple[str, ...]:
    found: Sequence[str] = [name.strip() for name in text.split(",")]
    return tuple(dict.fromkeys(name for name in found if name))
