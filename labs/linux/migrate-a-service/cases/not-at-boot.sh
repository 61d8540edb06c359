#!/bin/bash
# The address was set by hand alone.
rm /etc/network/interfaces.d/service
