"""Every error this program raises on purpose, split by what the caller does about it.

RosteringError
├── UsageError                 a person must change a setting, a file or a command: one line, exit 2
│   ├── SettingsError          a setting is unknown or wrong
│   ├── FilterError            a section filter is wrong
│   ├── PolicyError            a district's policy is wrong
│   ├── ReasonError            the reason that an order needs says nothing, or too much
│   ├── InputFileError         a file given on the command line cannot be used
│   ├── TopologyError          an exchange or queue is missing or declared differently
│   ├── SchemaVersionError     the database was not migrated, or by a newer version
│   ├── UserError              a user's name or password will not do, or there is no such user
│   ├── OnboardingError         what a person says of a district's onboarding will not do, or lacks something
│   ├── MailError              a mail's address, value or template will not do
│   ├── MessagesWaiting        a district has messages to publish, without which it cannot be purged
│   ├── UnknownDistrictError   no such district here
│   └── UnknownStudentError    no such student in the district, or several
├── Unavailable                somebody else is away: back off, try again, lose nothing
│   ├── StoreUnavailable       PostgreSQL cannot be reached, or dropped the connection
│   │   ├── StoreContended         another transaction got in the way: do it again from the start
│   │   └── StoreFailed            PostgreSQL failed for any other reason: say where, try again
│   ├── DistrictBusy           the district is being evaluated, for longer than one would wait
│   ├── DeadLettersBusy        somebody else has the dead letters, for longer than one would wait
│   ├── BrokerUnavailable      RabbitMQ cannot be reached, or did not confirm in time
│   │   └── BrokerRefused          RabbitMQ does not let us in: wrong user, password or virtual host
│   ├── CleverUnavailable      Clever cannot be reached, is too busy, or answers what nobody can read
│   ├── MailboxUnavailable     the mailbox of bounces cannot be reached, or does not let us in
│   └── UnroutableMessage      the broker had no queue for what we published: nothing was sent
├── ChannelFailed              a channel did not take an alert: put it off, try again
├── MailPutOff                 a mail was surely not sent, and may be later
├── MailRefused                a mail was surely not sent, and trying again would not help
├── MailUncertain              a mail may have been sent: a person finds out
├── CleverRefused              Clever will not answer this, however often it is asked
│   └── CleverTokenRefused     the token is not, or no longer, one of a connected district
├── StoreRefused               PostgreSQL refuses a value in what we store: find whose, store the rest
├── DistrictUnreadable         what is kept of a district cannot be read: put it aside, go on with the others
├── StageFailed                a stage raised what nobody foresaw: its place is told, it is tried again
│   └── StageStalled               it showed no sign of life for too long: what it had in hand was given up
├── IngestHalted               too many unreadable messages in a row: stop and say so
├── BaselineRefused            what a baseline has read is too little to be true: nothing was changed
├── OrderRefused               what a person ordered does not fit the district as it is: the answer is no
│   ├── FilterChanged              somebody else set another section filter meanwhile
│   └── RollbackRefused            a district cannot be taken back to a commit: nothing was changed
├── BaselineLost               the reading of a baseline was given up, or lost what it had: begin anew
└── LeaseLost                  another process took over this district's outbox: stop publishing it

A message that cannot be read is `schemas.clever.UnreadableEvent`: the wire models know nothing of us.
"""

from __future__ import annotations

from dataclasses import dataclass


class RosteringError(Exception):
    """Base of every error raised on purpose."""


class UsageError(RosteringError):
    """Something only a person can put right; the text is one clear line for them."""


class SettingsError(UsageError):
    """A setting is unknown or has a wrong value."""


class FilterError(UsageError):
    """A section filter has an unknown key or a wrong value."""


class PolicyError(UsageError):
    """A district's own policy has an unknown key or a wrong value."""


class ReasonError(UsageError):
    """The reason given with an order says nothing, or is too long."""


class InputFileError(UsageError):
    """A file named on the command line is missing or is not what the command reads."""


class TopologyError(UsageError):
    """An exchange or a queue is missing from the broker, or declared with other arguments."""


class SchemaVersionError(UsageError):
    """The database schema is not the one that this version of the program works with."""


class UnknownDistrictError(UsageError):
    """The district has never been seen here."""


class UnknownStudentError(UsageError):
    """The district has no such student, or several that may be meant."""


class UserError(UsageError):
    """A user's name or password will not do, or there is no such user."""


class OnboardingError(UsageError):
    """What a person says of a district in onboarding has a wrong value, or something is missing for it."""


class MailError(UsageError):
    """An address, a value or a template of a mail will not do; the text never holds an address."""


class MessagesWaiting(UsageError):
    """Messages of the district wait to be published, and must be out first."""


class Unavailable(RosteringError):
    """A system that we depend on is away for now."""


@dataclass(frozen=True, slots=True)
class StoreFault:
    """What may be shown of a driver's error: its class, SQLSTATE, our table and our line; never its text."""

    kind: str
    sqlstate: str | None = None
    table: str | None = None
    where: str | None = None
    """File, line and function of ours that the call came from."""


class StoreUnavailable(Unavailable):
    """PostgreSQL cannot be reached, or broke the connection off."""

    def __init__(self, text: str, fault: StoreFault | None = None) -> None:
        super().__init__(text)
        self.fault = fault


class StoreContended(StoreUnavailable):
    """Another transaction got in the way of this one, which was undone: do it again from the start."""


class StoreFailed(StoreUnavailable):
    """PostgreSQL failed for a reason that we know nothing about, which may pass or need an operator.

    It is never the fault of the message, district or mail in hand: it is tried again, later and later.
    """


class TrialTooLong(Unavailable):
    """A section filter could not be tried within the time that a trial may take."""


class DistrictBusy(Unavailable):
    """Somebody else is at work on the district for longer than its caller would wait."""


class DeadLettersBusy(Unavailable):
    """Somebody else is reading or settling dead letters for longer than its caller would wait."""


class BrokerUnavailable(Unavailable):
    """The broker cannot be reached, broke the connection off, or did not answer in time."""


class BrokerRefused(BrokerUnavailable):
    """The broker is there and does not let us in: a wrong user, password or virtual host.

    Where a process or a command starts that is for a person to put right; in one that runs, it is waited for.
    """


class CleverUnavailable(Unavailable):
    """Clever cannot be reached, is too busy, or gave an answer that is broken; asked again, in vain."""


class MailboxUnavailable(Unavailable):
    """The mailbox that bounces come to cannot be reached, or does not let us in."""


class UnroutableMessage(Unavailable):
    """The broker returned what we published because no queue is bound for it."""


class ChannelFailed(RosteringError):
    """A channel of operations did not take an alert; the text says why, and never holds its address."""


class MailPutOff(RosteringError):
    """A mail was surely not sent, and may be later; the text says why, and holds nobody's address."""


class MailRefused(RosteringError):
    """A mail was surely not sent, and trying again would not help.

    The text holds nobody's address; `refused` has the answer's code by recipient.
    """

    def __init__(self, text: str, refused: dict[str, int] | None = None) -> None:
        super().__init__(text)
        self.refused = refused or {}


class MailUncertain(RosteringError):
    """A mail was handed over, and no answer came: it may have arrived or not."""


class CleverRefused(RosteringError):
    """Clever answered with a status that asking again does not change."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class CleverTokenRefused(CleverRefused):
    """Clever does not know the token (401): it was rotated, or the district is disconnected."""


class StoreRefused(RosteringError):
    """PostgreSQL refuses something in what was to be stored, and nothing of it was."""

    def __init__(self, text: str, fault: StoreFault | None = None) -> None:
        super().__init__(text)
        self.fault = fault


class DistrictUnreadable(RosteringError):
    """What is kept of a district, such as its policy or filter, cannot be read; `__cause__` says where."""

    def __init__(self, district_id: str) -> None:
        super().__init__("the stored data of the district cannot be read")
        self.district_id = district_id


class StageFailed(RosteringError):
    """A stage raised an error that nobody foresaw; the text is its class and its place, never its own."""


class StageStalled(StageFailed):
    """A stage showed no sign of life for longer than it may; what it had in hand was given up."""


class IngestHalted(RosteringError):
    """Consuming stopped after too many unreadable messages in a row."""


class BaselineRefused(RosteringError):
    """A baseline has read too little to be true, and was given up; the text says what."""


class OrderRefused(RosteringError):
    """What a person ordered does not fit the district as it is; the text says why not."""


class FilterUnconfirmed(OrderRefused):
    """A filter would put students into another class, and that is not confirmed; the text has the figures."""


class FilterChanged(OrderRefused):
    """The section filter in force is another one than the order was given for; the text says which."""


class RollbackRefused(OrderRefused):
    """A district cannot be taken back to a commit; the text says why, and what can be done."""


class BaselineLost(RosteringError):
    """The reading of a baseline was given up by somebody else, or the database lost what was read."""


class LeaseLost(RosteringError):
    """The lease on a district's outbox ran out and another process may hold it now."""
