"""PIL images: mode, size, palette, pixels, and what the file said about them."""

from __future__ import annotations

from typing import Any

from PIL import Image

from memodisk.hashing.base import Handler, Node, fields, named, refuse


def find(kind: type, _base: type) -> Handler | None:
    """The handler for a type whose ancestor `base` is of these libraries, or None."""
    return _image if issubclass(kind, Image.Image) else None


def _image(value: Any, _walk: Any) -> Node:
    if getattr(value, "n_frames", 1) > 1:
        remedy = "Pass its path or its bytes, or one frame as value.copy()"
        raise refuse("an image of several frames shows only the current one", remedy)
    pixels = value.tobytes()  # loads the pixels, and with them the palette
    palette = None if value.palette is None else (value.palette.mode, value.palette.tobytes())
    head = named("PIL.Image") + fields(value.format, value.mode, value.size)
    exif = value.getexif()
    return Node(
        head,
        [pixels, palette, value.info, exif.tobytes() if len(exif) else None],
        ("", "", ".info", ".getexif()").__getitem__,
    )
