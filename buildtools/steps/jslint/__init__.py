"""Lint JavaScript with JSLint on Node or Rhino.

`step` (the options) > `engine` (processes) > `protocol` (pure: events in, verdicts out) > `outcome` (verdicts to the
result), with `sources` (reading files), `options` (what the user wrote), `programs` (node, npm, java, Rhino),
`provision`, `registry` and `store` (where JSLint comes from). What runs inside the engines lies in `tools/jslint`
of the source tree, and beside this file, as `runner`, in an installed package.
"""

from buildtools.steps.jslint.step import Jslint

__all__ = ["Jslint"]
