"""A tar member's header: nobody's in particular (uid and gid 0, no names).

Plain ustar; only a name or size that does not fit there gets GNU's extension, since that is what the tar programs of
GNU, BSD and BusyBox all read (BusyBox skips PAX headers). What fits is written here, since `tarfile` takes ten times as
long for it, which was a quarter of packing; and it does not write the same bytes in each version of Python.
"""

from __future__ import annotations

from typing import Literal

BLOCK = 512
"""bytes to which headers and contents are filled up"""

_TYPES = {"file": b"0", "link": b"2", "folder": b"5"}
_OWNER = b"0000000\0" * 2
_MOST = 8**11


def header(
    path: str,
    epoch: int,
    *,
    kind: Literal["file", "link", "folder"] = "file",
    size: int = 0,
    mode: int = 0o755,
    target: str = "",
) -> bytes:
    """Return the blocks that stand before a member's content; `epoch` is its time, in seconds."""
    name, link = path.encode() + b"/" * (kind == "folder"), target.encode()
    mode = 0o777 if kind == "link" else mode
    if len(name) > 100 or len(link) > 100 or size >= _MOST or not 0 <= epoch < _MOST:
        return _unusual(path, epoch, kind, (mode, size, target))
    start = b"".join((name.ljust(100, b"\0"), b"%07o\0" % mode, _OWNER, b"%011o\0" % size, b"%011o\0" % epoch))
    end = b"".join((_TYPES[kind], link.ljust(100, b"\0"), b"ustar\0" + b"00")).ljust(BLOCK - 156, b"\0")
    # The sum of all bytes, with its own eight as blanks.
    return b"%b%06o\0 %b" % (start, sum(start) + sum(end) + 8 * 32, end)


def _unusual(path: str, epoch: int, kind: str, rest: tuple[int, int, str]) -> bytes:
    import tarfile

    info = tarfile.TarInfo(path)
    info.type, info.mtime = _TYPES[kind], epoch
    info.mode, info.size, info.linkname = rest
    try:
        return info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict")
    except ValueError:
        return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")
