"""Every write of what is kept."""
