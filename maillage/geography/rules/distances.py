"""What a distance of a few tens of kilometres is measured with. Pure."""

KM_PER_DEGREE = 111.2  # of a meridian
