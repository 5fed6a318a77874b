"""What two or more configuration values say against each other."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from urllib.parse import urlsplit

from tui_trader.core.decimals import plain
from tui_trader.desk.environment import Environment
from tui_trader.desk.key import is_loopback
from tui_trader.desk.settings import Settings, VenueSettings

VENUE_DOMAINS = {"phemex": "phemex.com", "mexc": "mexc.com", "paradex": "paradex.trade"}
"""Domains under which a venue itself answers: they are not custom addresses, or real money would wear the wrong badge."""


_ORDERED = (
    ("risk.max_order_notional", "risk.max_position_notional"),
    ("risk.max_position_notional", "risk.max_gross_notional"),
    ("risk.cross_band_percent", "risk.price_band_percent"),
    ("risk.max_orders_per_second", "risk.max_orders_per_minute"),
    ("risk.reduce_after_failures", "risk.halt_after_failures"),
)
"""Pairs of which the first may not exceed the second: otherwise it could never be the one that bites."""


def contradictions(settings: Settings, venues: Collection[str], given: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield ``(dotted key, what is wrong with it)`` for values that are fine alone and wrong together.

    ``given`` are the keys that somebody set: of two that disagree, the one that was set is named.
    """
    general, risk = settings.general, settings.risk
    if general.venue not in venues:
        yield "general.venue", f'must be one of {", ".join(sorted(venues))}, not "{general.venue}"'
    open_already = {f"{general.venue}/{general.account}"}
    for name in map(whole_name, general.beside):
        venue = name.partition("/")[0]
        if venue not in venues:
            yield "general.beside", f'must name one of {", ".join(sorted(venues))}, not "{venue}"'
        elif name in open_already:
            yield "general.beside", f"must not name {name} again: it is open already"
        open_already.add(name)
    for lesser, greater in _ORDERED:
        low, high = (Decimal(getattr(risk, key.removeprefix("risk."))) for key in (lesser, greater))
        if low > high and (lesser in given or greater not in given):
            yield lesser, f"must not be above {greater} ({plain(high)})"
        elif low > high:
            yield greater, f"must not be below {lesser} ({plain(low)})"
    custom = general.env is Environment.CUSTOM
    for venue in VENUE_DOMAINS:
        named = {general.venue, *(name.partition("/")[0] for name in general.beside)}
        yield from _addresses(venue, settings.venue(venue), needed=custom and venue in named)


def whole_name(name: str) -> str:
    """Return an account as it is called everywhere, venue and label: ``mexc`` is ``mexc/main``."""
    return name if "/" in name else f"{name}/main"


def _addresses(venue: str, settings: VenueSettings, *, needed: bool) -> Iterator[tuple[str, str]]:
    domain = VENUE_DOMAINS[venue]
    for name, address in (("rest_url", settings.rest_url), ("ws_url", settings.ws_url)):
        key = f"venues.{venue}.{name}"
        if not address:
            if needed:
                yield key, 'is needed while general.env is "custom"'
            continue
        host = (urlsplit(address).hostname or "").rstrip(".")
        if host == domain or host.endswith(f".{domain}"):
            yield key, 'is the venue\'s own address; set general.env to "live" or "testnet" instead'
        elif not is_loopback(address) and not settings.allow_remote_custom:
            yield key, f"leads off this machine ({host}); set allow_remote_custom = true if that is meant"
