"""Every write, one module a theme."""
