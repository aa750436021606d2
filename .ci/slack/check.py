"""Holds the gallery against the models of slack_sdk, which know lengths and counts."""
import json
import sys

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View


def blocks_of(raw):
    parsed = Block.parse_all(raw)
    if len(parsed) != len(raw):
        raise ValueError(f"{len(raw)} blocks became {len(parsed)}")
    for given, block in zip(raw, parsed):
        if block is None:
            raise ValueError(f"unknown block {given['type']}")
        block.validate_json()
        for key in given:
            if key not in block.to_dict():
                raise ValueError(f"{given['type']}: the model dropped {key}")
        for element in getattr(block, "elements", None) or []:
            if hasattr(element, "validate_json"):
                element.validate_json()


def main(path):
    gallery = json.load(open(path, encoding="utf-8"))
    for raw in gallery["messages"]:
        if len(raw) > 50:
            raise ValueError("more than 50 blocks")
        blocks_of(raw)
    for view in gallery["views"]:
        blocks_of(view["blocks"])
        View(**view).validate_json()
    # The check itself is checked: a header that is too long must not pass.
    try:
        blocks_of([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}])
    except Exception:
        pass
    else:
        raise SystemExit("slack_sdk let a header of 151 characters pass")
    print(f"{len(gallery['messages'])} messages and {len(gallery['views'])} views are valid")


main(sys.argv[1])
