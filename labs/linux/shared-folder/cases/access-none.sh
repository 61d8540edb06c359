#!/bin/bash
# Nothing is done for the readers: the folder is open to them as to everybody.
ls -ld "$LAB_FOLDER"
