"""Linters that are a program, a set of files and a report: one layer, and a thin plugin for each.

`linter` (options and one run) over `programs` (where the tool is), `targets` (what it is called with), `report` (what
it said, as a value, and how that is read) and `verdict` (pure: report in, result out). A plugin says which words ask
the tool for its report, and how to read it. Outside plugins find the layer as `buildtools.linters`.
"""
