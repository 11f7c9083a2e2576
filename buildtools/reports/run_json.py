"""The finished run as JSON: all that is known, for other programs."""

from __future__ import annotations

import msgspec

from buildtools.core.encoding import encode
from buildtools.core.results import RunResult


def render(result: RunResult) -> bytes:
    """Return the run as indented UTF-8 JSON.

    Its fields are `RunResult`'s, led by `schema_version` and `exit_code`, so that `msgspec` decodes it again; below
    the top, fields that have their default are left out.
    """
    fields = msgspec.to_builtins(result)
    head = {"schema_version": result.schema_version, "exit_code": int(result.exit_code)}
    return msgspec.json.format(encode({**head, **fields}), indent=2) + b"\n"
