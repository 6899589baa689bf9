"""What this machine is called, for everything that is allowed here and nowhere else."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a host or address (IPv6 with or without brackets) is this machine: `localhost`, 127.0.0.0/8 or ::1.

    An IPv4 address written as IPv6 (`::ffff:127.0.0.1`) is what it stands for; any other name is another machine.
    """
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
