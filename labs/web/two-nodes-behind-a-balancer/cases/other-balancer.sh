#!/bin/bash
# Right in another way: haproxy, which asks every node every second how it is.
cat >>/etc/haproxy/haproxy.cfg <<CONF

frontend visitors
    bind :80
    default_backend office

backend office
    balance roundrobin
    option httpchk GET /health
    http-check expect status 200
    option redispatch 1
    retry-on conn-failure empty-response response-timeout 503
    retries 3
    default-server check inter 1s fall 2 rise 2
    server app1 $LAB_APP1:$LAB_PORT
    server app2 $LAB_APP2:$LAB_PORT
CONF
systemctl enable haproxy
systemctl restart haproxy
