mkdir -p /srv/assets
cat > "/srv/assets/$LAB_ASSET.txt" <<ENTRY
asset: $LAB_ASSET
kind: workstation
memory_mb: $LAB_FITTED
modules: 1
part: none
ticket: none
ENTRY
