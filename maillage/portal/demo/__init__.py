"""The demonstration: invented people on real communes, the same at each reset, relative to today."""
