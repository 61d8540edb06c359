"""A lab whose evidence is a file that a person marks, written where a test wants it."""

from __future__ import annotations

from pathlib import Path

LAB = "paperwork"
TEXT = """\
format: 1
id: paperwork
title: Paperwork
summary: A page that is checked, and one that a person marks.
area: linux
level: 2
duration: 10m
evidences:
  - {objective: "LPIC-1 103.1"}
networks:
  office: {}
hosts:
  desk: {image: host, networks: [office], access: root}
  shelf: {image: host, networks: [office], access: none}
tasks:
  - id: write
    title: Write
    brief: Write `/srv/page` on `desk`.
    criteria: ["1.1"]
    checks:
      - {id: page, host: desk, file: {path: /srv/page}, when: behaviour}
    judged:
      - id: reasons
        title: The reasons are given
        evidence: {file: "desk:/srv/reasons.md"}
        marks: 2
        meets: 1
        scale: {0: None, 1: Some, 2: All}
      - id: manner
        title: The manner of telling
        evidence: {observed: "What is said"}
        marks: 1
        meets: 1
        scale: {0: Rude, 1: Polite}
"""


def library_with_paperwork(folder: Path) -> Path:
    """A library in `folder` that has this one lab."""
    place = folder / "library" / "linux" / LAB
    place.mkdir(parents=True)
    (place / "lab.yaml").write_text(TEXT)
    return folder / "library"
