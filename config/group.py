"""What all groups of settings share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Group(BaseModel):
    """What all groups share: frozen, and no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid")
