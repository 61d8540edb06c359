echo unsaved > /run/unsaved
echo slow > /run/slow
