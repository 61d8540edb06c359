#!/bin/bash
# `usermod -G` without `-a` sets the whole list: the old groups are lost.
read -r first second third <<<"$LAB_TEAM"
groupadd "$LAB_SHARE"
groupadd "$LAB_READERS"
useradd -m -s /bin/bash -G "$LAB_SHARE" "$first"
useradd -m -s /bin/bash -G "$LAB_SHARE" "$second"
usermod -G "$LAB_SHARE" "$third"
useradd -m -s /bin/bash -G "$LAB_READERS" "$LAB_READER"
