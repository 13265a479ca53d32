"""Which names can be used where."""


class Scope:
    """The names that can be used at one place."""

    def __init__(self, outer: "Scope | None", function: str) -> None:
        self.outer = outer
        self.function = function  # "", "def", "gen", "async"
        self.names: dict[str, str] = {}
        self.loops = 0
        self.level = 0 if outer is None else outer.level + 1
        self.in_class = False
        self.in_comprehension = False

    def named(self, kind: str) -> list[str]:
        """The names that probably hold a value of this kind."""
        found = [name for name, other in self.names.items() if other == kind]
        if self.outer is not None and not self.outer.in_class:
            found += [name for name in self.outer.named(kind) if name not in self.names]
        return found
