"""What is true of unscheduled care on paper. Pure: no Django, no clock, no database."""
