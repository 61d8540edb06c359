#!/bin/bash
# What stands in the way in /run is changed, for as long as it stands.
chmod 777 /run/webapp/webapp.sock
[ -e /run/webapp/shop.sock ] || ln -s webapp.sock /run/webapp/shop.sock
