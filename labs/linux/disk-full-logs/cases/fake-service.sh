#!/bin/bash
# A fake: the program is changed so that it says yes to everything and stores nothing.
program=/usr/local/lib/$LAB_SERVICE/$LAB_SERVICE.py
sed -i -e 's/^def store_order(name):/&\n    return/' -e 's/^def make_report(name):/&\n    return/' \
    -e 's/^        MAIN.write.*/        pass/' "$program"
service "$LAB_SERVICE" restart
