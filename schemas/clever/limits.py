"""The bounds of what a record may hold: beyond them it costs memory, or does not fit an index."""

from __future__ import annotations

from typing import Final

MAX_LEVELS: Final = 100
"""Of lists and objects in one another in an extension field: what writes it anew has limits too."""


MAX_ID_LENGTH: Final = 128
"""Characters. Clever's ids have 24; the database indexes ids, so that they must have an end."""


MAX_DISTRICT_BYTES: Final = 128
"""Of a district's id: it is part of routing keys, which have 255."""


MAX_TEXT_LENGTH: Final = 1_000
"""Characters. Far more than a name or an e-mail address has; what is longer is a fault, and costs memory."""


MAX_GRADE_LENGTH: Final = 100
"""Characters. Grades are part of an index, beside two ids."""


MAX_STUDENTS: Final = 50_000
"""Of one section."""


MAX_TEACHERS: Final = 500
"""Of one section: a class names them all in one message."""


MAX_SCHOOLS: Final = 500
"""Of one student."""


MAX_EXTENSION_BYTES: Final = 64 * 1024
"""Of a student's extension fields as JSON: a change must fit into one message."""
