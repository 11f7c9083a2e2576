"""What makes pylint fast, inside its own process, without a difference in what it finds.

Standalone, as the driver is: the standard library and pylint >= 3 only, and Python 3.8.

- In several processes: `linter` is pylint's linter with that ability, as a `wish` says, and `fast` one lint of it;
  `zygote` lints in the processes that `pool` forks; `parts` takes out and puts in what each file adds; `carried` and
  `remembered` know what checkers keep from one file to the next; `memory` minds the garbage collector.
- Only what has changed: `tracing` sees what each file's findings hang on; `files` knows digests, `state` keeps it all,
  `keeper` tells what of it still holds, and `unchanged` whether all does; `needs` says what must be parsed to lint the
  rest, `record` writes down; `similar` compares files for duplicate code in pairs; `known` is what is known of all
  files together.
- Quickly, where little has: `replay` knows what files assign into others, which `waiting` puts there when somebody
  looks; `builtin` puts off half of the trees of what is built in; `ahead` begins with trees in another process,
  those of a first lint by `guess`.
"""
