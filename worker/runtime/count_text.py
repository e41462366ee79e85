"""Numbers with their nouns."""


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: 1 student, 1,004 students."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
