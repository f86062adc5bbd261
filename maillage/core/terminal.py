"""What commands show on a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from maillage.core.work.jobs import Progress


@contextmanager
def progress_bar(unit: str, *, scaled: bool = False) -> Iterator[Progress]:
    """The progress of an action, as a bar on a terminal; silence in logs. `scaled`: 12M rather than 12345678."""
    with tqdm(disable=None, leave=False, unit=unit, unit_scale=scaled) as bar:

        def progress(label: str, done: int, total: int) -> None:
            bar.total = total
            bar.set_description(label)
            bar.update(done - bar.n)

        yield progress
