echo "old" > /srv/draft.txt
