"""Digesting again what was digested before: kept segments go back to `ready`.

Works on the directory alone, by renaming, so it may run beside a server, which finds them within seconds.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from sightline.journal.disk import Disk
from sightline.journal.index import index_path
from sightline.journal.segment import Layout, file_name, segment_files, time_of
from sightline.records.ingest import Signal


def choose(
    layout: Layout,
    ids: Sequence[str] = (),
    since: int | None = None,
    until: int | None = None,
    signal: Signal | None = None,
) -> list[tuple[str, Signal, Path]]:
    """The digested segments with these ids, or those begun in `[since, until)` (ns), oldest first.

    Raises KeyError for an id that is not kept.
    """
    kept = segment_files(layout.digested)
    missing = set(ids) - {segment_id for segment_id, _, _ in kept}
    if missing:
        raise KeyError(
            f"no digested segment {sorted(missing)[0]!r} is kept in {layout.digested}; "
            "`sightline journal ls --state digested` lists them"
        )
    return [
        (segment_id, of, path)
        for segment_id, of, path in kept
        if (not ids or segment_id in ids)
        and (signal is None or of == signal)
        and (since is None or time_of(segment_id) >= since)
        and (until is None or time_of(segment_id) < until)
    ]


def replay(
    layout: Layout, disk: Disk, chosen: Sequence[tuple[str, Signal, Path]], *, new_id: bool
) -> list[str]:
    """Move digested segments back to `ready` and return the ids they have there.

    With the same id the store takes each as the insert it already has and changes nothing, unless it lost it.
    `new_id` digests them again as if new, after a fix of the digest: the rows replace the earlier ones.
    """
    ids = []
    for segment_id, signal, path in chosen:
        target_id = f"{segment_id.split('-r')[0]}-r{time.time_ns()}" if new_id else segment_id
        if new_id and (index := index_path(layout.index, segment_id)).exists():
            disk.move(index, index_path(layout.index, target_id))
        disk.move(path, layout.ready / file_name(target_id, signal))
        ids.append(target_id)
    return ids
