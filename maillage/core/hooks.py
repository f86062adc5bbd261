"""What an app lets those above it follow: it calls the hook, they register; it never knows who they are."""

from collections.abc import Callable
from typing import Generic, ParamSpec

P = ParamSpec("P")


class Hook(Generic[P]):
    """Made from an empty function, whose signature and docstring say what is told and when.

    Followers run in the caller's transaction, in the order they registered; what one raises stops the caller.
    """

    def __init__(self, function: Callable[P, None]) -> None:
        self.__name__, self.__doc__ = function.__name__, function.__doc__
        self._followers: list[Callable[P, None]] = []

    def register(self, follower: Callable[P, None]) -> Callable[P, None]:
        """A decorator of whoever follows; registering twice is once."""
        if follower not in self._followers:
            self._followers.append(follower)
        return follower

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        for follower in self._followers:
            follower(*args, **kwargs)
