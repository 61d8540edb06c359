"""What labctl costs, each job beside a peer that does the same, in one run on one machine.

    __main__       chooses rows, prints the table, writes latest.json
    measuring      rows, medians, turns
    stage          our side: a provider of its own, plans of any size, and their removal
    session        one command of our side as a process: `up` and `down`
    peers          the peers' containers: SSH hosts on a bridge, and a compose project
    grading        rows about looking at hosts
    plain_ssh      the peer that sends one SSH exec to each host
    testinfra_suite  the peer's tests, run by pytest
    provisioning   rows about making and removing hosts
    records        rows about a store with many sessions
    start_up       the row about the command line

Only ratios mean anything: both sides of a row take turns, so that whatever else the machine does
meets both. See docs/benchmarks.md.
"""
