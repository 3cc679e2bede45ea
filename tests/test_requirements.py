"""The list of requirements, and what `--requirements` makes of marked tests."""

import pytest

from tests.requirements import NOT_YET, SENTENCES

MARKED = """
    import pytest

    @pytest.mark.requirement("S46", "S47")
    @pytest.mark.parametrize("who", ["manager", "client manager"])
    def test_it_waits(who):
        pass

    @pytest.mark.requirement("S5")
    @pytest.mark.requirement("S46")
    def test_it_is_told():
        assert False

    @pytest.mark.requirement("S6")
    @pytest.mark.skip
    def test_it_owes():
        pass

    def test_something_else():
        assert False
"""


@pytest.fixture
def run(pytester):
    pytester.makeini("[pytest]\nmarkers = requirement(number): of the product")

    def run_tests(source, *arguments):
        pytester.makepyfile(source)
        return pytester.runpytest_inprocess("-p", "tests.requirements", *arguments)

    return run_tests


def test_the_list_goes_from_s1_to_s83():
    assert [*SENTENCES] == [f"S{number}" for number in range(1, 84)]
    assert NOT_YET.keys() <= SENTENCES.keys()


def test_each_requirement_is_printed_with_its_tests_and_their_outcomes(run):
    printed = run(MARKED, "--requirements")

    name = "test_each_requirement_is_printed_with_its_tests_and_their_outcomes.py"
    printed.stdout.fnmatch_lines(
        [
            f"S5   {SENTENCES['S5']}",
            f"     failed  {name}::test_it_is_told",
            f"S6   {SENTENCES['S6']}",
            f"     skipped  {name}::test_it_owes",
            f"S46  {SENTENCES['S46']}",
            f"     failed  {name}::test_it_is_told",
            f"     2 passed  {name}::test_it_waits",
            f"S47  {SENTENCES['S47']}",
            f"     2 passed  {name}::test_it_waits",
            "     not yet: comes with the console",
            "4 of 83 have a test.",
            "Without a test: S1 S2 S3 S4 S7 *",
        ]
    )
    printed.assert_outcomes(passed=2, failed=1, skipped=1, deselected=1)


@pytest.mark.parametrize("given", ['"S84"', '"s46"', '"S046"', '""', "", '"S46", "S0"'])
def test_an_unknown_number_is_refused(run, given):
    refused = run(
        f"""
        import pytest

        @pytest.mark.requirement({given})
        def test_it_waits():
            pass
        """
    )

    assert refused.ret is pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(["ERROR: *::test_it_waits: there is no requirement '*'"])
