"""Acts of several people at the same moment: truly at once on PostgreSQL, one after the other on SQLite."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Barrier, BrokenBarrierError

from django.core.exceptions import ValidationError
from django.db import connection, connections
from django.db.models import Model
from django.db.models.signals import pre_save


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each act gives, or the reasons why it was refused."""
    can_share_the_database = connection.vendor != "sqlite"  # the tests' SQLite lives in the memory of one thread
    together = Barrier(len(acts) if can_share_the_database else 1, timeout=10)

    def run(act: Callable[[], object]) -> object:
        try:
            together.wait()
            return act()
        except ValidationError as refusal:
            return " ".join(refusal.messages)
        finally:
            if can_share_the_database:
                connections.close_all()

    if not can_share_the_database:
        return [run(act) for act in acts]
    with ThreadPoolExecutor(len(acts)) as pool:
        return [attempt.result(timeout=30) for attempt in [pool.submit(run, act) for act in acts]]


@contextmanager
def meeting(*models: type[Model]) -> Iterator[None]:
    """Without a lock both would come here to save a row; with it the other waits before it has read anything."""
    both_are_about_to_save = Barrier(2)

    def meet(**_: object) -> None:
        with suppress(BrokenBarrierError):
            both_are_about_to_save.wait(timeout=0.5)

    for model in models:
        pre_save.connect(meet, sender=model)
    try:
        yield
    finally:
        for model in models:
            pre_save.disconnect(meet, sender=model)
