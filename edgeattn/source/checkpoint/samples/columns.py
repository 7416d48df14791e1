"""Columns of data, and the roles that a task gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def rows_by_role(
    rows: Iterable[Row], columns: Mapping[str, str], needed: Sequence[str], optional: Sequence[str]
) -> list[Row]:
    """Return rows by the roles of their columns, such as "text" and "label".

    Args:
        rows: By the data's own columns.
        columns: The column of a role, where it has another name.
        needed: Roles that a task asks for.
        optional: Roles that it can do without.

    Raises:
        ValueError: A role is none of the task's, or its column is not in every row.
    """
    table = list(rows)
    names = list(table[0]) if table else []
    roles = (*needed, *optional)
    for role in columns:
        if role not in roles:
            raise ValueError(f"--columns {role}: one of {', '.join(roles)} expected")
    taken = [role for role in roles if role in needed or role in columns or role in names]
    for role in taken:
        column = columns.get(role, role)
        if column not in names:
            raise ValueError(
                f"no column {column!r} among {', '.join(names) or 'none'}; name it: --columns {role}=COLUMN"
            )
    return [{role: row[columns.get(role, role)] for role in taken} for row in table]
