"""Outside files coming in: read by blocks, apart, staged, then moved as a difference."""
