for each in /dev/nvme?; do
  value=$(nvme smart-log "$each" | sed -n 's/^critical_warning[[:space:]]*:[[:space:]]*//p')
  [ "$value" = 0 ] || {
    serial=$(cat "/sys/class/nvme/${each##*/}/serial")
    printf 'serial: %s\ncritical_warning: %s\n' "${serial% *}" "$value" > /root/diagnosis.txt
  }
done
sed -i 's/ *$//' /root/diagnosis.txt
