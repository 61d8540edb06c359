#!/bin/bash
# People were thought of, the backup server's account was not.
gpasswd -d fetch ssh-users
