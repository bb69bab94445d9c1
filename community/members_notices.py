"""Who is told what when a mentor signs up, is approved, or goes away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from community.deliveries import Delivery
from community.members import MentorProfile
from community.notices import Notices, Places


def approval_key(user: str, time_asked: int) -> str:
    """Name the card in the staff channel; each time a person asks anew there is a new one."""
    return f"members:approval:{user}:{time_asked}"


def changed(profile: MentorProfile) -> Notices:
    """Only the mentor's own Home tab shows it."""
    return Notices(homes=frozenset({profile.user}))


def changed_profile(user: str) -> Notices:
    """Only the person's own Home tab shows it."""
    return Notices(homes=frozenset({user}))


def signed_up(
    profile: MentorProfile, places: Places, staff: Sequence[str], *, waits: bool, time_asked: int
) -> Notices:
    """Somebody offered to mentor: staff gets a card, and who waits hears that it arrived."""
    key = approval_key(profile.user, time_asked)
    about = {"user": profile.user}
    if not waits:
        return Notices(refresh=(key,), homes=frozenset({profile.user, *staff}))
    return Notices(
        add=(
            Delivery(key=key, to=places.staff, render="members.approval", about=about),
            Delivery(
                key=f"members:waiting:{profile.user}:{time_asked}",
                to=profile.user,
                render="members.waiting",
                about=about,
            ),
        ),
        homes=frozenset({profile.user, *staff}),
    )


def decided(profile: MentorProfile, staff: Sequence[str], *, time_asked: int) -> Notices:
    """Staff decided: the mentor is told, and the card says who did it."""
    told = Delivery(
        key=f"members:decided:{profile.user}:{time_asked}",
        to=profile.user,
        render="members.decided",
        about={"user": profile.user},
    )
    return Notices(
        add=(told,),
        refresh=(approval_key(profile.user, time_asked),),
        homes=frozenset({profile.user, *staff}),
    )


def named_staff(named: frozenset[str], released: frozenset[str], *, at: datetime) -> Notices:
    """Who became staff is told; whose desk comes or goes sees it on the Home tab."""
    told = tuple(
        Delivery(
            key=f"members:named_staff:{user}:{at.isoformat()}",
            to=user,
            render="members.named_staff",
            about={"user": user},
        )
        for user in sorted(named)
    )
    return Notices(add=told, homes=named | released)
