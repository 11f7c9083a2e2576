"""Where JSLint comes from: the given path, the project's node_modules, the cache, the registry; in this order.

An edition is copied to the step's private folder, under a name that says how it is loaded: then neither exotic paths
nor a package.json above it matter, and what runs is what was checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from buildtools.plugin import StepContext, StepError
from buildtools.steps.jslint import store
from buildtools.steps.jslint.registry import NpmFinder, Package, locked, member, obtain

JSLINT = "@jslint-org/jslint"
_MODULE = re.compile(rb"^export default\b", re.MULTILINE)
_PAST_ES5 = re.compile(rb"^(?:let|import|export)\b", re.MULTILINE)


class Edition(msgspec.Struct, frozen=True):
    """JSLint's text, and where it was found."""

    text: bytes
    origin: str

    @property
    def module(self) -> bool:
        """Whether it is an ECMAScript module, as editions since 2018 are."""
        return _MODULE.search(self.text) is not None

    @property
    def es5(self) -> bool:
        """Whether Rhino can load it as it is; some of 2018 are scripts, but in newer JavaScript."""
        return _PAST_ES5.search(self.text) is None


def runner_folder() -> Path:
    """Return the folder of the runners and the lock file: `runner` in an installed package, else the source tree's."""
    here = Path(__file__).resolve().parent
    for folder in (here / "runner", here.parents[2] / "tools/jslint"):
        if (folder / "package-lock.json").is_file():
            return folder
    raise StepError("the JSLint runners are missing from this installation of buildtools", remedy="Install it again.")


def locate_edition(asked: Path | None, start: Path, root: Path) -> Path | Package:
    """Say which edition to use, without reading it; `start` is the folder being linted, `root` the project's."""
    if asked:
        return asked
    for folder in (start, *start.parents):
        if (file := folder / "node_modules" / JSLINT / "jslint.mjs").is_file():
            return file
        if folder == root:
            break
    return locked(runner_folder() / "package-lock.json", JSLINT)


def read_edition(ctx: StepContext, place: Path | Package, npm: NpmFinder) -> Edition:
    """Return the edition's text, fetching a package that is not there yet. Raises `StepError` with what to do."""
    if isinstance(place, Package):
        return Edition(member(_obtain(ctx, place, npm), "jslint.mjs"), place.spec)
    try:
        return Edition(place.read_bytes(), str(place))
    except OSError as error:
        remedy = "Name a copy of JSLint that is there with `jslint-js:`, or leave the option out to have one fetched."
        raise StepError(f"JSLint: {place}: {error.strerror}", remedy=remedy) from None


def place_module(ctx: StepContext, edition: Edition) -> Path:
    """Put an edition where Node can load it, and return that place."""
    path = ctx.temp / ("edition.mjs" if edition.module else "edition.js")
    path.write_bytes(edition.text)
    return path


def place_script(ctx: StepContext, edition: Edition, npm: NpmFinder, node: Callable[[], Path]) -> Path:
    """Put an edition where Rhino can load it, transpiled if it is too new for it, and return that place.

    Transpiling takes TypeScript's compiler, on Node, a few seconds; its result is cached by the edition's content.
    """
    if edition.es5:
        return place_module(ctx, edition)
    import hashlib

    typescript = compiler()
    recipe = (edition.text, typescript.sha512, (runner_folder() / "transpile.cjs").read_bytes())
    key = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in recipe)).hexdigest()
    kept = store.cache_folder(ctx.env) / f"es5-{key[:32]}.js"
    text = _unsealed(store.load(kept))
    if text is None:
        text = _transpiled(ctx, edition, _obtain(ctx, typescript, npm), node())
        if problem := store.save(kept, _sealed(text)):
            ctx.warn(f"JSLint for Rhino could not be kept in the cache: {problem}")
    path = ctx.temp / "edition.js"
    path.write_bytes(text)
    return path


def compiler() -> Package:
    """Return the package of the compiler that makes editions fit for Rhino."""
    return locked(runner_folder() / "package-lock.json", "typescript")


def _obtain(ctx: StepContext, package: Package, npm: NpmFinder) -> bytes:
    try:
        return obtain(ctx, package, npm)
    except StepError as error:
        if error.remedy:
            raise
        raise StepError(
            error.message,
            remedy=f"Run the step once without --offline; or `npm install --save-dev {package.spec}` in the project; "
            "or name a copy of JSLint with the option `jslint-js:`."
            if package.name == JSLINT
            else "Run the step once without --offline; or name an ES5 edition of JSLint with the option `jslint-js:`; "
            "or use `engine: node`.",
        ) from None


def _transpiled(ctx: StepContext, edition: Edition, archive: bytes, node: Path) -> bytes:
    source, output, typescript = ctx.temp / "edition.mjs", ctx.temp / "es5.js", ctx.temp / "typescript.js"
    source.write_bytes(edition.text)
    typescript.write_bytes(member(archive, "lib/typescript.js"))
    ctx.output("transpiling JSLint for Rhino, once\n")
    try:
        completed = ctx.run((node, runner_folder() / "transpile.cjs", typescript, source, output), cwd=ctx.temp)
        if completed.returncode != 0:
            raise StepError(
                f"{edition.origin} could not be made fit for Rhino (exit {completed.returncode})",
                remedy="Name an ES5 edition of JSLint with the option `jslint-js:`, or use `engine: node`.",
            )
        return output.read_bytes()
    finally:
        for path in (source, output, typescript):
            path.unlink(missing_ok=True)


def _sealed(text: bytes) -> bytes:
    """Put a digest before a text, so that damage shows."""
    import hashlib

    return b"//" + hashlib.sha256(text).hexdigest().encode() + b"\n" + text


def _unsealed(data: bytes | None) -> bytes | None:
    """Return the text behind its digest, or `None` if there is none or it is damaged."""
    import hashlib

    seal, _, text = (data or b"").partition(b"\n")
    return text if seal == b"//" + hashlib.sha256(text).hexdigest().encode() else None
