"""What can go wrong, as messages for the user."""


class BenchError(Exception):
    """Ends the command with a message. What was measured so far is kept."""


class ProgramFailed(Exception):
    """One program could not be measured; the others go on."""
