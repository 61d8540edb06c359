"""Which role may do what: one table, and nothing else in the program decides it."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What somebody on the staff is there for."""

    ASSESSOR = "assessor"
    IQA = "iqa"
    VERIFIER = "verifier"
    INVIGILATOR = "invigilator"
    TECHNICIAN = "technician"


class Act(StrEnum):
    """What needs a role, in words that fit after *may*."""

    PLAN = "plan sittings"
    PREPARE = "prepare sittings"
    REGISTER = "keep the register"
    END = "end sittings"
    START = "start sessions"
    CHECK = "look at running work with `check`"
    SUBMIT = "take work in"
    PAUSE = "pause sessions and let them go on"
    EXTEND = "give more time"
    REOPEN = "open hand-ins again"
    STOP = "remove sessions' hosts"
    CONSOLE = "open consoles"
    PUT = "put files on hosts"
    GET = "get files from hosts"
    HANDS = "do physical acts"
    RESET = "make hosts anew"
    THAW = "let frozen hosts go on"
    GC = "clean up the server"
    NOTICE = "give candidates a notice"
    NOTE = "note what happened"
    LIFT = "let go of a result that is held"
    VOID = "make sessions void"
    SUSPEND = "suspend checks"
    REMARK = "mark work again"
    REMARK_DRY = "try what marking again would change"
    EVIDENCE = "write evidence"
    SEE_PEOPLE = "see who candidates are"
    IMPORT_PEOPLE = "import rosters"
    ERASE_PEOPLE = "erase people"
    STAFF = "change the staff"
    APPROVE = "approve labs"
    BACKUP = "back up the record"
    RESTORE = "put a backup in the record's place"
    UPGRADE = "upgrade the record"
    INIT = "set up the centre"


_ASSESSOR, _IQA, _VERIFIER = Role.ASSESSOR, Role.IQA, Role.VERIFIER
_INVIGILATOR, _TECHNICIAN = Role.INVIGILATOR, Role.TECHNICIAN

MAY: dict[Act, frozenset[Role]] = {
    Act.PLAN: frozenset({_ASSESSOR, _IQA}),
    Act.PREPARE: frozenset({_ASSESSOR, _INVIGILATOR, _TECHNICIAN}),
    # Whoever sees who comes in; a technician need not know the candidates.
    Act.REGISTER: frozenset({_ASSESSOR, _INVIGILATOR}),
    Act.END: frozenset({_ASSESSOR, _INVIGILATOR}),
    # A sitting: a technician also tries every seat the day before.
    Act.START: frozenset({_ASSESSOR, _INVIGILATOR, _TECHNICIAN}),
    Act.CHECK: frozenset({_ASSESSOR, _TECHNICIAN}),
    Act.SUBMIT: frozenset({_ASSESSOR, _INVIGILATOR, _TECHNICIAN}),
    Act.PAUSE: frozenset({_ASSESSOR, _INVIGILATOR, _TECHNICIAN}),
    Act.EXTEND: frozenset({_ASSESSOR, _INVIGILATOR}),
    Act.REOPEN: frozenset({_ASSESSOR, _IQA}),
    Act.STOP: frozenset({_ASSESSOR, _TECHNICIAN}),
    Act.CONSOLE: frozenset({_ASSESSOR, _INVIGILATOR, _TECHNICIAN}),
    Act.PUT: frozenset({_ASSESSOR, _TECHNICIAN}),
    Act.GET: frozenset({_ASSESSOR, _IQA, _VERIFIER, _TECHNICIAN}),
    Act.HANDS: frozenset({_ASSESSOR, _INVIGILATOR, _TECHNICIAN}),
    Act.RESET: frozenset({_ASSESSOR, _TECHNICIAN}),
    Act.THAW: frozenset({_ASSESSOR, _INVIGILATOR, _TECHNICIAN}),
    Act.GC: frozenset({_ASSESSOR, _TECHNICIAN}),
    Act.NOTICE: frozenset({_ASSESSOR, _INVIGILATOR}),
    # Whoever sees it writes it down.
    Act.NOTE: frozenset(Role),
    Act.VOID: frozenset({_ASSESSOR, _IQA}),
    # Results: who keeps the machines running has no hand in them.
    Act.REMARK: frozenset({_ASSESSOR, _IQA}),
    Act.SUSPEND: frozenset({_ASSESSOR, _IQA}),
    # Not by whoever reported it: a suspicion is settled by quality assurance.
    Act.LIFT: frozenset({_IQA}),
    Act.REMARK_DRY: frozenset({_ASSESSOR, _IQA, _VERIFIER}),
    Act.EVIDENCE: frozenset({_ASSESSOR, _IQA, _VERIFIER}),
    # Personal data: for those who have to know whom they see, mark or sample.
    Act.SEE_PEOPLE: frozenset({_ASSESSOR, _IQA, _VERIFIER, _INVIGILATOR}),
    Act.IMPORT_PEOPLE: frozenset({_ASSESSOR, _IQA}),
    Act.ERASE_PEOPLE: frozenset({_ASSESSOR, _IQA}),
    Act.STAFF: frozenset({_TECHNICIAN}),
    # Not by whoever uses it next: approval is part of internal quality assurance.
    Act.APPROVE: frozenset({_IQA}),
    # Of whoever keeps the server; a backup has everybody's names in it.
    Act.BACKUP: frozenset({_TECHNICIAN}),
    Act.RESTORE: frozenset({_TECHNICIAN}),
    Act.UPGRADE: frozenset({_TECHNICIAN}),
    Act.INIT: frozenset({_TECHNICIAN}),
}
"""Every act with the roles that may do it, where a centre has staff on record."""
