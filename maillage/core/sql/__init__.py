"""The one door to SQL of ours: rows, bulk loading, elapsed time, wiping, the PostgreSQL backend."""
