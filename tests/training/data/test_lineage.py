from training.data.lineage import Lineage


def test_a_lineage_tells_parts_that_set_weights_from_those_that_set_limits_alone() -> None:
    lineage = Lineage(learnt_from=()).with_parts({"a", "b"}, {"c", "d"})
    assert lineage.learnt_from == ("a", "b", "c", "d")
    assert lineage.taught_by == {"a", "b"}


def test_a_part_that_once_set_weights_never_counts_as_one_that_only_set_limits() -> None:
    parent = Lineage(learnt_from=()).with_parts({"a", "b"}, {"c", "d"})
    tuned = parent.with_parts({"c", "e"}, {"a", "f"})
    assert tuned.taught_by == {"a", "b", "c", "e"}
    assert tuned.limits_from == ("d", "f")


def test_a_lineage_written_before_the_two_were_told_apart_counts_all_as_weights() -> None:
    old = Lineage.model_validate_json('{"format": 1, "learnt_from": ["a", "b"]}')
    assert old.taught_by == {"a", "b"}
