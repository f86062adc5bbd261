VERSION = "0.2.0"  # as pyproject.toml says (tests/test_codebase.py)
