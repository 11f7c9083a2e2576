"""A tree like that of a web application: scripts, templates, styles and source in many lengths, pictures and fonts."""

from __future__ import annotations

import random
import sysconfig
from pathlib import Path

_TEXT = (("py", 30), ("js", 20), ("html", 15), ("css", 10), ("svg", 5))
_BINARY = (("png", 12), ("jpg", 5), ("woff2", 3))


def make_site(folder: Path, size: int, files: int, seed: int = 1) -> None:
    """Write so many files of together about `size` bytes, always the same ones on the same Python.

    Text is runs of lines from the standard library, so that it compresses as real text does; four fifths of the files
    are text. Lengths are spread as in real trees: many small files, few large ones.
    """
    dice = random.Random(seed)
    sources = [path.read_text("utf-8", "replace") for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))]
    texts = [text.splitlines(keepends=True) for text in sources if len(text) > 2000]
    kinds = [name for name, _ in (*_TEXT, *_BINARY)]
    weights = [weight for _, weight in (*_TEXT, *_BINARY)]
    drawn = [dice.lognormvariate(0, 1.2) for _ in range(files)]
    scale = size / sum(drawn)
    binary = {name for name, _ in _BINARY}
    for number, share in enumerate(drawn):
        kind = dice.choices(kinds, weights)[0]
        part = number % max(1, files // 12)
        path = (
            folder
            / f"app{part % 23}"
            / ("static" if kind in binary else "pages")
            / f"part{part}"
            / f"file{number}.{kind}"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        length = max(40, int(share * scale))
        path.write_bytes(dice.randbytes(length) if kind in binary else _text(dice, texts, length))


def change(folder: Path, number: int, files: int = 3) -> None:
    """Append a line to so many text files; `number` says which ones."""
    found = sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".html", ".css"))
    for path in random.Random(number).sample(found, files):
        with path.open("a", encoding="utf-8") as file:
            file.write(f"changed {number}\n")


def _text(dice: random.Random, texts: list[list[str]], length: int) -> bytes:
    lines = dice.choice(texts)
    pieces: list[str] = []
    held = 0
    while held < length:
        start = dice.randrange(len(lines))
        piece = "".join(lines[start : start + dice.randrange(3, 40)])
        pieces.append(piece)
        held += len(piece)
        if dice.random() < 0.1:
            lines = dice.choice(texts)
    return "".join(pieces).encode()[:length]
