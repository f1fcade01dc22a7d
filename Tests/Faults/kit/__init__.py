"""What every fault is made of: the gateway's process, clients, upstreams, and the table."""
