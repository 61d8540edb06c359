#!/bin/bash
# Somebody switched the service off for the night.
systemctl disable ssh
