# SPDX-License-Identifier: ISC
"""Did an MTA, whichever it is, do right by the domains of the world?

Told by the receivers' log alone.  That mail waits cannot be seen there, only
that nothing came where nothing may come.
"""
import domains

EXPECTED = {
    "verified": "at {host}, TLS, certificate verified",
    "dane": "at {host}, TLS, verified by DANE",
    "unverified": "at {host}, TLS",
    "clear": "at {host}, without TLS",
    "deferred": "waits",
    "bounced": "returned",
}


def expected(domain):
    """What must become of mail to DOMAIN, for people."""
    return EXPECTED[domain.ours.what].format(host=domain.ours.host)


def taken(domain, events):
    """(host, TLS version or None) wherever a recipient of DOMAIN was named."""
    address = domain.recipient.split("@")[1].lower() + ">"
    return {(entry["host"], entry["tls"]) for entry in events
            if entry["event"] == "RCPT" and
            address in entry["line"].lower().split("@")[-1]}


def verdict(domain, events):
    """("right", "wrong" or "nothing came", what was seen)."""
    seen = taken(domain, events)
    said = ", ".join(f"at {host}, {tls or 'without TLS'}"
                     for host, tls in sorted(seen, key=str)) or "-"
    waits = domain.ours.what in ("deferred", "bounced") and \
        not domain.heard
    if not seen:
        return "right" if waits else "nothing came", said
    if waits:
        return "wrong", said
    naked = domain.ours.what != "clear" and any(
        tls is None for _, tls in seen)
    elsewhere = not domain.heard and any(
        host != domain.ours.host for host, _ in seen)
    return "wrong" if naked or elsewhere else "right", said


def table():
    """One line a domain: recipient, what is wrong, what must happen."""
    return [f"{domain.recipient:<36} {domain.story:<52} {expected(domain)}"
            for domain in domains.DOMAINS if domain.ours]


def report(events):
    """Lines for people, and whether nothing was wrong."""
    lines, right = [], True
    for domain in domains.DOMAINS:
        if domain.ours:
            word, said = verdict(domain, events)
            right = right and word != "wrong"
            lines.append(f"{word:<13} {domain.recipient:<36} {said}")
    return lines, right
