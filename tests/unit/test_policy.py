from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from config.settings import Settings
from schemas.words import Severity
from worker.bootstrap.settings import policy
from worker.cli.context import CommandContext
from worker.domain.preflight.policy import WARNINGS, Code, Policy, in_force, parse_end, parse_own_policy
from worker.runtime.errors import PolicyError, SettingsError

STUDENT_FIELDS = [
    "first_name",
    "middle_name",
    "last_name",
    "email",
    "sis_id",
    "student_number",
    "state_id",
    "grade",
    "school_id",
    "dob",
    "gender",
    "race",
    "hispanic_ethnicity",
    "ell_status",
    "frl_status",
    "iep_status",
    "graduation_year",
    "ext.house",
]


def test_the_usual_policy_is_the_designs() -> None:
    usual = Policy()

    assert usual.required_fields == ("first_name", "last_name", "sis_id", "grade", "school_id")
    assert usual.unique_fields == ("sis_id",)
    assert (usual.removal_limit_percent, usual.school_removal_limit_percent) == (10, 25)
    assert usual.removal_limit_floor == 10


def test_six_codes_warn_and_all_others_are_errors() -> None:
    warnings = {code.value for code in Code if Policy().severity(code) is Severity.WARNING}

    assert warnings == {
        "class.no_teacher",
        "class.unknown_teacher",
        "section.unknown_student",
        "student.unknown_school",
        "student.left_scope",
        "filter.scope_matches_nothing",
    }
    assert warnings == WARNINGS


def test_a_severity_that_was_set_holds_for_its_code_alone() -> None:
    policy = Policy(severities={Code.NO_TEACHER: Severity.ERROR})

    assert policy.severity(Code.NO_TEACHER) is Severity.ERROR
    assert policy.severity(Code.UNKNOWN_TEACHER) is Severity.WARNING


def test_a_districts_own_policy_goes_over_the_settings_and_leaves_the_rest() -> None:
    settings = Policy(required_fields=("sis_id",), extra_fields=("dob",), removal_limit_floor=3)
    own = parse_own_policy(
        '{"required_fields":["dob","ext.house"],"removal_limit_percent":40,'
        '"severities":{"class.no_teacher":"error"}}'
    )

    policy = in_force(settings, own)

    assert policy.required_fields == ("dob", "ext.house")
    assert policy.removal_limit_percent == 40
    assert policy.severity(Code.NO_TEACHER) is Severity.ERROR
    assert (policy.removal_limit_floor, policy.extra_fields) == (3, ("dob",))
    assert policy.unique_fields == ("sis_id",)


@pytest.mark.parametrize("own", [None, {}])
def test_without_a_policy_of_its_own_a_district_follows_the_settings(own: dict[str, str] | None) -> None:
    settings = Policy(removal_limit_floor=3)

    assert in_force(settings, own) is settings


def test_an_own_policy_is_kept_as_it_was_written() -> None:
    own = parse_own_policy('{"unique_fields":["sis_id","email"],"removal_limit_floor":0}')

    assert json.loads(json.dumps(own)) == {"unique_fields": ["sis_id", "email"], "removal_limit_floor": 0}
    assert parse_own_policy("{}") == {}


def test_every_student_field_may_be_required() -> None:
    own = parse_own_policy(json.dumps({"required_fields": STUDENT_FIELDS}))

    assert in_force(Policy(), own).required_fields == tuple(STUDENT_FIELDS)


@pytest.mark.parametrize(
    "changed",
    [
        Policy(required_fields=("dob",)),
        Policy(unique_fields=()),
        Policy(removal_limit_percent=11),
        Policy(school_removal_limit_percent=26),
        Policy(removal_limit_floor=11),
        Policy(extra_fields=("dob",)),
        Policy(severities={Code.NO_TEACHER: Severity.ERROR}),
    ],
)
def test_two_policies_that_differ_have_two_fingerprints(changed: Policy) -> None:
    assert changed.fingerprint() != Policy().fingerprint()


@pytest.mark.parametrize(
    "same",
    [
        Policy(),
        Policy(removal_limit_percent=10.0, school_removal_limit_percent=25.0),
        in_force(Policy(), {"removal_limit_floor": 10}),
    ],
)
def test_two_policies_that_demand_the_same_have_one_fingerprint(same: Policy) -> None:
    assert same.fingerprint() == Policy().fingerprint()


def test_the_order_in_which_severities_were_set_does_not_matter() -> None:
    one, other = (Code.NO_TEACHER, Severity.ERROR), (Code.NO_STUDENTS, Severity.WARNING)

    assert Policy(severities=dict([one, other])).fingerprint() == (
        Policy(severities=dict([other, one])).fingerprint()
    )


NAMES = f"expected one of {', '.join(STUDENT_FIELDS[:-1])} or ext.<name>, got"
CODES = ", ".join(f"'{code}'" for code in list(Code)[:-1]) + f" or '{list(Code)[-1]}'"
WRONG = {
    "{": "the whole: expected JSON, got text of 1 character",
    "[]": "the whole: expected an object, got []",
    '{"required":[]}': "required: unknown key",
    '{"extra_fields":["dob"]}': "extra_fields: unknown key",
    '{"required_fields":"sis_id"}': "required_fields: expected a list, got 'sis_id'",
    '{"unique_fields":[3]}': "unique_fields[0]: expected text, got 3",
    '{"required_fields":["shoe_size"]}': f"required_fields[0]: {NAMES} 'shoe_size'",
    '{"required_fields":["sis_id","ext."]}': f"required_fields[1]: {NAMES} 'ext.'",
    '{"removal_limit_percent":101}': "removal_limit_percent: expected a number of at most 100, got 101",
    '{"removal_limit_percent":-1}': "removal_limit_percent: expected a number of at least 0, got -1",
    '{"removal_limit_percent":"10"}': "removal_limit_percent: expected a number, got '10'",
    '{"removal_limit_percent":true}': "removal_limit_percent: expected a number, got True",
    '{"removal_limit_percent":NaN}': "removal_limit_percent: expected a finite number, got nan",
    '{"removal_limit_floor":-1}': "removal_limit_floor: expected a number of at least 0, got -1",
    '{"removal_limit_floor":1.5}': "removal_limit_floor: expected a whole number, got 1.5",
    '{"term_grace_days":367}': "term_grace_days: expected a number of at most 366, got 367",
    '{"severities":{"x":"error"}}': f"severities.x: expected one of {CODES}, got 'x'",
    '{"severities":{"district.no_students":"fatal"}}': (
        "severities.district.no_students: expected one of 'error' or 'warning', got 'fatal'"
    ),
    '{"severities":{"student.no_section":"warning"}}': (
        "severities: student.no_section cannot be a warning: a commit gives every student one class, "
        "got {'student.no_section': 'warning'}"
    ),
    '{"severities":{"student.multiple_sections":"warning"}}': (
        "severities: student.multiple_sections cannot be a warning: a commit gives every student one class, "
        "got {'student.multiple_sections': 'warning'}"
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_policy_is_refused_with_its_key_and_what_was_expected(wrong: str) -> None:
    with pytest.raises(PolicyError) as refused:
        parse_own_policy(wrong)

    assert str(refused.value) == f"policy: {WRONG[wrong]}"


# The settings' own


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("PREFLIGHT__REQUIRED_FIELDS", '["sis_id","shoe_size"]', f"{NAMES} 'shoe_size'"),
        ("PREFLIGHT__UNIQUE_FIELDS", '["ext."]', f"{NAMES} 'ext.'"),
        ("COMMIT__EXTRA_FIELDS", '["password"]', f"{NAMES} 'password'"),
        ("PREFLIGHT__SEVERITIES", '{"student.lost":"error"}', f"expected one of {CODES}, got 'student.lost'"),
        (
            "PREFLIGHT__SEVERITIES",
            '{"student.no_section":"warning"}',
            WRONG['{"severities":{"student.no_section":"warning"}}'].removeprefix("severities: "),
        ),
    ],
)
def test_fields_and_codes_that_there_are_not_are_refused_by_their_setting(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(f"ROSTERING_{variable}", value)

    with pytest.raises(SettingsError) as refused:
        _ = CommandContext(None).settings

    assert str(refused.value) == f"ROSTERING_{variable}: {told}"


def test_settings_at_their_defaults_demand_what_a_policy_demands_at_its_own() -> None:
    assert policy(Settings()) == Policy(time_zone="America/New_York")


# Ends

NOW = datetime(2026, 8, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "end"),
    [
        ("2026-08-12", datetime(2026, 8, 13, tzinfo=UTC)),
        ("2026-12-31", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-08-12T15:00Z", datetime(2026, 8, 12, 15, tzinfo=UTC)),
        ("2026-08-12T15:00:30-05:00", datetime(2026, 8, 12, 20, 0, 30, tzinfo=UTC)),
        ("2026-08-12T15:00", datetime(2026, 8, 12, 15, tzinfo=UTC)),
    ],
)
def test_a_date_is_a_policys_last_day_and_an_instant_its_end_both_in_utc(written: str, end: datetime) -> None:
    assert parse_end(written, NOW) == end


@pytest.mark.parametrize(
    "written", ["", "tomorrow", "12/08/2026", "2026-02-30", "9999-12-31", "2026-08-12T25:00"]
)
def test_an_end_that_is_no_time_is_refused_with_what_was_expected(written: str) -> None:
    with pytest.raises(PolicyError, match="until: expected a date as 2026-08-12 or an instant"):
        parse_end(written, NOW)


@pytest.mark.parametrize("written", ["9999-12-30", "2126-08-12", "0001-01-02", "2032-01-01T00:00Z"])
def test_an_end_that_is_years_away_is_refused(written: str) -> None:
    with pytest.raises(PolicyError, match="until: expected a day within five years of 2026-08-01"):
        parse_end(written, NOW)
