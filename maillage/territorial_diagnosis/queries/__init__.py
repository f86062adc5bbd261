"""Reads that need more than a QuerySet method."""
