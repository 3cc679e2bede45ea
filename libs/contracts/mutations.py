"""What every mutation says of its input and of its answer."""

from typing import Final

import strawberry

INPUT: Final = strawberry.argument(description="What is to be done.")
KEY: Final = "The same key takes effect once, however often it is sent."
EXPECTED: Final = "Refused with CONFLICT where somebody has changed it since this version."
ERRORS: Final = "Every fault of the input at once; empty where it took effect."
