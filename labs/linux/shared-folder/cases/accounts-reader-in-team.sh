#!/bin/bash
# The reader becomes a member of the team's group, and so may change everything.
read -r first second third <<<"$LAB_TEAM"
groupadd "$LAB_SHARE"
groupadd "$LAB_READERS"
useradd -m -s /bin/bash -G "$LAB_SHARE" "$first"
useradd -m -s /bin/bash -G "$LAB_SHARE" "$second"
usermod -aG "$LAB_SHARE" "$third"
useradd -m -s /bin/bash -G "$LAB_READERS,$LAB_SHARE" "$LAB_READER"
