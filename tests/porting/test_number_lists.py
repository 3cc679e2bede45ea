"""Number lists: what is taken in, and every fault with its place."""

import csv
import io
from collections.abc import Sequence

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.refusals import Refusal
from services.porting.domain.area_codes import US_OR_CANADA
from services.porting.domain.refusals.lines import RowFault
from services.porting.list_intake.number_lists import ReadRow, Rules, read_number_list
from services.porting.list_intake.templates import write_csv
from tests.porting.builders import phone

HEADING = "tracking_number,forwarding_number,name,source,company"
GOOD = "+1 212 555 0100,(312) 555-0100,Spring flyer,Flyer,Dental"
RULES = Rules(most_rows=10, allow_fictional=True, companies={"dental": "co_1"})
STRICT = Rules(most_rows=10, allow_fictional=False, companies={"dental": "co_1"})


def a_file(*rows: str, heading: str = HEADING) -> bytes:
    return "\r\n".join((heading, *rows)).encode()


def row(tracking: str = "2125550100", **changes: str) -> str:
    cells = {
        "tracking_number": tracking,
        "forwarding_number": "3125550100",
        "name": "Spring flyer",
        "source": "Flyer",
        "company": "Dental",
    }
    return ",".join((cells | changes).values())


def read_lines(content: bytes, rules: Rules) -> tuple[Sequence[ReadRow], list[Refusal]]:
    reading = read_number_list(content, rules)
    return reading.rows, reading.faults.tell()


def read(content: bytes, rules: Rules = RULES) -> Sequence[ReadRow]:
    rows, faults = read_lines(content, rules)
    assert faults == []
    return rows


def refuse(content: bytes, rules: Rules = RULES) -> list[tuple[int, str | None, str]]:
    _, faults = read_lines(content, rules)
    return places_of(faults)


def places_of(faults: Sequence[RowFault]) -> list[tuple[int, str | None, str]]:
    return [(fault.row, fault.column, fault.code) for fault in faults]


def test_a_good_row_becomes_a_line():
    (only,) = read(a_file(GOOD))
    assert only.number == 2
    assert only.line is not None
    assert only.line.tracking_number == phone(100)
    assert only.line.forwarding_number == "+13125550100"
    assert (only.line.name, only.line.source) == ("Spring flyer", "Flyer")
    assert only.line.company_id == "co_1"


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    ],
    ids=["UTF-8", "UTF-8 with mark", "UTF-16", "UTF-16 big-endian"],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_the_ways_in_which_spreadsheets_write_are_read(encode, delimiter, line_end):
    text = line_end.join((HEADING, "2125550100,3125550100,Frühling 🌷,Flyer,Dental", ""))
    (only,) = read(encode(text.replace(",", delimiter)))
    assert only.line is not None
    assert only.line.name == "Frühling 🌷"


@pytest.mark.parametrize(
    "heading",
    [
        "Tracking Number,FORWARDING_NUMBER, name ,Source,Company",
        "TrackingNumber,forwardingnumber,NAME,source,company",
        "company,source,name,forwarding_number,tracking_number",
        HEADING + ",,",
        HEADING + ",Account Number,PIN,billing number",
    ],
)
def test_case_spaces_underscores_and_order_of_columns_do_not_matter(heading):
    names = [
        name.strip().replace("_", "").replace(" ", "").lower() for name in heading.split(",")
    ]
    values = {
        "trackingnumber": "2125550100",
        "forwardingnumber": "3125550100",
        "name": "Spring flyer",
        "source": "Flyer",
        "company": "dental",
        "pin": "n/a",
    }
    content = a_file(",".join(values.get(name, "") for name in names), heading=heading)
    (only,) = read(content)
    assert only.line is not None


@pytest.mark.requirement("S41")
@pytest.mark.parametrize(
    ("heading", "faults"),
    [
        ("", [(1, name, "CSV_COLUMN_MISSING") for name in HEADING.split(",")]),
        (
            "tracking_number,name,source,company",
            [(1, "forwarding_number", "CSV_COLUMN_MISSING")],
        ),
        (HEADING + ",NAME", [(1, "name", "CSV_COLUMN_UNKNOWN")]),
        (HEADING + ",acount number", [(1, "acount number", "CSV_COLUMN_UNKNOWN")]),
    ],
)
def test_a_heading_that_does_not_fit_is_refused(heading, faults):
    cells = dict(zip(HEADING.split(","), GOOD.split(","), strict=True))
    fitting = ",".join(cells.get(name, "") for name in heading.split(","))
    assert refuse(a_file(fitting, heading=heading)) == faults


def test_faults_of_heading_and_rows_come_in_one_answer():
    content = a_file(
        "2125550100,a,b,Nobody,x", heading="tracking_number,name,source,company,colour"
    )
    assert refuse(content) == [
        (1, "forwarding_number", "CSV_COLUMN_MISSING"),
        (1, "colour", "CSV_COLUMN_UNKNOWN"),
        (2, "company", "UNKNOWN_COMPANY"),
        (2, None, "CSV_UNREADABLE"),
    ]


@pytest.mark.parametrize("first", ["sep=;\r\n", '"sep=;"\n', "SEP=;\r"])
def test_the_delimiter_that_excel_names_in_a_first_line_is_taken(first):
    text = "\n".join((HEADING, row(name="a,b,c,d,e,f"), row("x"))).replace(",", ";")
    content = (first + text.replace("a;b;c;d;e;f", "a,b,c,d,e,f")).encode("utf-8-sig")
    assert refuse(content) == [(3, "tracking_number", "INVALID_PHONE_NUMBER")]


@pytest.mark.parametrize("first", ["sep=\n", 'sep="\n', "sep=\r\n", "sep=ab\n"])
def test_a_delimiter_that_divides_nothing_is_refused(first):
    assert refuse(first.encode() + a_file(GOOD))


def test_a_file_without_rows_is_refused():
    assert refuse(a_file("", " , ,,,")) == [(1, None, "CSV_EMPTY")]


@pytest.mark.parametrize(
    "content",
    [
        "naïve".encode("latin-1"),
        b"\xff\xfea",
        b"%PDF-1.7\x00\x01",
        HEADING.encode("utf-16-le"),
        a_file('"not closed'),
        a_file('"closed" too early,1,2,3,4'),
        a_file("x" * 200_000),
    ],
)
def test_what_is_no_table_is_refused(content):
    ((_, _, code),) = refuse(content)
    assert code == "CSV_UNREADABLE"


def test_the_unreadable_row_is_named():
    assert refuse(a_file(GOOD, "", '"not closed')) == [(4, None, "CSV_UNREADABLE")]


def test_rows_are_numbered_as_in_a_spreadsheet():
    content = a_file('2125550100,3125550100,"two\nlines",Flyer,Dental', "", row("x"))
    assert refuse(content) == [(4, "tracking_number", "INVALID_PHONE_NUMBER")]


def test_one_row_too_many_is_refused():
    rows = [row(phone(100 + place)) for place in range(11)]
    assert len(read(a_file(*rows[:10]))) == 10
    assert refuse(a_file(*rows)) == [(12, None, "TOO_MANY_LINES")]


@pytest.mark.requirement("S23", "S41")
def test_every_empty_cell_is_told():
    assert refuse(a_file(",,,,x")) == [
        (2, "tracking_number", "CSV_VALUE_MISSING"),
        (2, "forwarding_number", "CSV_VALUE_MISSING"),
        (2, "name", "CSV_VALUE_MISSING"),
        (2, "source", "CSV_VALUE_MISSING"),
        (2, "company", "UNKNOWN_COMPANY"),
    ]


@pytest.mark.requirement("S41")
def test_a_short_row_has_empty_cells():
    assert refuse(a_file("2125550100,3125550100,a,b")) == [(2, "company", "CSV_VALUE_MISSING")]


def test_a_row_with_more_cells_than_the_heading_is_refused():
    content = a_file(row() + ",", row("2125550101") + ",lost")
    assert refuse(content) == [(3, None, "CSV_UNREADABLE")]


@pytest.mark.requirement("S9", "S10")
@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("1.80555E+10", "CSV_SCIENTIFIC_NUMBER"),
        ("1.8E+10", "CSV_SCIENTIFIC_NUMBER"),
        ("12", "INVALID_PHONE_NUMBER"),
        ("+18765550100", "INVALID_PHONE_NUMBER"),
        ("+33142685300", "INVALID_PHONE_NUMBER"),
        ("+61291234567", "COUNTRY_NOT_SUPPORTED"),
        ("+442079460958", "COUNTRY_NOT_SUPPORTED"),
        ("9005550123", "NUMBER_NOT_PORTABLE"),
        ("=2125550100", "INVALID_PHONE_NUMBER"),
    ],
)
def test_a_number_that_cannot_port_here_is_refused(number, code):
    assert refuse(a_file(row(number))) == [(2, "tracking_number", code)]


@pytest.mark.parametrize(
    "number",
    [
        '="+12125550100"',
        " +1 (212) 555-0100 ",
        "\u00a0212.555.0100\u202f",
        "\u202a+1\u00a0212\u00a0555\u20110100\u202c",
        "\u201c2125550100\u201d",
        "'2125550100",
        "\uff12\uff11\uff12\uff15\uff15\uff15\uff10\uff11\uff10\uff10",
        "1 212\u2013555\u20140100",
    ],
)
def test_what_programs_make_of_a_number_is_read(number):
    cells = [number, "3125550100", "a", "b", "Dental"]
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    (only,) = read(a_file(quoted))
    assert only.tracking_number == phone(100)


@pytest.mark.parametrize("number", ["\u0662\u0661\u0662 5550100", "212\u200c5550100x7", "++"])
def test_what_is_no_number_is_refused(number):
    assert refuse(a_file(row(number))) == [(2, "tracking_number", "INVALID_PHONE_NUMBER")]


@pytest.mark.parametrize(
    "number", ["2125550100", "+1 (416) 555-0199", "1-800-555-0123", "888.555.0100"]
)
def test_fictional_numbers_port_only_where_the_setting_allows(number):
    assert refuse(a_file(row(number)), STRICT) == [
        (2, "tracking_number", "NUMBER_NOT_PORTABLE")
    ]
    assert len(read(a_file(row(number)))) == 1


@pytest.mark.requirement("S9")
@pytest.mark.parametrize(
    "number", ["212-736-5000", "+14169675000", "8007421234", "18885559999"]
)
def test_local_and_toll_free_numbers_port(number):
    assert len(read(a_file(row(number)), STRICT)) == 1


def test_a_spreadsheets_rounding_is_explained():
    _, (fault,) = read_lines(a_file(row("1.80555E+10")), RULES)
    assert "column as text" in fault.message
    assert fault.value == "1.80555E+10"


@pytest.mark.requirement("S40")
def test_a_duplicate_names_both_rows():
    _, (fault,) = read_lines(a_file(row(), row("2125550101"), row("(212) 555-0100")), RULES)
    assert (fault.row, fault.code, fault.value) == (4, "DUPLICATE_NUMBER", phone(100))
    assert fault.message == "Rows 2 and 4 name the same number."


@pytest.mark.requirement("S25", "S40", "S41")
def test_a_row_with_another_fault_is_still_a_duplicate_and_a_loop():
    content = a_file(
        row(company="Nobody"),
        row(source=""),
        row("3125550111", forwarding_number="2125550100"),
    )
    assert set(refuse(content)) == {
        (2, "company", "UNKNOWN_COMPANY"),
        (3, "source", "CSV_VALUE_MISSING"),
        (3, "tracking_number", "DUPLICATE_NUMBER"),
        (4, "forwarding_number", "FORWARDING_LOOP"),
    }


@pytest.mark.requirement("S25")
def test_a_number_that_forwards_to_itself_is_a_loop():
    content = a_file(row(forwarding_number="+12125550100"))
    assert refuse(content) == [(2, "forwarding_number", "FORWARDING_LOOP")]


@pytest.mark.requirement("S42")
def test_companies_are_known_by_name_in_any_case():
    assert len(read(a_file(row(company=" DENTAL ")))) == 1
    assert refuse(a_file(row(company="Garage"))) == [(2, "company", "UNKNOWN_COMPANY")]


def test_a_formula_is_text_like_any_other():
    (only,) = read(a_file(row(name='=HYPERLINK("http://x")', source="@SUM(1)")))
    assert only.line is not None
    assert (only.line.name, only.line.source) == ('=HYPERLINK("http://x")', "@SUM(1)")


def test_a_long_cell_is_refused_and_shown_short():
    _, (fault,) = read_lines(a_file(row(name="x" * 201)), RULES)
    assert (fault.column, fault.code, fault.value) == ("name", "TOO_LONG", "x" * 40)


@pytest.mark.requirement("S56")
def test_account_and_billing_number_are_kept_where_they_are_given():
    heading = HEADING + ",account number,PIN,Billing Number"
    with_all, without = read(
        a_file(row() + ",000123,n/a,(212) 555-0177", row("2125550101"), heading=heading)
    )
    assert with_all.line is not None
    assert with_all.line.account_number == "000123"
    assert with_all.line.billing_number == phone(177)
    assert without.line is not None
    assert (without.line.account_number, without.line.billing_number) == (None, None)


def test_an_account_number_that_a_spreadsheet_rounded_is_refused():
    content = a_file(
        row() + ",1.23457E+15,12", heading=HEADING + ",account_number,billing_number"
    )
    assert refuse(content) == [
        (2, "billing_number", "INVALID_PHONE_NUMBER"),
        (2, "account_number", "CSV_SCIENTIFIC_NUMBER"),
    ]


def test_of_many_faults_the_first_are_told_and_all_are_counted():
    rows = [row("x") for _ in range(700)] + [row(company="Nobody") for _ in range(700)]
    rules = Rules(most_rows=2_000, allow_fictional=True, companies={"dental": "co_1"})
    _, faults = read_lines(a_file(*rows), rules)
    assert len(faults) == 1_001
    assert [fault.row for fault in faults[:-1]] == sorted(fault.row for fault in faults[:-1])
    # 700 numbers, 700 companies, 699 duplicates.
    assert "2,099" in faults[-1].message
    assert faults[-1].code == "MORE_FAULTS"


def test_the_templates_own_example_is_passed_over():
    lines = write_csv().decode("utf-8-sig").splitlines()
    assert refuse(write_csv()) == [(1, None, "CSV_EMPTY")]
    (only,) = read("\n".join((*lines, row() + ",,,")).encode("utf-8-sig"))
    assert only.number == 3


def test_area_codes_are_those_that_phonenumbers_knows():
    for area_code in US_OR_CANADA:
        for exchange in ("234", "555", "986"):
            parsed = phonenumbers.parse(f"+1{area_code}{exchange}4567")
            assert phonenumbers.region_code_for_number(parsed) in {"US", "CA"}, area_code


def test_a_real_pin_is_refused_and_not_said_again():
    content = a_file(row() + ",0000", heading=HEADING + ",pin")
    _, (fault,) = read_lines(content, RULES)
    assert (fault.row, fault.column, fault.code) == (2, "pin", "INVALID")
    assert fault.value is None
    assert "0000" not in fault.message


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_whatever_the_bytes_are_there_is_an_answer(content):
    rows, faults = read_lines(content, RULES)
    assert faults or rows


cells = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30
)


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=8), st.sampled_from(",;\t"))
def test_whatever_a_spreadsheet_writes_is_read_back(texts, delimiter):
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter)
    writer.writerow(HEADING.split(","))
    for place, (name, source) in enumerate(texts):
        writer.writerow([phone(100 + place), "3125550100", name, source, "Dental"])
    rows, faults = read_lines(file.getvalue().encode("utf-8-sig"), RULES)
    wrong = {
        2 + place for place, pair in enumerate(texts) if not all(text.strip() for text in pair)
    }
    assert {fault.row for fault in faults} == wrong
    for place, (read_row, (name, source)) in enumerate(zip(rows, texts, strict=True)):
        if 2 + place not in wrong:
            assert read_row.line is not None
            assert (read_row.line.name, read_row.line.source) == (name.strip(), source.strip())
