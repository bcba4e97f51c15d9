"""One measured promise as one row: ours beside a named anchor of the same run."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    value: float
    unit: str
    anchor: str
    anchor_value: float
    ratio: float
    goal: float
    met: bool

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def row(  # noqa: PLR0913 the columns of the row
    name: str,
    value: float,
    unit: str,
    anchor: str,
    anchor_value: float,
    *,
    goal: float,
    higher_is_better: bool,
) -> Row:
    """`ratio` is value / anchor_value; `goal` bounds it from below or from above."""
    ratio = value / anchor_value
    met = ratio >= goal if higher_is_better else ratio <= goal
    return Row(name, value, unit, anchor, anchor_value, ratio, goal, met)
