"""Images, audio and files: where their bytes are, or what they say in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sightline.content.fields import Fields
from sightline.content.reader import BASE64, Reader
from sightline.records.conversation import Audio, File, Image, Part

_MIMES = (
    "mime_type", "mimeType", "media_type", "mediaType", "image_mimetype", "document_mimetype", "mimetype",
)  # fmt: skip
_URLS = (
    "image_url", "url", "uri", "fileUri", "file_uri", "file_url", "document_url", "data_uri", "audio_url",
    "video_url", "path", "source",
)  # fmt: skip
_DATA = (
    "data", "base64", "base64_image", "base64_data", "file_data", "bytes", "blob", "b64_json", "image",
    "audio", "video", "input_audio", "content", "partial_image_b64",
)  # fmt: skip
_IDS = ("file_id", "fileId", "id", "asset_pointer")
_NAMES = ("filename", "file_name", "name", "title", "displayName", "display_name")
# Objects that say where the bytes are, by the key they stand under.
_INNER = (
    "source", "image_url", "image", "audio", "video", "document", "file", "input_audio", "inlineData",
    "inline_data", "fileData", "file_data", "blob", "s3Location", "s3_location", "resource", "media",
)  # fmt: skip
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w.+-]+=[^;,]*)*)(;base64)?,", re.IGNORECASE)
_FORMATS = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    "wav": "audio/wav", "mp3": "audio/mpeg", "flac": "audio/flac", "opus": "audio/opus", "ogg": "audio/ogg",
    "pcm16": "audio/pcm", "pdf": "application/pdf", "txt": "text/plain", "md": "text/markdown",
    "csv": "text/csv", "html": "text/html", "mp4": "video/mp4", "webm": "video/webm",
}  # fmt: skip
_LANGFUSE = re.compile(r"@@@langfuseMedia:type=([^|@]{1,100})\|id=([^|@]{1,100})\|source=([^|@]{1,100})@@@")


def image(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """A picture of any family."""
    return _media(fields, reader, "image")


def audio(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """A sound of any family, with its transcript."""
    return _media(fields, reader, "audio")


def file(fields: Fields, reader: Reader) -> Sequence[Part] | None:
    """A file of any family: `file`, `document`, `video`, `blob`, `uri`, `resource`."""
    return _media(fields, reader, "")


def of_text(text: str) -> Image | Audio | File | None:
    """A string that stands for media: a data URL, or Langfuse's reference."""
    if text[:5].lower() == "data:" and _DATA_URL.match(text):
        return _made({"url": text}, "")
    if found := _LANGFUSE.fullmatch(text):
        return _made({"mime": found[1], "id": found[2]}, "")
    return None


def _media(fields: Fields, reader: Reader, kind: str) -> Sequence[Part] | None:
    kind = fields.text("modality").lower() or kind
    said: dict[str, str] = {}
    parts: list[Part] = []
    _gather(fields, reader, said, parts, 3)
    if not any(said.get(key) for key in ("url", "data", "id", "text")):
        return parts or None
    fields.drop("detail", "resolution", "id", "source_type", "validation")
    return [_made(said, kind), *parts]


def _gather(fields: Fields, reader: Reader, said: dict[str, str], parts: list[Part], depth: int) -> None:
    """Collect what this object says, and what the objects in it that say where the bytes are say."""
    by_reference = fields.peek("type") == "text"  # Anthropic: a document whose source is plain text
    if not said.get("mime"):
        form = fields.text("format", "document_format")
        said["mime"] = fields.text(*_MIMES) or _FORMATS.get(form.lower(), form)
    if not said.get("url"):
        said["url"] = _string(fields, _URLS)
    into = "text" if by_reference else "data"
    if not said.get(into):
        said[into] = _string(fields, _DATA)
    if not said.get("name"):
        said["name"] = fields.text(*_NAMES)
    if not said.get("text"):
        said["text"] = fields.text("transcript", "text", "context", "alt_text")
    inner = next((k for k in _INNER if isinstance(fields.peek(k), dict)), None)
    if inner is not None and depth:
        below = fields.object(inner)
        assert below is not None  # noqa: S101 - it was there a line ago
        _gather(below, reader, said, parts, depth - 1)
        below.drop("detail", "type")
        fields.leave(inner, below)
    if isinstance(fields.peek("content"), list):  # Anthropic: a document made of parts
        parts.extend(reader.parts(fields.take("content")))
    if not said.get("id"):
        said["id"] = fields.text(*_IDS)


def _string(fields: Fields, keys: tuple[str, ...]) -> str:
    for key in keys:
        value = fields.peek(key)
        if isinstance(value, str) and value:
            fields.drop(key)
            return value
    return ""


def _made(said: dict[str, str], kind: str) -> Image | Audio | File:
    for key in ("url", "data"):  # bytes may stand in either, as a data URL
        found = _DATA_URL.match(said.get(key, "")[:400]) if said.get(key, "")[:5].lower() == "data:" else None
        if found:
            body = said.pop(key)[found.end() :]
            said["mime"] = (found[1] or said.get("mime", "") or "text/plain").lower()
            into = "data" if found[3] else "text"
            said[into] = "\n".join(words for words in (said.get(into), body) if words)
    if reference := _LANGFUSE.fullmatch(said.get("url", "")[:400]):
        said |= {"url": "", "mime": reference[1], "id": reference[2]}
    if said.get("data", "").startswith(("http://", "https://")):
        said["url"] = " ".join(address for address in (said.get("url"), said.pop("data")) if address)
    if said.get("data") and not BASE64.fullmatch(said["data"][:200]):
        said["text"] = "\n".join(words for words in (said.get("text"), said.pop("data")) if words)
    mime = said.get("mime", "").lower()
    said["mime"] = mime
    made: Any = File
    if mime.startswith("image/") or (kind == "image" and not mime.startswith(("audio/", "video/"))):
        made = Image
    elif mime.startswith("audio/") or kind == "audio":
        made = Audio
    found_: Image | Audio | File = made(**said)
    return found_
