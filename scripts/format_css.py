"""Shape the stylesheets: one declaration a line. With --check, only say which are not in shape (and fail)."""

import sys
from pathlib import Path

import cssbeautifier

SHAPE = {"indent_size": 2, "end_with_newline": True, "preserve_newlines": False, "newline_between_rules": True}
STYLESHEETS = sorted((Path(__file__).parent.parent / "maillage").rglob("*.css"))


def main() -> None:
    options = cssbeautifier.default_options()
    for name, value in SHAPE.items():
        setattr(options, name, value)
    changed = []
    for path in STYLESHEETS:
        text = path.read_text(encoding="utf-8")
        shaped = cssbeautifier.beautify(text, options)
        if shaped != text:
            changed.append(path)
            if "--check" not in sys.argv:
                path.write_text(shaped, encoding="utf-8")
    for path in changed:
        print(path)
    if changed and "--check" in sys.argv:
        sys.exit("These stylesheets are not in shape: make fix")


if __name__ == "__main__":
    main()
