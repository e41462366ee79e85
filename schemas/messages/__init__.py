"""What we publish: a commit, a review, or an alert, exactly as it stands on the wire.

A commit says what changed in a district's roster, all or nothing. A review says why nothing was
committed, who owns each cause, and which rule would put it right. An alert tells operations that an
incident began or ended.

These models are the truth of the shapes, not the path to them: a commit's body is put together from
canonical record JSON that was made when the change was decided, and the tests hold it to the models.
So the models are exact: unknown keys are refused, nothing that a message must carry has a default,
and a time has one spelling. Names that Python keeps for itself (`class`) or pydantic does (`schema`)
have another name here and their own one on the wire.
"""
