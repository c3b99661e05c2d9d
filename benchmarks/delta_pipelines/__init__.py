"""One small pipeline on a Delta table, as each library's documentation would have its user write it.

Every module has the same functions, and is counted as it stands: lines of code without ``def`` lines, docstrings and
comments. ``setup`` gives what the steps take; a step that is missing is one that the library has no way to do. Tables
have two keys, ``id`` and ``key``, and the column ``city`` that they are partitioned by. ``zeros`` and ``above_one`` are
for the checks only and aren't counted.
"""
