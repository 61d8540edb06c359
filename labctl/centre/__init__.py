"""The centre: its staff and what they may do, its candidates, and the labs that it approved.

    account    who runs a command: the account that the operating system knows
    roles      which role may do what
    staff      who has which roles; the question whether an act is permitted
    approvals  which versions of labs somebody approved
    candidates who a candidate's code stands for
    roster     a roster's text → candidates, or every mistake in it
    importing  what a roster changes, and making it so
    signing    the centre's key
    founding   setting a centre up on its server
    services   what keeps its server running

What is done here stands in the centre's own log (`labctl.store.centre`). The log has codes and
accounts; names, dates of birth and learner numbers are in the table of people and nowhere else.
"""
