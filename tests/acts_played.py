"""Each act that the journal may tell is played by a test: the whole suite fails, and names those that none played.

The hooks below are pytest's, taken by tests/conftest.py; workers of xdist tell the controller what they played.
"""

import os

import pytest

from maillage.audit import actions as journal
from maillage.core.workspaces import declared

_played: set[str] = set()
_insert = journal.insert


def _seen(event):
    assert event.summary, event.type
    _played.add(str(event.type))
    return _insert(event)


journal.insert = _seen


def every_act() -> set[str]:
    return {str(act) for acts in declared("ACTS") for act in acts}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    _played.update(getattr(node, "workeroutput", {}).get("acts", ()))


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["acts"] = sorted(_played)
    elif os.environ.get("BROWSER_REQUIRED") and missing_acts(session):  # journeys play some, where there is a browser
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def say_what_is_missing(terminalreporter):
    if missing := missing_acts(terminalreporter._session):
        terminalreporter.write_line(f"Acts of the journal that no test plays: {', '.join(missing)}", red=True)


def missing_acts(session) -> list[str]:
    """None unless the whole suite ran."""
    return sorted(every_act() - _played) if _is_whole(session) else []


def _is_whole(session) -> bool:
    """Every test ran, and none failed: what is missing then is missing."""
    option = session.config.option
    asked = option.keyword or option.markexpr or getattr(option, "lf", False) or option.collectonly
    return not asked and session.config.args == session.config.getini("testpaths") and not session.testsfailed
