"""What some dialects do besides what every dialect does: each is asked for where a venue needs it, and found by its methods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, runtime_checkable

from tui_trader.core.event import BookSnapshot, Event
from tui_trader.core.instrument import Instrument
from tui_trader.core.order import Order, OrderTicket
from tui_trader.secrets.secret import Secret
from tui_trader.venues.base import Credential, Request


@runtime_checkable
class Batching(Protocol):
    """What a FeedDialect has besides where frames that came at once cost less together than one by one."""

    def receive_batch(self, frames: Iterable[bytes], at_ns: int) -> list[Event]:
        """Translate frames, in arrival order; the events say what ``receive`` of each would have said, increments as runs."""


@runtime_checkable
class Negotiating(Protocol):
    """What a FeedDialect has besides where a connection is asked for with a version, or let in by a token."""

    def query(self) -> str:
        """Return the query string to connect with, without ``?``."""

    def refused(self, status: int) -> str:
        """Learn that the connection was refused with an HTTP status; return why in a sentence, empty where that says nothing.

        The next ``query`` may be another one.
        """

    denied: Secret | None
    """The token that the last login was refused with; None where it was taken."""

    def take_token(self, token: Secret) -> None:
        """Learn the token that ``login`` is to use."""

    def asks_otherwise(self) -> bool:
        """Whether what was refused on this connection will be asked for in other words on the next; said once."""


@runtime_checkable
class Guarding(Protocol):
    """What a FeedDialect has besides where a venue cancels open orders when the private connection ends, if it is asked to.

    What was asked last is said again on every connection, before anything else.
    """

    def guard(self, *, on: bool) -> list[bytes]:
        """Return the frames that ask for it, or for the end of it; the answer is a GuardTold, or a Notice of a refusal."""


@runtime_checkable
class Stating(Protocol):
    """What an OrderDialect has besides where a venue tells what it takes at present; the answer holds a TakingTold."""

    def system_state(self) -> Request: ...


@runtime_checkable
class Seeded(Protocol):
    """What a FeedDialect has besides where changes of a book count from a whole one that is asked for by a request.

    It says so with a BookWanted; whoever sends the request (``OrderDialect.book``) hands the answer to ``seed``.
    """

    def seed(self, whole: BookSnapshot) -> list[Event]:
        """Take the whole book and return what it is by now; a BookWanted again where it is older than the changes known."""


@runtime_checkable
class Admitting(Protocol):
    """What an OrderDialect has besides where a venue lets in by tokens that live for minutes, or has bodies signed."""

    def admission(self, credential: Credential, wall_ns: int, *, early: bool) -> Request | None:
        """Return what has to be asked (``what`` is ``admission``) before requests can be signed; None where nothing has to.

        Called again after each answer. With ``early`` a token that is good for now is renewed before its end comes near.
        """

    def token(self, credential: Credential) -> Secret:
        """Return the token that lets in; raises LinkError before there is one."""

    def distrust(self, token: Secret) -> None:
        """Learn that the venue does not take a token any more, however long it was to be good."""

    def seal(self, request: Request, credential: Credential, wall_ns: int) -> Request:
        """Return a request with what the key alone can write into it; raises RefusedError where the key cannot."""


@runtime_checkable
class Gathering(Protocol):
    """What an OrderDialect has besides where a venue takes several orders in one request."""

    most_together: int
    """How many orders one request may make; below two where the trader has chosen to send each by itself."""

    def place_several(self, tickets: Sequence[OrderTicket], instrument: Instrument) -> Request:
        """Write one create of several orders of a contract; raises ValueError for more than ``most_together``, or a ticket that
        must not leave this way.

        The answer says in ``Verdict.each`` what became of each order that it mentions. One that refuses the request as a whole
        says so only where that proves that none of its orders was made.
        """


@runtime_checkable
class SealingEach(Protocol):
    """What an Admitting OrderDialect has besides where a request holds several things to sign, some milliseconds each."""

    def seal_each(self, request: Request, credential: Credential, wall_ns: int) -> Iterator[Request | None]:
        """Sign one thing after the other: None after each, then the request as it leaves; raises RefusedError as ``seal``."""


@runtime_checkable
class Recognising(Protocol):
    """What an OrderDialect has besides where some orders carry no id of the client's.

    Of those the answer alone tells which order it made. When it is lost, they are known again by what they are.
    """

    def is_nameless(self, order: Order | OrderTicket) -> bool:
        """Whether an order of this kind is sent without our id."""

    def made_since(self, order: Order, since_ns: int) -> Request:
        """Ask for the orders of this kind in its contract that were made since a time, in whatever state, in pages.

        The answer tells each as an OrderChanged of the list it waits in (``venue_id``), with the time it was made.
        """
