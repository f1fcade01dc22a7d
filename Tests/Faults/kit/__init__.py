"""The toolkit of the faults: the gateway's process, clients, upstreams, and the table."""
