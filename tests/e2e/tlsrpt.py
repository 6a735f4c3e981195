#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Is a TLS report as RFC 8460 wants it?  Written from the RFC's text alone;
shares nothing with what it judges.

usage: tlsrpt.py mail|json|gzip <REPORT

body(), mail() and post() tell (complaints, the document or None).
"""
import base64
import binascii
import collections
import datetime
import email
import email.policy
import ipaddress
import json
import re
import sys
import zlib

JSON = "application/tlsrpt+json"  # RFC 8460, 6.4 and 6.5
GZIP = "application/tlsrpt+gzip"
DAY = datetime.timedelta(days=1)
SECOND = datetime.timedelta(seconds=1)
LARGEST = 2**53 - 1  # RFC 7493, 2.2

# RFC 8460, 4.3: what a type is about.
OF_SESSIONS = {"starttls-not-supported", "certificate-host-mismatch",
               "certificate-expired", "certificate-not-trusted",
               "validation-failure"}
OF_TLSA = {"tlsa-invalid", "dnssec-invalid", "dane-required"}
OF_STS = {"sts-policy-fetch-error", "sts-policy-invalid",
          "sts-webpki-invalid"}
TYPES = {"sts": OF_SESSIONS | OF_STS, "tlsa": OF_SESSIONS | OF_TLSA,
         "no-policy-found": OF_SESSIONS}

LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"(?=.{{1,253}}$){LABEL}(\.{LABEL})*")
PATTERN = re.compile(rf"(?=.{{1,253}}$)(\*\.)?{LABEL}(\.{LABEL})*")
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
DOT_ATOM = rf"{ATOM}(\.{ATOM})*"
ADDRESS = re.compile(rf"(?P<left>{DOT_ATOM})@(?P<domain>.+)")
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")
DATE_TIME = re.compile(r"[0-9]{4}-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9](\.[0-9]+)?"
                       r"(Z|[+-][0-9][0-9]:[0-9][0-9])")  # RFC 3339, 5.6
TLSA = re.compile(r"[0-9]{1,3} [0-9]{1,3} [0-9]{1,3} ([0-9a-fA-F]{2})+")
# What a valid policy has, besides patterns (RFC 8461, 3.2).
POLICY = [re.compile(form) for form in (
    "version *: *STSv1", "mode *: *(enforce|testing|none)",
    "max_age *: *[0-9]{1,10}")]
# RFC 8460, 5.3, unfolded, and 5.1.
SUBJECT = re.compile(
    r"Report Domain: (?P<domain>\S+) Submitter: (?P<submitter>\S+)"
    rf" Report-ID: <(?P<id>{DOT_ATOM}@{DOT_ATOM})>")
FILE = re.compile(r"(?P<submitter>[^!]+)!(?P<domain>[^!]+)!(?P<begin>[0-9]+)"
                  r"!(?P<end>[0-9]+)(![A-Za-z0-9]+)?\.(?P<type>json|json\.gz)")
ONCE = ("From", "To", "Date", "Message-ID", "Subject", "MIME-Version",
        "Content-Type", "TLS-Report-Domain", "TLS-Report-Submitter",
        "TLS-Required")


class Judge:
    """Collects what is wrong, each with the place where."""

    def __init__(self):
        self.complaints = []

    def need(self, true, where, what):
        if not true:
            self.complaints.append(f"{where}: {what}")
        return bool(true)

    # -- values -----------------------------------------------------------

    def members(self, value, where, wanted, optional=()):
        """Is it an object with just these members?"""
        if not self.need(isinstance(value, dict), where, "no object"):
            return False
        for name in wanted:
            self.need(name in value, where, f"no {name}")
        for name in value:
            self.need(name in wanted or name in optional, where,
                      f"unknown member {name!r}")
        return True

    def text(self, value, where, form=None):
        """Is it a string, not empty, of this form?"""
        if not self.need(isinstance(value, str), where, f"no string: {value}"):
            return False
        if not self.need(value, where, "empty"):
            return False
        return self.need(form is None or form.fullmatch(value), where,
                         f"malformed: {value!r}")

    def texts(self, value, where, form=None):
        if self.need(isinstance(value, list), where, f"no array: {value}"):
            for number, one in enumerate(value):
                if self.need(isinstance(one, str), f"{where}[{number}]",
                             "no string") and form:
                    self.text(one, f"{where}[{number}]", form)
            return True
        return False

    def count(self, value, where, least=0):
        return self.need(type(value) is int and least <= value <= LARGEST,
                         where, f"no count: {value!r}")

    def address(self, value, where):
        """An IP address as RFC 5952 writes it, or a dotted quad."""
        if not self.text(value, where):
            return
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            self.need(False, where, f"no IP address: {value!r}")
            return
        self.need(str(address) == value, where, f"not canonical: {value}")
        self.need(getattr(address, "ipv4_mapped", None) is None, where,
                  f"IPv4 in disguise: {value}")

    # -- the document (RFC 8460, 4.4) -------------------------------------

    def document(self, value):
        if not self.members(value, "report", (
                "organization-name", "date-range", "contact-info",
                "report-id", "policies")):
            return
        self.text(value.get("organization-name"), "organization-name")
        self.range(value.get("date-range"))
        self.contact(value.get("contact-info"))
        self.text(value.get("report-id"), "report-id")
        policies = value.get("policies")
        if not self.need(isinstance(policies, list) and policies, "policies",
                         "no array with something in it"):
            return
        for number, policy in enumerate(policies):
            self.policy(policy, f"policies[{number}]")
        self.distinct("policies", [policy.get("policy") for policy in policies
                                   if isinstance(policy, dict)])

    def contact(self, value):
        if self.text(value, "contact-info", ADDRESS):
            self.text(ADDRESS.fullmatch(value)["domain"],
                      "domain of contact-info", DOMAIN)

    def distinct(self, where, values):
        """Nothing is told twice."""
        keys = [json.dumps(value, sort_keys=True) for value in values]
        for key, count in collections.Counter(keys).items():
            self.need(count == 1, where, f"{count} times {key}")

    def range(self, value):
        """One day of UTC; its end may be the last second or that after."""
        names = "start-datetime", "end-datetime"
        if not self.members(value, "date-range", names):
            return
        ok = [self.text(value.get(name), name, DATE_TIME) for name in names]
        if not all(ok):
            return
        start, end = (moment(value[name]) for name in names)
        if not self.need(start and end, "date-range", "no such time"):
            return
        self.need(start.timetuple()[3:6] == (0, 0, 0), "start-datetime",
                  f"not the beginning of a day: {value['start-datetime']}")
        self.need(end - start in (DAY, DAY - SECOND), "date-range",
                  f"not one day but {end - start}")

    def policy(self, value, where):
        if not self.members(value, where, ("policy", "summary"),
                            ("failure-details",)):
            return
        kind = self.applied(value.get("policy"), f"{where}.policy")
        failed = self.summary(value.get("summary"), f"{where}.summary")
        details = value.get("failure-details", [])
        where += ".failure-details"
        if not self.need(isinstance(details, list), where, "no array"):
            return
        for number, detail in enumerate(details):
            self.detail(detail, f"{where}[{number}]", kind, failed)
        self.distinct(where, [
            {**detail, "failed-session-count": 0} for detail in details
            if isinstance(detail, dict)])
        if failed is not None:
            counts = [detail.get("failed-session-count") for detail in details
                      if isinstance(detail, dict)]
            self.sum(counts, failed, where)

    def sum(self, counts, failed, where):
        """A session has one reason at least; it may have several."""
        if all(type(count) is int for count in counts):
            self.need(sum(counts) >= failed, where,
                      f"explain {sum(counts)} of {failed} failures")

    def applied(self, value, where):
        """The policy; its type."""
        if not self.members(value, where, ("policy-type", "policy-domain"),
                            ("policy-string", "mx-host")):
            return None
        self.text(value.get("policy-domain"), f"{where}.policy-domain", DOMAIN)
        kind = value.get("policy-type")
        if not self.need(isinstance(kind, str) and kind in TYPES, where,
                         f"policy-type is {kind!r}"):
            return None
        strings = value.get("policy-string", [])
        if self.texts(strings, f"{where}.policy-string"):
            self.strings(kind, strings, where)
        if "mx-host" in value:
            self.need(kind == "sts", where, f"mx-host for {kind}")
            if self.texts(value["mx-host"], f"{where}.mx-host", PATTERN):
                self.patterns(value["mx-host"], strings, f"{where}.mx-host")
        elif kind == "sts":
            self.patterns([], strings, f"{where}.mx-host")
        return kind

    def strings(self, kind, strings, where):
        where += ".policy-string"
        if kind == "no-policy-found":
            self.need(not strings, where, "of no policy")
        elif kind == "tlsa":
            self.texts(strings, where, TLSA)
        else:
            for line in strings:
                self.need(not isinstance(line, str) or "\n" not in line,
                          where, f"several lines in one: {line!r}")

    def patterns(self, said, strings, where):
        """mx-host says what the policy does, if that is a valid one."""
        lines = [line.strip() for line in strings if isinstance(line, str)]
        if not all(any(form.fullmatch(line) for line in lines)
                   for form in POLICY):
            return
        meant = [line.split(":", 1)[1].strip().lower() for line in lines
                 if re.match(r"mx\s*:", line)]
        if all(PATTERN.fullmatch(one) for one in meant):
            self.need(said == meant, where, f"{said}, the policy has {meant}")

    def summary(self, value, where):
        """The number of failures, or None."""
        names = ("total-successful-session-count",
                 "total-failure-session-count")
        if not self.members(value, where, names):
            return None
        ok = [self.count(value.get(name), f"{where}.{name}")
              for name in names]
        if not all(ok):
            return None
        self.need(any(value.values()), where, "no session at all")
        return value[names[1]]

    def detail(self, value, where, kind, failed):
        session = ("receiving-mx-hostname", "receiving-ip", "sending-mta-ip",
                   "receiving-mx-helo")
        if not self.members(value, where,
                            ("result-type", "failed-session-count"),
                            (*session, "additional-information",
                             "failure-reason-code")):
            return
        result = value.get("result-type")
        known = kind is None or isinstance(result, str) and \
            result in TYPES[kind]
        self.need(known, where, f"result-type {result!r} of policy {kind}")
        if self.count(value.get("failed-session-count"), where, 1) and \
                failed is not None:
            self.need(value["failed-session-count"] <= failed, where,
                      "more sessions than failed in all")
        self.about(value, where)
        if result in OF_STS:
            for name in session:
                self.need(name not in value, where, f"{name} of no session")
        elif result in OF_SESSIONS:
            self.need("receiving-mx-hostname" in value, where,
                      "no receiving-mx-hostname")

    def about(self, value, where):
        """Members of a detail that may be there."""
        for name, form in (("receiving-mx-hostname", DOMAIN),
                           ("receiving-mx-helo", None),
                           ("additional-information", URI),
                           ("failure-reason-code", None)):
            if name in value:
                self.text(value[name], f"{where}.{name}", form)
        for name in ("sending-mta-ip", "receiving-ip"):
            if name in value:
                self.address(value[name], f"{where}.{name}")
        if "receiving-ip" in value:
            self.need("receiving-mx-hostname" in value, where,
                      "an address of nobody")

    # -- octets (RFC 7493) ------------------------------------------------

    def json(self, data):
        """The document that DATA holds, or None."""
        try:
            text = data.decode()
            value = json.loads(text, object_pairs_hook=self.object,
                               parse_float=self.fraction,
                               parse_constant=self.fraction)
        except (ValueError, RecursionError) as error:
            self.need(False, "JSON", str(error))
            return None
        self.characters(value)
        self.document(value)
        return value

    def object(self, pairs):
        for name, count in collections.Counter(
                name for name, _ in pairs).items():
            self.need(count == 1, "JSON", f"{count} members {name!r}")
        return dict(pairs)

    def fraction(self, text):
        self.need(False, "JSON", f"no integer: {text}")

    def characters(self, value):
        """RFC 7493, 2.1: no surrogate, no noncharacter."""
        if isinstance(value, dict):
            value = [*value, *value.values()]
        if isinstance(value, list):
            for one in value:
                self.characters(one)
        elif isinstance(value, str):
            for octet in map(ord, value):
                self.need(not 0xd800 <= octet < 0xe000 and
                          not 0xfdd0 <= octet < 0xfdf0 and
                          octet & 0xfffe != 0xfffe, "JSON",
                          f"a string has U+{octet:04X}")

    def gunzip(self, data):
        """What is in it, or None."""
        inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            text = inflater.decompress(data)
        except zlib.error as error:
            self.need(False, "gzip", str(error))
            return None
        self.need(inflater.eof, "gzip", "ends too early")
        self.need(not inflater.unused_data, "gzip", "something behind it")
        return text

    def body(self, data, media_type):
        if not self.need(media_type in (JSON, GZIP), "body",
                         f"of type {media_type}"):
            return None
        if media_type == GZIP:
            data = self.gunzip(data)
        return self.json(data) if data is not None else None

    # -- mail (RFC 8460, 5.3) ---------------------------------------------

    def mail(self, octets):
        self.lines(octets)
        message = email.message_from_bytes(octets, policy=email.policy.SMTP)
        for name in ONCE:
            count = len(message.get_all(name, []))
            if not self.need(count == 1, "header", f"{count} times {name}"):
                return None
        self.need(not message.defects, "message", str(message.defects))
        self.header(message)
        parts = self.parts(message)
        if parts is None:
            return None
        data = self.decoded(parts[1])
        document = self.body(data, parts[1].get_content_type()) \
            if data is not None else None
        if document is not None and not self.complaints:
            self.agree(message, parts[1], document)
        return document

    def lines(self, octets):
        """RFC 5322, 2.1.1 and 2.3; report mail is ASCII."""
        for line in octets.split(b"\r\n"):
            self.need(len(line) <= 998, "line", f"{len(line)} octets")
            self.need(b"\r" not in line and b"\n" not in line, "line",
                      f"CR or LF alone: {line[:60]}")
        self.need(octets.isascii(), "message", "not ASCII")

    def header(self, message):
        self.need(message["MIME-Version"] == "1.0", "MIME-Version", "not 1.0")
        self.need(message["TLS-Required"] == "No", "TLS-Required", "not No")
        self.need(message.get_content_type() == "multipart/report",
                  "Content-Type", message.get_content_type())
        report_type = message["Content-Type"].params.get("report-type")
        self.need(report_type == "tlsrpt", "report-type", str(report_type))
        self.need(message["Date"].datetime is not None, "Date", "malformed")
        self.need(re.fullmatch(rf"<{DOT_ATOM}@{DOT_ATOM}>",
                               message["Message-ID"].strip()),
                  "Message-ID", message["Message-ID"])
        for name in ("From", "To"):
            self.need(len(message[name].addresses) == 1, name,
                      message[name])
        for name in ("TLS-Report-Domain", "TLS-Report-Submitter"):
            self.text(str(message[name]), name, DOMAIN)

    def parts(self, message):
        """The two parts, or None."""
        parts = list(message.iter_parts())
        if not self.need(len(parts) == 2, "message", f"{len(parts)} parts"):
            return None
        self.need(parts[0].get_content_type() == "text/plain", "first part",
                  parts[0].get_content_type())
        for part in parts:
            self.need(not part.defects, "part", str(part.defects))
        return parts

    def decoded(self, part):
        """What stands in PART in base64 (RFC 2045, 6.8), or None."""
        encoding = str(part["Content-Transfer-Encoding"]).lower()
        if not self.need(encoding == "base64", "encoding", encoding):
            return None
        text = part.get_payload()
        self.need(all(len(line) <= 76 for line in text.splitlines()),
                  "base64", "a line of more than 76 octets")
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except binascii.Error as error:
            self.need(False, "base64", str(error))
            return None

    def agree(self, message, part, document):
        """Header, file name and report say the same."""
        contact = document["contact-info"]
        said = {
            "domain": str(message["TLS-Report-Domain"]),
            "submitter": str(message["TLS-Report-Submitter"]),
        }
        self.need(said["submitter"] == contact.split("@")[1],
                  "TLS-Report-Submitter", f"contact-info is {contact}")
        self.need(message["From"].addresses[0].domain == said["submitter"],
                  "From", message["From"])
        for policy in document["policies"]:
            applied = policy["policy"]
            # Of TLSA it is the mail host (RFC 8460, 1.1).
            self.need(applied["policy-domain"] == said["domain"] or
                      applied["policy-type"] == "tlsa", "TLS-Report-Domain",
                      f"{said['domain']}, the report is on {applied}")
        self.subject(str(message["Subject"]), said, document["report-id"])
        self.file(part, said, document["date-range"])

    def subject(self, text, said, report_id):
        found = SUBJECT.fullmatch(text)
        if self.need(found, "Subject", text):
            for name, value in said.items():
                self.need(found[name] == value, "Subject", text)
            self.need(found["id"] == report_id, "Subject",
                      f"{text}, report-id is {report_id}")

    def file(self, part, said, dates):
        self.need(part.get_content_disposition() == "attachment",
                  "Content-Disposition", part["Content-Disposition"])
        name = part.get_filename("")
        found = FILE.fullmatch(name)
        if not self.need(found, "file name", name):
            return
        for key, value in said.items():
            self.need(found[key] == value, "file name", name)
        for key, which in (("begin", "start"), ("end", "end")):
            wanted = int(moment(dates[f"{which}-datetime"]).timestamp())
            self.need(int(found[key]) == wanted, "file name",
                      f"{name}, {which} is {wanted}")
        packed = part.get_content_type() == GZIP
        self.need(found["type"] == ("json.gz" if packed else "json"),
                  "file name", f"{name} of {part.get_content_type()}")

    # -- HTTPS (RFC 8460, 5.4) --------------------------------------------

    def post(self, method, fields, data):
        """FIELDS: (name, value) of the header."""
        self.need(method == "POST", "method", method)
        found = collections.defaultdict(list)
        for name, value in fields:
            found[name.lower()].append(value.strip())
        for name in ("content-type", "host"):
            if not self.need(len(found[name]) == 1, name, str(found[name])):
                return None
        self.need("content-encoding" not in found, "Content-Encoding",
                  str(found["content-encoding"]))
        if "content-length" in found:
            self.need(found["content-length"] == [str(len(data))],
                      "Content-Length", f"{found['content-length']}")
        return self.body(data, found["content-type"][0])


def moment(text):
    """A date-time of RFC 3339 in UTC, or None."""
    try:
        time = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        return time.astimezone(datetime.timezone.utc)
    except (ValueError, OverflowError):
        return None


def body(data, media_type=JSON):
    judge = Judge()
    document = judge.body(data, media_type)
    return judge.complaints, document


def mail(octets):
    judge = Judge()
    document = judge.mail(octets)
    return judge.complaints, document


def post(method, fields, data):
    judge = Judge()
    document = judge.post(method, fields, data)
    return judge.complaints, document


def main(how="mail"):
    data = sys.stdin.buffer.read()
    complaints, _ = mail(data) if how == "mail" else \
        body(data, GZIP if how == "gzip" else JSON)
    print("\n".join(complaints) or "nothing to complain of")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
