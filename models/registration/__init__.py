"""Laying a golden template over a picture: found as a whole, then tile by tile, and measured."""

from models.registration.agreement import Agreement, NotRegistered
from models.registration.overlay import Registered, register

__all__ = ["Agreement", "NotRegistered", "Registered", "register"]
