"""A long list in batches."""

from libs.common.batches import split


def test_batches_keep_the_order_and_the_last_has_the_rest():
    assert split([1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4], [5]]


def test_of_nothing_there_is_no_batch():
    assert split([], 2) == []
