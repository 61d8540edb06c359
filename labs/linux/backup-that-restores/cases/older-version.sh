#!/bin/bash
# The first archive that has the file: it holds an older version.
tar -xzpf "$(ls "$LAB_STORE/$LAB_NAME"-*.tar.gz | head -n 1)" -C / "${LAB_DATA#/}/$LAB_LOST"
