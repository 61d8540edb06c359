"""The standard capture: what every host that a candidate can enter was like at the hand-in.

    model      what a capture is, and as JSON
    questions  what is asked of a host, and the limits
    files      the files that are not as in the image, chosen and described
    taking     asks, within a limit of time; what cannot be had is a gap with its reason
    sheet      a capture as people read it

It marks nothing: verdicts come from the checks' own observations. It is there for what nobody
thought of asking (an appeal, a corrected scheme, a suspicion).
"""
