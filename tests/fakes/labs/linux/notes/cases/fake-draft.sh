echo "$LAB_WORD" > /srv/note.txt
echo "$LAB_WORD" > /etc/kept
