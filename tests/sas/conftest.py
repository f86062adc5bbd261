"""The interface with the SAS stands on unscheduled care: the same professional, the same slots."""

from tests.unscheduled_care.conftest import doctor, slots

__all__ = ["doctor", "slots"]
