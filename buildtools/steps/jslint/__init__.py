"""Lint JavaScript with JSLint on Node or Rhino.

`step` (the options) > `linting` (files to verdicts) > `engine` (processes) > `protocol` (pure: events in, verdicts
out), and `outcome` (verdicts to the result). Beside them: `sources` (reading files), `options` and `config` (what the
user wrote), `remembered` and `conditions` (verdicts of earlier runs, and what they depend on), `setup`, `programs`
(node, npm, java, Rhino), `provision`, `registry` and `store` (where JSLint comes from). What runs inside the engines
lies in `tools/jslint` of the source tree, and beside this file, as `runner`, in an installed package.
"""

from buildtools.steps.jslint.step import Jslint

__all__ = ["Jslint"]
