#!/bin/bash
# Every key that was in the folder.
cat /root/keys/*.pub >"/home/$LAB_COLLEAGUE/.ssh/authorized_keys"
