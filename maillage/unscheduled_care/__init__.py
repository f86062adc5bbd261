"""Soins non programmés: slots that professionals open, patients seen in time, and the interface of the SAS."""
