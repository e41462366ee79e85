"""Words of section and course names by what they say a section is: a homeroom, a lesson, or something else.

A word that is not here says nothing; who teaches the section, and how many sit in it, says more
(see `worker.suggest.class_shape`).
"""

from __future__ import annotations

from enum import IntFlag, auto
from functools import lru_cache
from itertools import pairwise
from typing import Final

from worker.domain.roster.name_words import by_consonants, is_homeroom, plain, shortened_from, words
from worker.domain.roster.texts import folded


class Says(IntFlag):
    """What a text says that a section is; it may say several things."""

    HOMEROOM = auto()
    CLASS = auto()
    """A group with a room or a teacher of its own."""
    ROOM = auto()
    """A class of a program, for the few who are in it."""
    READING = auto()
    MATH = auto()
    CORE = auto()
    """Another of the lessons that the class has with its own teacher."""
    HELP = auto()
    """Regrouped for a part of the day."""
    LINE = auto()
    """A line of the report card beside the lessons."""
    SPECIAL = auto()
    IDLE = auto()
    """No lesson: a meal, a break, a club."""


NOTHING: Final = Says(0)

_LISTED: Final[dict[Says, str]] = {
    Says.HOMEROOM: """
        attendance att attend ada adm roll rollcall hogar tutoria tutorias registro asistencia
        morningmeeting morningmtg morningcircle circletime dailyattendance consejeria asesoria
        maestrotitular salonhogar official ofcl offcl officialclass offclass advsy advy
    """,
    Says.CLASS: """
        class classroom classrooms clsrm grade grades gr grado grd contained selfcontained core
        kindergarten kindergarden kinder kdg prek prekindergarten prekinder preschool preescolar
        parvulos maternelle primaire annee classe klasse grados primer primero segundo tercer
        tercero cuarto quinto sexto anchor elementary group grupo grp grps team house family fam pod
        base mentor mentors tutor cohort form crew den pack pride tribe huddle squad nest clan adv
        advisee advisees seminar connections advocacy gened general generaleducation gen genl
        primary multiage looping clase salon aula teacher titular
    """,
    Says.ROOM: """
        homebound homehospital sdc specialday asd resource sped specialeducation resourceroom
        functional autism adaptive newcomer newcomers transition inclusion
    """,
    Says.READING: """
        reading read rdg rea ela eng english literacy lit languagearts lectura lenguaje humanities
        writing wri phonics literature español spelling readers writers handwriting penmanship
        cursive escritura ortografia lectoescritura gramatica ingles francais ecriture orthographe
        grammaire anglais deutsch elar slar sla rla langarts grammar spell spel writ wrtg journal
        readaloud wordstudy wordwork fundations heggerty lexia ckla
    """,
    Says.MATH: """
        math maths mathematics matematicas mate mathematiques mathe mat mth algebra geometry
        arithmetic numeracy precalculus prealgebra calculus statistics trigonometry eureka zearn
        dreambox
    """,
    Says.CORE: """
        science sciences sci ciencias etudessociales socialstudies social soc sst ss socst
        estudiossociales sociales history hist geography civics biology bio chemistry chem physics
        government economics spanish french german latin chinese mandarin japanese religion theology
        bible scripture catechism hebrew judaic judaics torah
    """,
    Says.HELP: """
        intervention interventions win whatineed rti mtss speech esl eld ell pullout pushin tutoring
        enrichment remediation acceleration gate gifted sel counseling guidance therapy orientation
        helpdesk booster tier flex flextime iep calendar centers stations choicetime secondstep
    """,
    Says.LINE: """
        citizenship conduct conducta behavior behaviors behaviour comportamiento deportment
        comportment effort habits habitos workhabits workskills studyskills learningskills
        socialskills socialdevelopment socialdev socialgrowth socialemotional personaldevelopment
        personaldev personalgrowth personalsocial characterdevelopment charactereducation
        charactered reportcard
    """,
    Says.SPECIAL: """
        art arts arte artes music mus musica band chorus choir coro orchestra orch strings drama
        theater theatre dance danza pe ped phe phy phed physed physicaleducation educacionfisica
        educationphysique gym gymnasium fitness health swim swimming library lib libr media
        biblioteca bibliotheque librarian technology tech computer computers computing computacion
        stem steam makerspace maker coding robotics keyboarding ceramics painting drawing
        photography yearbook journalism debate special specials encore elective electives
        exploratory related garden gardening cooking
    """,
    Says.IDLE: """
        lunch lun almuerzo comedor recess recreo breakfast desayuno dismissal salida arrival bus
        busing studyhall studyhalls club clubs clubes chess lego scouts glee detention afterschool
        beforeschool aftercare cafeteria snack duty testing assessment test tests exam exams
        caseload caseloads counselor counselors holding unscheduled unassigned placeholder waitlist
        inactive sample dummy donot chapel worship nap naptime resttime packup
    """,
}
_EITHER: Final = {"lifeskills": Says.ROOM | Says.LINE}
"""What a program is called, and a line of the report card of everybody."""
LESSON_WORDS: Final[dict[str, Says]] = {
    plain(word): says for says, listed in _LISTED.items() for word in listed.split()
} | _EITHER
HOME_CODES: Final = frozenset({"adv"})
"""What means homeroom as a period or in a section's number: no period is advanced."""
_BY_CONSONANTS: Final = by_consonants(LESSON_WORDS)
_SUBJECTS: Final = {
    "english/languagearts": Says.READING,
    "math": Says.MATH,
    "science": Says.CORE,
    "socialstudies": Says.CORE,
    "language": Says.CORE,
    "homeroom/advisory": Says.HOMEROOM,
    "interventions/onlinelearning": Says.HELP,
    "technologyandengineering": Says.SPECIAL,
    "peandhealth": Says.SPECIAL,
    "artsandmusic": Says.SPECIAL,
}
"""Clever's own subjects, as they are compared."""


@lru_cache(maxsize=65_536)
def said(text: str) -> tuple[tuple[str, Says], ...]:
    """Return the words of a text that say what a section is, single or two as one, with what they say.

    Of two that say something as one, neither says anything by itself: "language arts" are no arts.
    """
    apart = words(text)
    together = {
        place: (first + second, says)
        for place, (first, second) in enumerate(pairwise(apart))
        if not (first + second).isdigit() and (says := _of_word(first + second))
    }
    alone = [
        (word, says)
        for place, word in enumerate(apart)
        if place not in together and place - 1 not in together and (says := _of_word(word))
    ]
    return (*alone, *together.values())


def of_subject(text: str) -> Says:
    """Return what a subject says, one of Clever's or in words."""
    known = _SUBJECTS.get(folded(text))
    if known is not None:
        return known
    says = NOTHING
    for _, one in said(text):
        says |= one
    return says


@lru_cache(maxsize=65_536)
def _of_word(word: str) -> Says:
    if is_homeroom(word):
        return Says.HOMEROOM
    known = LESSON_WORDS.get(plain(word))
    if known is not None:
        return known
    full = shortened_from(plain(word), _BY_CONSONANTS)
    return NOTHING if full is None else LESSON_WORDS[full]
