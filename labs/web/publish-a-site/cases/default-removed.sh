#!/bin/bash
# The welcome page is gone, and strangers see the site that comes first.
rm /etc/nginx/sites-enabled/default
service nginx reload
