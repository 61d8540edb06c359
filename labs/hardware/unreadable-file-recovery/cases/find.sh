for each in "$LAB_PLACE"/*.db; do
  cat "$each" > /dev/null 2>&1 || echo "$each" > /root/damaged.txt
done
