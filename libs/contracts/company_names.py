"""When two ways to write a company's name mean the same company."""

import unicodedata


def company_key(name: str) -> str:
    """Equal for names that differ only in case, spaces or Unicode form."""
    return unicodedata.normalize("NFKC", " ".join(name.split())).casefold()
