"""What a verdict depends on besides the file's text, as digests: everything that the engine is given or consists of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from buildtools.plugin import Cache
from buildtools.steps.jslint.protocol import Settings
from buildtools.steps.jslint.provision import compiler, runner_folder
from buildtools.steps.jslint.registry import Package
from buildtools.steps.jslint.setup import JAVA_FLAGS, Found

_ENGINES_OWN = ("NODE_OPTIONS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")
"""Variables by which Node and Java take flags from their environment."""


def conditions(cache: Cache, found: Found, settings: Settings, env: Mapping[str, str]) -> dict[str, str]:
    """Return digests by what they are digests of. Starts nothing. Raises `OSError` for what cannot be read."""
    return {
        "JSLint's edition": _edition(cache, found),
        "the runner": " ".join(hashlib.sha256(file.read_bytes()).hexdigest() for file in found.runners()),
        "the engine": _engine(cache, found),
        "the engine's environment": json.dumps({name: env.get(name) for name in _ENGINES_OWN}),
        "options": json.dumps(settings.options, sort_keys=True),
        "globals": json.dumps(settings.globals),
    }


def _edition(cache: Cache, found: Found) -> str:
    """A package's archive is known by its sha512, so it need not be opened; nor need a transpiled edition be made."""
    own = found.edition.sha512.hex() if isinstance(found.edition, Package) else cache.digest(found.edition)
    if found.jar is None:
        return own
    recipe = hashlib.sha256((runner_folder() / "transpile.cjs").read_bytes()).hexdigest()
    return f"{own} {compiler().sha512.hex()} {recipe}"


def _engine(cache: Cache, found: Found) -> str:
    program = found.program.resolve()
    if found.jar is None:
        return f"node {cache.digest(program)}"
    # Java's program is the same in many versions, but beside it stands a file that tells them apart.
    release = program.parents[1] / "release"
    java = cache.digest(release if release.is_file() else program)
    return " ".join(("rhino", cache.digest(found.jar.resolve()), java, *JAVA_FLAGS))
