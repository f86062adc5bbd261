"""Where the dated parameters of accessibility are; read by the pages, which load no numpy."""

from pathlib import Path

PATH = Path(__file__).parent / "data" / "accessibility.yaml"
