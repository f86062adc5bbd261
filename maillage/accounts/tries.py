"""How often somebody without an account tries: counted by address on the network, for a while."""

from dataclasses import dataclass

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest


@dataclass(frozen=True)
class Tries:
    """`most` in `seconds`, since the last one. What is counted is only an address and a number."""

    name: str
    most: int
    seconds: int

    def are_spent(self, request: HttpRequest) -> bool:
        count: int = cache.get(self._key(request), 0)
        return count >= self.most

    def add(self, request: HttpRequest) -> None:
        key = self._key(request)
        cache.set(key, cache.get(key, 0) + 1, self.seconds)

    def _key(self, request: HttpRequest) -> str:
        return f"{self.name}:{get_adapter().get_client_ip(request)}"
