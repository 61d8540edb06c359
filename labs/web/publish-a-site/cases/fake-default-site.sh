#!/bin/bash
# The start page in the place of the welcome page: the right page under every name.
cp "/home/$LAB_EDITOR/upload/index.html" /var/www/html/index.html
chmod 644 /var/www/html/index.html
service nginx reload
systemctl enable nginx
