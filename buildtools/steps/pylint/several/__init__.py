"""pylint in several processes that find what one finds.

Standalone, as the driver is: the standard library and pylint >= 3 only, and Python 3.8. `linter` is pylint's linter
with that ability, `zygote` deals files out and joins what comes back, `pool` forks, `memory` minds the garbage
collector, `carried` and `remembered` know what checkers keep from one file to the next.
"""
