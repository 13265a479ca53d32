"""Settings: where they come from, which source wins, and what is said about a bad one."""

from typing import Any

import pytest
import whipsnake
from conftest import has_compiler, run_python
from hypothesis import given
from hypothesis import strategies as st
from whipsnake import settings
from whipsnake.settings import SettingError


def test_defaults() -> None:
    values = settings.resolve({}, {}, {})
    assert values == {setting.name: setting.default for setting in settings.SETTINGS}
    assert values["code_mb"] == 64
    assert values["tiers"] == ["baseline", "optimizing"]


@pytest.mark.parametrize("setting", settings.SETTINGS, ids=lambda setting: setting.name)
def test_default_can_be_written_in_every_way(setting: settings.Setting) -> None:
    text = setting.show(setting.default)
    for arguments in (
        ({setting.name: setting.default}, {}, {}),
        ({setting.name: text}, {}, {}),
        ({}, {setting.x_option: text}, {}),
        ({}, {}, {setting.variable: text}),
    ):
        assert settings.resolve(*arguments)[setting.name] == setting.default


def test_keyword_beats_x_option_beats_environment() -> None:
    environ = {"WHIPSNAKE_CODE_MB": "1"}
    x_options: dict[str, str | bool] = {"whipsnake-code-mb": "2"}
    assert settings.resolve({}, {}, environ)["code_mb"] == 1
    assert settings.resolve({}, x_options, environ)["code_mb"] == 2
    assert settings.resolve({"code_mb": 3}, x_options, environ)["code_mb"] == 3


def test_a_source_that_loses_is_not_checked() -> None:
    assert settings.resolve({"code_mb": 3}, {}, {"WHIPSNAKE_CODE_MB": "x"})["code_mb"] == 3


def test_x_option_without_value_means_yes() -> None:
    assert settings.resolve({}, {"whipsnake-eager": True}, {})["eager"] is True


@pytest.mark.parametrize(
    ("keywords", "x_options", "environ", "message"),
    [
        ({"code_mb": 0}, {}, {}, "code_mb=0: allowed is a number from 1 to 1024"),
        ({"code_mb": True}, {}, {}, "code_mb=True: allowed is a number from 1 to 1024"),
        ({"eager": 3}, {}, {}, "eager=3: allowed is 0 or 1"),
        ({"tiers": "turbo"}, {}, {}, "tiers=turbo: allowed is a list, separated by commas, of: baseline"),
        ({"tiers": []}, {}, {}, "tiers=[]: allowed is a list, separated by commas, of: baseline"),
        ({}, {"whipsnake-code-mb": True}, {}, "-X whipsnake-code-mb=: allowed is a number from 1 to 1024"),
        ({}, {}, {"WHIPSNAKE_STATS": "maybe"}, "WHIPSNAKE_STATS=maybe: allowed is 0 or 1"),
        ({"cod_mb": 1}, {}, {}, "there is no setting 'cod_mb'"),
        ({}, {"whipsnake-cod": "1"}, {}, "-X whipsnake-cod: there is no such setting"),
    ],
)
def test_bad_setting_is_named(
    keywords: dict[str, Any], x_options: dict[str, str | bool], environ: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingError) as caught:
        settings.resolve(keywords, x_options, environ)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@given(st.sampled_from(settings.SETTINGS), st.text())
def test_any_text_is_a_value_or_a_setting_error(setting: settings.Setting, text: str) -> None:
    try:
        value = setting.parse(text, "here")
    except SettingError as error:
        assert str(error).startswith(f"here={text}")
    else:
        assert setting.parse(setting.show(value), "here") == value


def test_bad_setting_at_start_up_is_one_line() -> None:
    outcome = run_python("-c", "print('not reached')", mode="on", WHIPSNAKE_CODE_MB="lots")
    assert outcome[1:] == (2, "", "whipsnake: WHIPSNAKE_CODE_MB=lots: allowed is a number from 1 to 1024\n")


def test_bad_switch_is_one_line() -> None:
    outcome = run_python("-c", "print('not reached')", mode="plain", WHIPSNAKE="maybe")
    assert outcome[1:] == (2, "", "whipsnake: WHIPSNAKE=maybe: allowed is 0 or 1\n")


def test_bad_setting_without_compiler_wanted_is_no_matter() -> None:
    outcome = run_python("-c", "print('reached')", mode="plain", WHIPSNAKE_CODE_MB="lots")
    assert outcome[1:] == (0, "reached\n", "")


STATE = "import whipsnake; print(whipsnake.is_enabled())"


@pytest.mark.parametrize(
    ("arguments", "variables", "wanted"),
    [
        ([], {}, False),
        ([], {"WHIPSNAKE": "1"}, True),
        ([], {"WHIPSNAKE": ""}, False),
        (["-X", "whipsnake"], {}, True),
        (["-X", "whipsnake=1"], {}, True),
        (["-X", "whipsnake=0"], {"WHIPSNAKE": "1"}, False),
        (["-X", "whipsnake"], {"WHIPSNAKE": "0"}, False),
        (["-m", "whipsnake"], {}, True),
        (["-m", "whipsnake"], {"WHIPSNAKE": "0"}, False),
    ],
)
def test_switches(arguments: list[str], variables: dict[str, str], wanted: bool) -> None:
    outcome = run_python(*arguments, "-c", STATE, mode="plain", **variables)
    assert outcome.code == 0, outcome.shown
    assert outcome.out == f"{wanted and has_compiler()}\n", outcome.shown
    assert bool(outcome.err) == (wanted and not has_compiler()), outcome.shown


def test_zero_beats_enable() -> None:
    code = """if True:
        import whipsnake
        whipsnake.enable(code_mb=3)
        status = whipsnake.status()
        print(whipsnake.is_enabled(), status["enabled"])
        print(status["reason"])
    """
    outcome = run_python("-c", code, mode="off")
    assert outcome.code == 0, outcome.shown
    enabled, reason = outcome.out.splitlines()
    assert enabled == "False False"
    if has_compiler():
        assert reason == "WHIPSNAKE=0 is in the environment"
    else:
        assert reason == whipsnake.status()["reason"]
