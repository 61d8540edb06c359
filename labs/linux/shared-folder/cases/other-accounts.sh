#!/bin/bash
# Another right way: the team's group as primary group, and whole lists of members.
groupadd "$LAB_SHARE"
groupadd "$LAB_READERS"
for name in $LAB_NEWCOMERS; do
    useradd --create-home --no-user-group --gid "$LAB_SHARE" "$name"
    chsh -s /bin/bash "$name"
done
gpasswd -a "$LAB_VETERAN" "$LAB_SHARE"
useradd --create-home --shell /bin/bash "$LAB_READER"
gpasswd -M "$LAB_READER" "$LAB_READERS"
