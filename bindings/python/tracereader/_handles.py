"""The types of what the C module gives to hold: cursors and capsules, whose types have no
names here. Nothing is ever made of these classes; they tell type checkers which is which.
"""


class CursorHandle:
    """A cursor: a reader and where its bytes come from."""


class ColumnsHandle:
    """Columns, kept small."""


class BlockingHandle:
    """An analysis of blocking, under way."""


class InfoHandle:
    """Counts of a trace, under way."""
