"""Outside calendars coming in. Runs apart: nothing here imports Django."""
