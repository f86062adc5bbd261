VERSION = "0.1.0"  # as pyproject.toml says (tests/test_codebase.py)
