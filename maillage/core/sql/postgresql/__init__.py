"""PostgreSQL as Django drives it, asked less often whether it is still there."""
