"""The base of everything on the wire."""

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """Unknown fields are refused, numbers are finite, and nothing is changed after parsing."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
