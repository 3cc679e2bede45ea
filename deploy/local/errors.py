"""What stops a start: StartError, one sentence for the person at the terminal."""


class StartError(Exception):
    """Its text says what is wrong and what to do; nobody needs the traceback."""
