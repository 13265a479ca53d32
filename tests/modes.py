"""How the compiler is set in each mode of the tests: environment variables."""

BASELINE = {"WHIPSNAKE_TIERS": "baseline"}


def thresholds(calls: int, rounds: int) -> dict[str, str]:
    """Compiles a function after so many calls, and a loop after so many rounds."""
    return {"WHIPSNAKE": "1", "WHIPSNAKE_CALL_THRESHOLD": str(calls), "WHIPSNAKE_LOOP_THRESHOLD": str(rounds)}


ENVIRONMENTS: dict[str, dict[str, str]] = {
    "off": {"WHIPSNAKE": "0"},
    "default": {"WHIPSNAKE": "1"},
    # A little sooner than by itself: tests are short.
    "on": {"WHIPSNAKE": "1", "WHIPSNAKE_CALL_THRESHOLD": "50", **BASELINE},
    # They compile what is specialised, in the middle of things.
    "low": {**thresholds(2, 3), **BASELINE},
    "warm": {**thresholds(10, 12), **BASELINE},
    # It compiles what has never run.
    "eager": {"WHIPSNAKE": "1", "WHIPSNAKE_EAGER": "1", **BASELINE},
    "optimizing": {"WHIPSNAKE": "1", "WHIPSNAKE_EAGER": "1"},
    # It optimizes what the interpreter has specialised.
    "hot": {**thresholds(10, 20), "WHIPSNAKE_OPTIMIZE_THRESHOLD": "30", "WHIPSNAKE_BACKGROUND": "0"},
}


def some(*names: str) -> dict[str, dict[str, str]]:
    """The environments of these modes."""
    return {name: ENVIRONMENTS[name] for name in names}
