# The service runs, and nobody has told it whom to ask.
systemctl unmask systemd-timesyncd
systemctl enable --now systemd-timesyncd
