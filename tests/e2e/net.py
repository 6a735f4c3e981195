# SPDX-License-Identifier: ISC
"""Every address of the world, as data.

The addresses look public because both Exim's shipped configuration and the
policy fetcher ignore private and documentation ranges.  Nothing of this
leaves the world: its namespaces have no way out.
"""
TLD = "example"
SENDER = f"mail.sender.{TLD}"  # host name of the sending machine

# sender --(mail/path0)-- path --(path1/net)-- internet
LINKS = {
    "sender": ("5.75.0.2/30", "2a00:5757::2/64"),
    "path0": ("5.75.0.1/30", "2a00:5757::1/64"),
    "path1": ("5.75.0.5/30", "2a00:5757:1::1/64"),
    "internet": ("5.75.0.6/30", "2a00:5757:1::2/64"),
}
SENDER_V4, SENDER_V6 = (link.split("/")[0] for link in LINKS["sender"])

# Everything the internet namespace answers for, without naming each address.
SERVED = ("5.75.64.0/18", "2a00:5757:8::/45")
NAMES = "5.75.64.53"  # the authoritative server
DEAD = ("5.75.65.1", "2a00:5757:c::1")  # refused at once
SILENT = ("5.75.66.1", "2a00:5757:d::1")  # no answer, ever


def mx(number):
    """Addresses of the NUMBERth mail host."""
    return (f"5.75.{72 + number // 250}.{1 + number % 250}",
            f"2a00:5757:9::{number:x}")


def web(number):
    """Addresses of the NUMBERth domain's policy host."""
    return (f"5.75.{96 + number // 250}.{1 + number % 250}",
            f"2a00:5757:a::{number:x}")


def collector(number):
    """Addresses of the NUMBERth server that collects reports."""
    return f"5.75.112.{number}", f"2a00:5757:b::{number:x}"


def domain(name):
    return name if name.endswith("." + TLD) else f"{name}.{TLD}"
