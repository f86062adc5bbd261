"""Outside files coming in."""
