"""What several attacks are played on."""

import pytest
from django.utils import timezone

from maillage.accounts.models import Role
from maillage.meetings.models import BodyRule
from tests.factories import HOUR, MeetingFactory, UserFactory


@pytest.fixture
def meeting(cpts):
    """A general assembly that is going on; a member holds two pouvoirs at most."""
    BodyRule.objects.create(cpts=cpts, kind="assembly", proxies_max=2)
    now = timezone.now()
    return MeetingFactory(cpts=cpts, kind="assembly", title="AG", starts_at=now - HOUR, ends_at=now + HOUR)


@pytest.fixture
def admin(communes):
    """Who decides what is contested."""
    return UserFactory(role=Role.INSTANCE_ADMIN)
