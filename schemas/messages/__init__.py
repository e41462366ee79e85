"""What we publish: a commit, a review, or an alert, exactly as it stands on the wire.

A commit says what changed in a district's roster, all or nothing. A review says why nothing was
committed, who owns each cause, and which rule would put it right. An alert tells operations that an
incident began or ended.

A message is built as its model and dumped. A commit's changes and a review's findings alone go in as the
JSON that they are kept as, since digests were taken of that, and the tests hold it to the models.
So the models are exact: unknown keys are refused, nothing that a message must carry has a default,
and a time has one spelling. Names that Python keeps for itself (`class`) or pydantic does (`schema`)
have another name here and their own one on the wire.
"""
