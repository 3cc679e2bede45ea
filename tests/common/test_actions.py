"""Each line of our logs names its action in one form: `<noun>.<what was done>`."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
WRITTEN = re.compile(r"\"action\": f?\"([^\"]+)\"|\baction: '([^']+)'")
FORM = re.compile(r"[a-z_{}\[\]'.]+\.[a-z_{}.]+")
# These write logs; deploy writes AsyncAPI, where an action is another thing.
FILES = [
    *ROOT.glob("services/**/*.py"),
    *ROOT.glob("libs/**/*.py"),
    *ROOT.glob("gateway/*.mjs"),
]


def test_every_action_is_a_noun_and_what_was_done():
    actions = {
        one or other
        for file in FILES
        for one, other in WRITTEN.findall(file.read_text(encoding="utf-8"))
    }
    assert len(actions) > 50
    assert sorted(each for each in actions if not FORM.fullmatch(each)) == []
