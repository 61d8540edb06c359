# The disk is swapped, and that is all.
echo "$LAB_FAILED" > "/srv/$LAB_FOLDER/returned.txt"
