from typing import Any


def of(doc: dict[str, Any]) -> str:
    return ""
