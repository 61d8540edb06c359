file=/srv/assets/$LAB_ASSET.txt
sed -i "s/^memory_mb:.*/memory_mb: $LAB_TOTAL/; s/^modules:.*/modules: 2/" "$file"
sed -i "s/^part:.*/part: $LAB_PART/; s/^ticket:.*/ticket: $LAB_TICKET/" "$file"
sync
