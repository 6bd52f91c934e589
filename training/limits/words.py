"""A proposal as lines of a recipe, and what it is known for in a sentence."""

from training.limits.guarantee import Guarantee
from training.limits.propose import Proposal


def recipe_lines(proposal: Proposal, mean_of_views: bool) -> str:
    """TOML that puts the proposed limits into a recipe, where they override the card's."""
    lines: list[str] = []
    for column, name in enumerate(proposal.classes):
        lines += [f"[limits.{_key(name)}]", f"score = {float(proposal.limits[column])!r}"]
        if proposal.doubt is not None:
            lines.append(f"doubt_score = {float(proposal.doubt[column])!r}")
    if proposal.doubt is not None:
        lines += ["[doubt]", 'action = "review"']
    if mean_of_views:
        lines += ["[fusion]", 'views = "mean"']
    return "\n".join(lines) + "\n"


def guarantee_in_words(told: Guarantee) -> str:
    """What is known for sure: the promise is borne out, or how many parts are missing for it."""
    seen = f"{told.escapes} of {told.defective} defective parts escape"
    if told.holds:
        return f"{told.promise.in_words()}: yes, {seen}, at most {told.allowed} may"
    return (
        f"{told.promise.in_words()}: cannot be said: {seen} even at the lowest limits; "
        f"{told.further} further defective parts without an escape are needed to say so"
    )


def _key(name: str) -> str:
    """A TOML key: bare where it can be."""
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
