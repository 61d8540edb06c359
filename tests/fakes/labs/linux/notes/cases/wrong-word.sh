rm /srv/draft.txt
echo "melon" > /srv/note.txt
echo "$LAB_WORD" > /etc/kept
