"""What goes over the wire, in both directions, and nothing about sockets: BEP 15 datagrams, HTTP announces and scrapes."""
