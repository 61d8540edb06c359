"""Labs as data: reading lab folders, checking them, and planning one candidate's version.

    folder ─strict_yaml▶ tree + positions ─lint▶ findings ─┐
                                                            ├─planning▶ Plan
    seed ─parameters▶ values ─templates▶ strings filled in ─┘

This package reads files and computes; it knows neither providers nor the store.
"""
