"""Who is asked when somebody wants to know what they can run for: introduced from the settings."""

from __future__ import annotations

from civic import locate, typed
from civic.catalogue import Catalogue
from handlers.races_finding import Finder, Located


def finder() -> Finder:
    """Give who is asked."""

    async def located(where: str) -> Located:
        return locate.offline(where)

    return Finder(asked=typed.asked, is_address=typed.is_address, locate=located, sources=[Catalogue()])
