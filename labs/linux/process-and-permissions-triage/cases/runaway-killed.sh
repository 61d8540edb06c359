#!/bin/bash
# It is killed, hard, and init starts it anew.
pkill -KILL -f "/opt/$LAB_PILOT/"
