#!/bin/bash
# Everybody may read the settings.
chmod 644 /etc/webapp/shop.ini
