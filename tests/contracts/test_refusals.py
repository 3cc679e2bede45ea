"""Refusals keep their place and become user errors of their kind."""

import pytest

from libs.contracts.graph import (
    CsvRowError,
    InputError,
    InvalidStateError,
    user_errors,
)
from libs.contracts.refusals import (
    Refusal,
    Refused,
    RowRefusal,
    StateRefusal,
    UserErrorCode,
    refuse_all,
)


class NoLines(Refusal):
    code = UserErrorCode.NO_LINES

    def __init__(self) -> None:
        super().__init__("Add at least one number.")


class Duplicate(RowRefusal):
    code = UserErrorCode.DUPLICATE_NUMBER


def test_a_refusal_is_moved_without_changing_the_first():
    first = NoLines()
    moved = first.at("input", "numbers", "3")

    assert first.path == ("input",)
    assert moved.path == ("input", "numbers", "3")
    assert (type(moved), str(moved)) == (NoLines, "Add at least one number.")


def test_a_row_refusal_keeps_its_place_when_moved():
    moved = Duplicate("Twice.", row=3, column="tracking_number", value="+1").at(
        "input", "file"
    )

    assert (moved.row, moved.column, moved.value) == (3, "tracking_number", "+1")


def test_of_many_faults_the_first_thousand_are_told_and_how_many_there_are():
    errors = user_errors(Refused([NoLines()] * 50_000))

    assert len(errors) == 1_001
    assert (errors[999].code, errors[1_000].code) == ("NO_LINES", "MORE_FAULTS")
    assert errors[1_000].message.startswith("There are 50,000 faults")
    assert len(user_errors(Refused([NoLines()] * 1_001))) == 1_001


def test_every_refusal_becomes_its_own_kind_of_user_error():
    errors = user_errors(
        Refused(
            [
                NoLines(),
                Duplicate("Twice.", row=3, column=None, value=None),
                StateRefusal("Not now.", status="DRAFT", available_actions=["SUBMIT"]),
            ]
        )
    )

    assert [type(error) for error in errors] == [InputError, CsvRowError, InvalidStateError]
    assert errors[0].code is UserErrorCode.NO_LINES
    assert errors[1].path == ["input", "rows", "3"]
    assert errors[2].code is UserErrorCode.INVALID_STATE


def test_one_refusal_is_answered_like_many():
    (error,) = user_errors(NoLines())

    assert error.message == "Add at least one number."


def test_nothing_is_refused_where_there_is_no_fault():
    refuse_all([])

    with pytest.raises(Refused) as refused:
        refuse_all([NoLines(), NoLines()])
    assert len(refused.value.refusals) == 2


def test_refused_needs_a_refusal():
    with pytest.raises(ValueError, match="nothing"):
        Refused([])


def test_every_code_is_described_and_reads_as_its_name():
    for code in UserErrorCode:
        assert code == code.name
        assert code.description.endswith(".")
        assert UserErrorCode(code.value) is code
