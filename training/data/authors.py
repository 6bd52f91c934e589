"""Whose word a label is."""

from dataclasses import dataclass
from enum import StrEnum


class Authority(StrEnum):
    """Who says what is on a picture.

    RETURN: the field sent the part back. ENGINEER: a labelled folder. OPERATOR: a review or an
    outline at the desk. MODEL: a model drew what a person confirmed, whose name `who` is.
    """

    RETURN = "return"
    ENGINEER = "engineer"
    OPERATOR = "operator"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Author:
    """The author of a picture's labels; `who` is a name, empty where nobody gave one."""

    authority: Authority
    who: str = ""
