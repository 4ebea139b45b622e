from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from sightline.pages import assets
from sightline.pages.assets import NotBuilt


def test_files_are_valid_for_good(client: TestClient) -> None:
    address = assets.address("app.js")
    plain = client.get(address, headers={"accept-encoding": "identity"})
    assert plain.status_code == 200 and plain.headers["content-type"].startswith("text/javascript")
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "content-encoding" not in plain.headers
    packed = client.get(address, headers={"accept-encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "gzip" and packed.content == plain.content
    again = client.get(address, headers={"if-none-match": plain.headers["etag"]})
    assert again.status_code == 304 and not again.content
    assert client.get(address, headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize("name", ["nothing.js", "manifest.json", "..%2f..%2froutes.py", ".inputs", "%00"])
def test_only_built_files_are_served(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_packed_files_equal_plain_ones_and_are_small() -> None:
    total = 0
    for name in assets.manifest().values():
        packed = assets.BUILD / f"{name}.gz"
        if packed.exists():
            total += packed.stat().st_size
            assert gzip.decompress(packed.read_bytes()) == (assets.BUILD / name).read_bytes()
    assert 0 < total < 150_000


def test_a_missing_build_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotBuilt, match="run `make setup`"):
        assets.address("app.css", tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"files": {"a.js": "a-1.js"}}))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "manifest.json").write_text(json.dumps({"files": {"a.js": "a-1.js"}}))
    with pytest.raises(NotBuilt, match=r"app.css is not in the front end's manifest \(known: a.js\)"):
        assets.address("app.css", tmp_path / "sub")
