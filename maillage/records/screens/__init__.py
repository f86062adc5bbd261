"""What pages of other apps show of what is kept."""
