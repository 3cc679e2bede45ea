"""What a program said last, for the sentence about its end."""

from pathlib import Path

LINES = 5


def read_last_lines(log: Path) -> str:
    if not log.exists():
        return "(it said nothing)"
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    return " | ".join([line for line in lines if line][-LINES:]) or "(it said nothing)"
