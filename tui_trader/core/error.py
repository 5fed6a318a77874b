"""One tree of errors.

TraderError
├── UsageError          the caller's words are off (exit code 2)
│   ├── ConfigError     a configuration value, with its place
│   └── CommandError    a line of the order language, with its column
│       └── NotThereError   it reads well, but there is no such order or position (exit code 1)
├── RefusedError        a local check said no; nothing was sent (exit code 1)
├── VenueError          the venue said no (exit code 1)
├── LinkError           the venue could not be reached; nothing was sent (exit code 1)
├── OutcomeUnknown      a request left and its outcome was not learned (exit code 3)
├── WireError           a message from the venue that does not mean what it should
└── JournalError        the journal could not be written or read
"""

from __future__ import annotations


class TraderError(Exception):
    """Any failure that a user can be told about in one sentence."""

    title = "Error"
    retryable = False
    exit_code = 1

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        """The venue's own code, as text; empty when there is none."""

    def __str__(self) -> str:
        return self.message


class UsageError(TraderError):
    """The words of a command, flag or file are not usable."""

    title = "Usage"
    exit_code = 2


class ConfigError(UsageError):
    """A configuration value is unusable; ``problems`` holds one line for each."""

    title = "Configuration"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class CommandError(UsageError):
    """A line of the order language does not parse or does not make sense."""

    title = "Command"

    def __init__(self, message: str, *, column: int = 0, fix: str = "") -> None:
        super().__init__(message)
        self.column = column
        """Zero-based column of the offending word."""
        self.fix = fix
        """What to type instead; empty when there is no single answer."""


class NotThereError(CommandError):
    """A command reads well, and what it is about does not exist: no such order or position."""

    title = "Nothing to do"
    exit_code = 1


class RefusedError(TraderError):
    """A local control refused; nothing left this machine."""

    title = "Refused"


class VenueError(TraderError):
    """The venue refused, and that refusal proves that nothing happened."""

    title = "Rejected by the venue"


class LinkError(TraderError):
    """The venue could not be reached; no request byte was written."""

    title = "Not connected"
    retryable = True


class OutcomeUnknown(TraderError):
    """A request left and no trustworthy answer came: it may have been executed."""

    title = "Outcome unknown"
    exit_code = 3


class WireError(TraderError):
    """A message from outside that cannot be read as what it claims to be."""

    title = "Unreadable message"


class JournalError(TraderError):
    """The journal could not be written or did not read back."""

    title = "Journal"
