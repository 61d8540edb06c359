#!/bin/bash
# The model solution: the newest archive that is whole and has the file; nothing but that file.
member=${LAB_DATA#/}/$LAB_LOST
for archive in $(ls -r "$LAB_STORE/$LAB_NAME"-*.tar.gz); do
    tar -tzf "$archive" "$member" >/dev/null 2>&1 || continue
    tar -xzpf "$archive" -C / "$member"
    break
done
