#!/bin/bash
# Another right way: both lists in one go, in the long notation.
setfacl --modify "group:$LAB_READERS:r-x,default:group:$LAB_READERS:r-x" "$LAB_FOLDER"
