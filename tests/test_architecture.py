"""The house's rules: each contract fails when it is broken, and what is printed is current."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import graphql
import pytest

from deploy.local.places import ROOT, find_node_package
from deploy.local.snapshots import print_snapshots
from deploy.local.stack import SERVICES

FOLDERS = ("services", "libs", "deploy", "tests", "bench")
MODULES = sorted(
    module
    for folder in FOLDERS
    for module in (ROOT / folder).rglob("*.py")
    if module.stat().st_size > 0
)
LONGEST = 300
# A contract, and one line in one module that breaks it.
BREAKS = {
    "The repository has three storeys: services, contracts, plumbing": (
        "libs/common/ids.py",
        "import libs.contracts.phone_number",
    ),
    "In libs there are contracts and plumbing, and nothing else": (
        "libs/helpers.py",
        '"""Whatever did not fit elsewhere."""',
    ),
    "No service imports another": (
        "services/porting/schema/elsewhere.py",
        "import services.numbers.domain.accounts",
    ),
    "Inside a service, imports point down": (
        "services/porting/store/lines.py",
        "import services.porting.use_cases.drafts",
    ),
    "The domain knows no framework": (
        "services/numbers/domain/accounts.py",
        "import asyncpg",
    ),
    "Use cases know no transport": (
        "services/porting/use_cases/drafts.py",
        "import starlette.requests",
    ),
    "Only the broker speaks AMQP, only stores speak SQL": (
        "services/notifications/consumers.py",
        "import aio_pika",
    ),
    "Only the assembly reads settings": (
        "services/porting/routes/files.py",
        "import services.porting.settings",
    ),
    "Parsers of strangers' files load in child processes only": (
        "services/porting/use_cases/document_files.py",
        "import services.porting.document_intake.pdfs",
    ),
}


@pytest.fixture
def copied_house(tmp_path):
    for folder in ("services", "libs"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(house: Path) -> tuple[int, str]:
    """The exit code and what it says."""
    run = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=house,
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, re.sub(r"\x1b\[[\d;]*m", "", run.stdout)


def test_each_contract_is_proven_here_to_fail():
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]

    assert {contract["name"] for contract in rules["contracts"]} == set(BREAKS)


@pytest.mark.parametrize(
    ("contract", "breach"), BREAKS.items(), ids=lambda each: str(each)[:30]
)
def test_a_broken_contract_fails_the_build(contract, breach, copied_house):
    place, line = breach
    module = copied_house / place
    with module.open("a") as file:
        file.write(f"\n{line}\n")

    code, told = lint_imports(copied_house)

    assert code == 1
    assert f"{contract} BROKEN" in told


@pytest.mark.parametrize(
    "stray", ["services/porting/helpers.py", "services/helpers.py", "libs/helpers.py"]
)
def test_a_room_that_nobody_decided_on_fails_the_build(stray, copied_house):
    (copied_house / stray).write_text('"""Whatever did not fit elsewhere."""\n')

    code, told = lint_imports(copied_house)

    assert code == 1
    assert "helpers" in told


def test_what_is_there_breaks_no_contract(copied_house):
    code, told = lint_imports(copied_house)

    assert code == 0
    assert f"Contracts: {len(BREAKS)} kept, 0 broken." in told


def test_every_module_says_first_what_lives_there():
    silent = [name_of(each) for each in MODULES if not ast.get_docstring(parse(each))]

    assert silent == []


def parse(module: Path) -> ast.Module:
    return ast.parse(module.read_text())


def test_no_module_is_long():
    long = [name_of(each) for each in MODULES if is_long(each) and not is_test(each)]

    assert long == []


def is_long(module: Path) -> bool:
    return len(module.read_text().splitlines()) > LONGEST


def is_test(module: Path) -> bool:
    return module.is_relative_to(ROOT / "tests")


def name_of(module: Path) -> str:
    return str(module.relative_to(ROOT))


def test_schemas_and_events_are_printed_as_they_are():
    stale = [
        str(file.relative_to(ROOT))
        for file, text in print_snapshots()
        if file.read_text() != text
    ]

    assert stale == [], "run `make snapshots`"


# Where a type's own fields are answered.
HOMES = {
    "Account": "numbers",
    "Company": "numbers",
    "TrackingNumber": "numbers",
    "PortRequest": "porting",
    "PortOut": "porting",
}


@pytest.mark.parametrize("service", SERVICES)
def test_what_another_service_answers_is_nullable(service):
    document = graphql.parse((ROOT / "services" / service / "schema.graphql").read_text())
    demanded = [
        f"{owner.name.value}.{field.name.value}"
        for owner in document.definitions
        if isinstance(owner, graphql.ObjectTypeDefinitionNode)
        for field in owner.fields
        if isinstance(field.type, graphql.NonNullTypeNode)
        and HOMES.get(getattr(field.type.type, "name", owner.name).value, service) != service
    ]

    assert demanded == [], "one service that is down would take the page with it"


def test_the_supergraph_is_composed_from_the_printed_schemas():
    node = find_node_package()
    assert node is not None

    run = subprocess.run(
        [node / "bin/node", ROOT / "gateway/check.mjs"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (run.returncode, run.stderr) == (0, "")


def test_every_command_that_a_page_names_is_a_target_of_make():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / ".ci/run"]
    pages += [*(ROOT / "docs").glob("*.md"), *ROOT.glob("services/*/README.md")]
    named = {
        target
        for page in pages
        for target in re.findall(r"(?:^|`)make ([a-z]+)", page.read_text(), re.MULTILINE)
    }

    assert {"demo", "test", "check"} <= named <= targets
    assert {"demo", "test"} <= set(
        re.findall(r"^make ([a-z]+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    )


def test_every_file_that_a_page_links_to_is_there():
    for page in [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *ROOT.glob("*/README.md"),
    ]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"
