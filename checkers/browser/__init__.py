"""The program that drives a browser: it runs on the examiner's own host, standard library only.

    python3 -m checkers.browser  <  a `browse` probe as JSON  >  its result as JSON

The browser is told what to do over two pipes (the DevTools protocol), so that there is no port that
a page could find. What is asked of a page is asked from a script world of its own, which shares the
page's elements and none of its (possibly replaced) functions.
"""
