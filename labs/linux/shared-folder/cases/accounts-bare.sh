#!/bin/bash
# useradd without its options: Debian then gives /bin/sh and makes no home directory. One account got
# its shell later, and so passes; none has a home directory.
read -r first second third <<<"$LAB_TEAM"
groupadd "$LAB_SHARE"
groupadd "$LAB_READERS"
useradd -G "$LAB_SHARE" "$first"
useradd -G "$LAB_SHARE" "$second"
usermod -s /bin/bash "$second"
usermod -aG "$LAB_SHARE" "$third"
useradd -G "$LAB_READERS" "$LAB_READER"
