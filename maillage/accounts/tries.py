"""How often somebody without an account tries: counted by address on the network, for a while."""

from dataclasses import dataclass

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone


@dataclass(frozen=True)
class Tries:
    """`most` in each span of `seconds`. What is counted is only an address and a number, forgotten after it."""

    name: str
    most: int
    seconds: int

    def are_spent(self, request: HttpRequest) -> bool:
        return int(cache.get(self._key(request), 0)) >= self.most

    def add(self, request: HttpRequest) -> None:
        key = self._key(request)
        if not cache.add(key, 1, self.seconds):
            cache.incr(key)

    def _key(self, request: HttpRequest) -> str:
        span = int(timezone.now().timestamp()) // self.seconds
        return f"{self.name}:{span}:{get_adapter().get_client_ip(request)}"
