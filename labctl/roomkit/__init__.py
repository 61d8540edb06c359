"""The room kit of a sitting, to be printed: values in, HTML out; nothing here looks anything up.

model        what the kit is made from
page         pages that need no network, for A4 and for the screen
text         the labs' Markdown as HTML
slips        what lies on each seat: the way in, the candidate's code, the PIN
register     who is there: the only page with names
sheets       what to do, in ordinary and in large print
invigilator  times, and what to type when something happens
"""
