"""Districts with middle and high schools, every section with all the fields that an export has."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.support.districts.habits.days import ARTS, ELA, HOMEROOM, LANGUAGE, MATH, PE, SCIENCE, SOCIAL
from tests.support.districts.habits.habit import keep, keep_any
from tests.support.districts.habits.office import EXPORT, Course, Office, OfficeHabits, miss, terms
from tests.support.districts.habits.rooms import CLEVER, CORE, LUNCH, SPECIALS, Part, found, hold_day
from tests.support.districts.habits.towns import HIGH, MIDDLE, Town
from worker.domain.roster.section_filter import SectionFilter

REGISTERED_SCHOOLS: Final = OfficeHabits()
habit = REGISTERED_SCHOOLS.habit

Timetable = tuple[tuple[Course, ...], ...]

TECH: Final = "technology and engineering"
MIDDLE_DAY: Final[Timetable] = (
    (("ELA {short}", "ELA{short}0", ELA), ("ELA {short} Honors", "ELA{short}5", ELA)),
    (("Math {short}", "MAT{short}0", MATH), ("Accelerated Math {short}", "MAT{short}5", MATH)),
    (("Science {short}", "SCI{short}0", SCIENCE),),
    (("Social Studies {short}", "SOC{short}0", SOCIAL),),
    (("Band {short}", "BND{short}", ARTS), ("Art {short}", "ART{short}", ARTS), ("Coding", "TEC1", TECH)),
    (("PE {short}", "PED{short}", PE), ("Health {short}", "HLT{short}", PE)),
)
HIGH_DAY: Final[Timetable] = (
    (("English {short}", "ENG{short}", ELA), ("English {short} Hon", "ENH{short}", ELA)),
    (("Algebra II", "MA21", MATH), ("Geometry", "MA11", MATH), ("Pre-Calculus", "MA31", MATH)),
    (("Chemistry", "SC21", SCIENCE), ("Biology", "SC11", SCIENCE)),
    (("US History", "SS31", SOCIAL), ("AP World History", "SS25", SOCIAL)),
    (("Spanish II", "WL12", LANGUAGE), ("French I", "WL21", LANGUAGE), ("Ceramics", "AR11", ARTS)),
    (("Weight Training", "PE21", PE), ("Choir", "MU11", ARTS), ("Robotics", "CT15", TECH)),
    (("Study Hall", "STH", ""), ("Office Aide", "AIDE", ""), ("Yearbook", "EN91", ELA)),
)


def _lessons(
    office: Office, timetable: Timetable, year: str, halves: tuple[str, ...], form: str = "{}"
) -> None:
    """Teach the first courses all year, the others anew in each half."""
    office.teach(timetable[:4], style=replace(office.style, term=year), form=form)
    for half in halves:
        office.teach(timetable[4:], style=replace(office.style, term=half), form=form, first=5)


@habit(
    "Ordinary: 'Advisory 7 - teacher - 00' all year, two in a hundred have none; electives by semester.", 0.97
)
def advisory_in_period_00(town: Town) -> SectionFilter:
    for _ in range(2):
        year, *halves = terms(town)
        office = Office(town, MIDDLE, 150)
        _lessons(office, MIDDLE_DAY, year, tuple(halves), "0{}")
        style = replace(EXPORT, term=year)
        miss(town, office.homes(("Advisory {short}", "ADV{short}", HOMEROOM), "00", style=style))
    return keep(("name", "contains", "advisory"))


@habit("Ordinary: number and course make a name, 'HR10-3 Homeroom 10'; last year's are shared still.")
def numbers_before_courses(town: Town) -> SectionFilter:
    style = replace(EXPORT, name="{code}-{number} {course}")
    year, *halves = terms(town)
    before = town.today.year - 1
    ends = town.today.replace(month=6, day=4)
    last_year = town.term(
        f"{before}-{before + 1} Year", town.today.replace(year=before, month=8, day=12), ends
    )
    office = Office(town, HIGH, 200, style=style)
    _lessons(office, HIGH_DAY, year, tuple(halves))
    home = ("Homeroom {short}", "HR{short}", "")
    office.homes(home, "HR", HIGH[1:], 20, replace(style, term=last_year), is_class=False)
    office.homes(home, "HR", HIGH, 20, replace(style, term=year))
    return keep_any([("name", "contains", "homeroom")], current_term_only=True)


@habit("Ordinary: a county's one elementary and middle school have homerooms, its high school advisories.")
def county_of_three_schools(town: Town) -> SectionFilter:
    school, rooms = found(town, size=9)
    home = Part("Homeroom", HOMEROOM, is_class=True)
    hold_day(town, school, rooms, (home, *CORE, *SPECIALS, LUNCH), replace(CLEVER, period="{period}(M-F)"))
    middle, high = Office(town, MIDDLE, 120), Office(town, HIGH, 160)
    middle.teach(MIDDLE_DAY)
    middle.homes(("Homeroom {short}", "HRM{short}", HOMEROOM), "HR", size=20)
    high.teach(HIGH_DAY)
    high.homes(("Advisory", "ADV1", HOMEROOM), "ADV", size=20)
    return keep_any([("name", "contains", "homeroom")], [("name", "contains", "advisory")])


@habit("Ordinary: 'ADVISEMENT 10' is the class, filed as other, as study hall is, which half of them have.")
def advisement(town: Town) -> SectionFilter:
    style = replace(EXPORT, name="{course} ({last}) {period}-{number}")
    for _ in range(2):
        office = Office(town, HIGH, 160, style=style)
        capitals = tuple(
            tuple((a.upper().replace("{SHORT}", "{short}"), b, c) for a, b, c in o) for o in HIGH_DAY
        )
        office.teach(capitals)
        office.divide(town.rng.sample(office.everybody(), 80), ("STUDY HALL", "SH01", "other"), "8")
        office.homes(("ADVISEMENT {short}", "ADVS{short}", "other"), "3A", size=18)
    return keep(("name", "contains", "advisement"))


@habit("Teams: 'Voyager Launch - teacher' opens the day; everything is a team's, and WIN mixes its students.")
def teams_with_a_launch(town: Town) -> SectionFilter:
    office = Office(town, MIDDLE, 180)
    for grade, teams in zip(
        MIDDLE, (("Voyager", "Pioneer"), ("Apollo", "Gemini"), ("Orion", "Nova")), strict=True
    ):
        students = town.rng.sample(office.school.students[grade], 60)
        for index, team in enumerate(teams):
            members = students[index::2]
            for slot, options in enumerate(MIDDLE_DAY[:4]):
                takers = town.rng.sample(members, 28)
                for turn, (title, code, subject) in enumerate(options):
                    course = (f"{team} {title}", code, subject)
                    office.divide(takers[turn :: len(options)], course, str(slot + 2), grade, 16)
            office.divide(members, (f"{team} Launch", "LNCH{short}", ""), "1", grade, 15, is_class=True)
            office.divide(
                members, (f"{team} WIN", "WIN{short}", "interventions/online learning"), "8", grade, 12
            )
            office.open(members, (f"{team} Team Meeting", "TM{short}", "other"), "FRI", grade)
    office.teach(MIDDLE_DAY[4:], first=6)
    return keep(("name", "contains", "launch"))


@habit(
    "Advisory is every other day in block 4(B); 4(A) is 'Bulldog Flex', filed as advisory, for all as well."
)
def advisory_every_other_day(town: Town) -> SectionFilter:
    office = Office(town, HIGH, 200)
    office.teach(HIGH_DAY[:3], form="{}(A)")
    office.teach(HIGH_DAY[3:6], form="{}(B)")
    office.homes(("Bulldog Flex", "FLX100", HOMEROOM), "4(A)", size=28, is_class=False)
    office.homes(("Advisory {short}", "ADV{short}", HOMEROOM), "4(B)", size=20)
    return keep(("name", "contains", "advisory"))


@habit("Two advisories of half a year each, by other teachers with other students; both halves are shared.")
def advisories_by_half_year(town: Town) -> SectionFilter:
    year, first, second = terms(town)
    office = Office(town, MIDDLE, 160)
    _lessons(office, MIDDLE_DAY, year, (first, second))
    for half, code in ((first, "AVA"), (second, "AVB")):
        home = ("Advisory Gr {short}", f"{code}{{short}}", HOMEROOM)
        office.homes(home, "AD", size=16, style=replace(EXPORT, term=half))
    return keep_any([("name", "contains", "advisory")], current_term_only=True)


@habit(
    "Blocks and no advisory: attendance is taken in the first, '1 Block' here, 'B1' there; 2 % come late.",
    0.96,
)
def attendance_in_the_first_block(town: Town) -> SectionFilter:
    for form in ("B{}", "{} Block"):
        office = Office(town, HIGH, 160, style=replace(EXPORT, name="{course} - {last}"))
        office.teach(HIGH_DAY[:4], leave=0.14, whole=(1,), form=form)
        homes = town.where(office.school, period=form.format(1))
        town.accept(homes)
        miss(town, homes)
    return keep(("period", "one_of", ["B1", "1 Block"]))


@habit("'ATTENDANCE 10 - teacher' counts; a few are in 'Attendance Recovery' besides, after school.", 0.99)
def attendance_and_its_recovery(town: Town) -> SectionFilter:
    for grades in (MIDDLE, HIGH):
        office = Office(town, grades, 45 * len(grades))
        office.teach(MIDDLE_DAY if grades == MIDDLE else HIGH_DAY)
        office.homes(("ATTENDANCE {short}", "ATT{short}", "other"), "ATT", size=22)
        late = town.rng.sample(office.everybody(), 14)
        office.open(late, ("Attendance Recovery", "AREC", "other"), "9")
    return keep(("name", "contains", "attendance"), ("name", "not_contains", "recovery"))


@habit("Grades 7 to 12 in a building: 'Warrior Den 9 - teacher', and each grade meets as 'Class Meeting 9'.")
def warrior_dens(town: Town) -> SectionFilter:
    office = Office(town, ("7", "8", *HIGH), 210, "North Fork Junior-Senior High School")
    office.teach(MIDDLE_DAY, ("7", "8"))
    office.teach(HIGH_DAY, HIGH)
    office.homes(("Warrior Den {short}", "DEN{short}", ""), "DEN", size=18)
    for grade in office.school.grades:
        office.open(office.school.students[grade], ("Class Meeting {short}", "CM{short}", ""), "MTG", grade)
    return keep(("name", "contains", "warrior den"))


@habit(
    "A virtual school: 'VHR 9 - teacher' is its homeroom, subject blank for a third; live lessons are 'VLL'."
)
def virtual_homerooms(town: Town) -> SectionFilter:
    office = Office(town, (*MIDDLE, *HIGH), 210, "Silver Creek Virtual Academy")
    virtual = tuple(tuple((f"VLL {a}", f"V{b}", c) for a, b, c in o) for o in (*HIGH_DAY[:4], HIGH_DAY[5]))
    office.teach(virtual)
    homes = office.homes(("VHR {short}", "VHR{short}", HOMEROOM), "0", size=30)
    for section in town.sections(homes[::3]):
        del section["subject"]
    office.homes(("VLL Orientation {short}", "VORI{short}", "other"), "0", size=70, is_class=False)
    return keep(("name", "starts_with", "vhr"))


@habit("A vocational school: weeks of shop and weeks of lessons; 'HR Plumbing 11' beside 'Plumbing 11 Shop'.")
def homerooms_by_shop(town: Town) -> SectionFilter:
    office = Office(town, HIGH, 176, "Stone Bridge Regional Vocational Technical School")
    office.teach(HIGH_DAY[:4], form="{}-W1")
    for grade in HIGH:
        students = town.rng.sample(office.school.students[grade], 44)
        for index, shop in enumerate(("Plumbing", "Culinary", "Carpentry", "Cosmetology")):
            takers, code = students[index::4], shop[:3].upper()
            title = f"{shop} {{short}}"
            office.open(takers, (f"{title} Shop", f"{code}S{{short}}", "other"), "ALL-W2", grade)
            office.open(takers, (f"{title} Theory", f"{code}T{{short}}", "other"), "5-W2", grade)
            office.open(takers, (f"HR {title}", f"{code}H{{short}}", "other"), "HR", grade, is_class=True)
    return keep(("name", "starts_with", "hr"))
