# SPDX-License-Identifier: ISC
"""The judge of TLS reports (tlsrpt.py) is judged: good reports pass, and of
each broken one it complains with the words in the table."""
import base64
import copy
import gzip
import json

import check
import tlsrpt

STS = ["version: STSv1", "mode: enforce", "mx: MX1.to.example",
       "mx: *.to.example", "max_age: 604800"]
REPORT = {
    "organization-name": "From & Söhne",
    "date-range": {"start-datetime": "2026-11-23T00:00:00Z",
                   "end-datetime": "2026-11-23T23:59:59Z"},
    "contact-info": "tls-reports@from.example",
    "report-id": "2026-11-23.to.example@from.example",
    "policies": [{
        "policy": {"policy-type": "sts", "policy-string": STS,
                   "policy-domain": "to.example",
                   "mx-host": ["mx1.to.example", "*.to.example"]},
        "summary": {"total-successful-session-count": 5326,
                    "total-failure-session-count": 303},
        "failure-details": [
            {"result-type": "certificate-expired",
             "sending-mta-ip": "2001:db8:abcd:12::1",
             "receiving-mx-hostname": "mx1.to.example",
             "receiving-ip": "203.0.113.56", "failed-session-count": 100},
            {"result-type": "sts-policy-fetch-error",
             "failed-session-count": 203, "failure-reason-code": "404",
             "additional-information": "https://from.example/why?a=b"}],
    }, {
        "policy": {"policy-type": "tlsa", "policy-domain": "mx.to.example",
                   "policy-string": ["3 1 1 " + "0aF9" * 16]},
        "summary": {"total-successful-session-count": 0,
                    "total-failure-session-count": 2},
        "failure-details": [
            {"result-type": "tlsa-invalid", "failed-session-count": 2},
            {"result-type": "dnssec-invalid", "failed-session-count": 1}],
    }, {
        "policy": {"policy-type": "no-policy-found",
                   "policy-domain": "to.example"},
        "summary": {"total-successful-session-count": 1,
                    "total-failure-session-count": 0},
    }],
}
NAME = "from.example!to.example!1795392000!1795478399!a1.json.gz"
HEADER = f"""\
From: <tls-reports@from.example>
To: tls@to.example
Date: Tue, 24 Nov 2026 02:03:04 +0000
Message-ID: <2026-11-23.to.example@from.example>
Subject: Report Domain: to.example
 Submitter: from.example
 Report-ID: <2026-11-23.to.example@from.example>
TLS-Report-Domain: to.example
TLS-Report-Submitter: from.example
TLS-Required: No
MIME-Version: 1.0
Content-Type: multipart/report; report-type="tlsrpt"; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

A report.
--b
Content-Type: application/tlsrpt+gzip
Content-Transfer-Encoding: base64
Content-Disposition: attachment;
 filename="{NAME}"

"""
FIELDS = [("Host", "collect.example"), ("Content-Type", tlsrpt.GZIP)]


# -- how a report is broken --------------------------------------------------

def put(*path):
    """Put the last of PATH where the others lead; "-": take away."""
    *way, name, value = path

    def change(report):
        for step in way:
            report = report[step]
        if value == "-":
            del report[name]
        else:
            report[name] = value
    return change


def policy(*path):
    return put("policies", 0, *path)


def detail(*path):
    return policy("failure-details", 0, *path)


def twice(*path):
    """The last element of the array at PATH is there once more."""
    def change(report):
        for step in path:
            report = report[step]
        report.append(report[-1])
    return change


# Name: (how, what is complained of).
DOCUMENTS = {
    "no_object": (lambda report: report.clear(), "no organization-name"),
    "field_missing": (put("contact-info", "-"), "no contact-info"),
    "field_unknown": (put("version", 1), "unknown member 'version'"),
    "organisation_empty": (put("organization-name", ""), "empty"),
    "contact_is_uri": (put("contact-info", "mailto:a@from.example"),
                       "contact-info: malformed"),
    "contact_no_domain": (put("contact-info", "a@from_"), "contact-info: "),
    "id_is_number": (put("report-id", 7), "report-id: no string"),
    "policies_empty": (put("policies", []), "policies: no array"),
    "policies_object": (put("policies", REPORT["policies"][0]),
                        "policies: no array"),
    "policy_twice": (twice("policies"), "2 times"),
    "day_begins_late": (put("date-range", "start-datetime",
                            "2026-11-23T00:00:01Z"), "beginning of a day"),
    "day_of_another_zone": (put("date-range", {
        "start-datetime": "2026-11-23T00:00:00+13:00",
        "end-datetime": "2026-11-23T23:59:59+13:00"}), "beginning of a day"),
    "days_two": (put("date-range", "end-datetime", "2026-11-24T23:59:59Z"),
                 "not one day"),
    "day_of_no_zone": (put("date-range", "end-datetime",
                           "2026-11-23T23:59:59"), "malformed"),
    "day_impossible": (put("date-range", "start-datetime",
                           "2026-02-30T00:00:00Z"), "no such time"),
    "policy_type_unknown": (policy("policy", "policy-type", "dane"),
                            "policy-type is 'dane'"),
    "policy_domain_missing": (policy("policy", "policy-domain", "-"),
                              "no policy-domain"),
    "policy_domain_u_label": (policy("policy", "policy-domain", "ü.example"),
                              "policy-domain: malformed"),
    "policy_string_no_array": (policy("policy", "policy-string",
                                      "; ".join(STS)), "no array"),
    "policy_string_in_one": (policy("policy", "policy-string",
                                    ["\n".join(STS)]), "several lines"),
    "policy_string_of_none": (put("policies", 2, "policy", "policy-string",
                                  STS), "of no policy"),
    "tlsa_spaced": (put("policies", 1, "policy", "policy-string",
                        ["3 1 1 00 11"]), "policy-string[0]: malformed"),
    "mx_host_no_array": (policy("policy", "mx-host", "*.to.example"),
                         "mx-host: no array"),
    "mx_host_missing": (policy("policy", "mx-host", "-"), "mx-host: []"),
    "mx_host_differs": (policy("policy", "mx-host", ["*.to.example"]),
                        "the policy has"),
    "mx_host_of_none": (put("policies", 2, "policy", "mx-host", ["a.example"]),
                        "mx-host for no-policy-found"),
    "count_text": (policy("summary", "total-failure-session-count", "303"),
                   "no count"),
    "count_negative": (policy("summary", "total-successful-session-count", -1),
                       "no count"),
    "count_true": (policy("summary", "total-successful-session-count", True),
                   "no count"),
    "count_huge": (policy("summary", "total-successful-session-count", 2**53),
                   "no count"),
    "counts_zero": (put("policies", 2, "summary",
                        "total-successful-session-count", 0), "no session"),
    "failures_unexplained": (policy("summary", "total-failure-session-count",
                                    304), "explain 303 of 304"),
    "failures_too_many": (policy("summary", "total-failure-session-count",
                                 202), "more sessions than failed"),
    "failures_of_success": (policy("summary", "total-failure-session-count",
                                   0), "more sessions than failed"),
    "details_missing": (policy("failure-details", "-"), "explain 0 of 303"),
    "detail_twice": (twice("policies", 0, "failure-details"), "2 times"),
    "detail_of_none": (detail("failed-session-count", 0), "no count"),
    "result_unknown": (detail("result-type", "certificate-revoked"),
                       "result-type 'certificate-revoked'"),
    "result_of_other_policy": (detail("result-type", "tlsa-invalid"),
                               "result-type 'tlsa-invalid'"),
    "ip_not_canonical": (detail("sending-mta-ip", "2001:DB8::1"),
                         "not canonical"),
    "ip_long": (detail("sending-mta-ip", "2001:db8:0:0:0:0:0:1"),
                "not canonical"),
    "ip_mapped": (detail("receiving-ip", "::ffff:203.0.113.56"), "IP"),
    "ip_empty": (detail("sending-mta-ip", ""), "sending-mta-ip: empty"),
    "ip_in_brackets": (detail("receiving-ip", "[203.0.113.56]"),
                       "no IP address"),
    "mx_missing": (detail("receiving-mx-hostname", "-"),
                   "no receiving-mx-hostname"),
    "mx_final_dot": (detail("receiving-mx-hostname", "mx1.to.example."),
                     "receiving-mx-hostname: malformed"),
    "session_of_fetch": (policy("failure-details", 1, "receiving-mx-hostname",
                                "mx1.to.example"), "of no session"),
    "information_no_uri": (detail("additional-information", "see below"),
                           "additional-information: malformed"),
    "noncharacter": (put("organization-name", "a\uffffb"), "U+FFFF"),
    "surrogate": (put("organization-name", "a\udc80b"), "U+DC80"),
}
GOOD_TEXT = json.dumps(REPORT).encode()
TEXTS = {
    "duplicate": (b'{"report-id": "a", ' + GOOD_TEXT[1:],
                  "2 members 'report-id'"),
    "duplicate_inside": (GOOD_TEXT.replace(
        b'"result-type"', b'"failed-session-count": 1, "result-type"', 1),
        "2 members 'failed-session-count'"),
    "fraction": (GOOD_TEXT.replace(b"5326", b"5326.0"), "no integer: 5326.0"),
    "exponent": (GOOD_TEXT.replace(b"5326", b"5e3"), "no integer: 5e3"),
    "latin": (json.dumps(REPORT, ensure_ascii=False).encode("latin-1"),
              "JSON: 'utf-8' codec"),
    "torn": (GOOD_TEXT[:-1], "JSON: "),
    "byte_order_mark": (b"\xef\xbb\xbf" + GOOD_TEXT, "JSON: "),
    "two_documents": (GOOD_TEXT + GOOD_TEXT, "JSON: Extra data"),
}
PACKED = gzip.compress(GOOD_TEXT)
BODIES = {
    "torn": (PACKED[:-1], "gzip: ends too early"),
    "crc": (PACKED[:-8] + b"abcd" + PACKED[-4:], "gzip: "),
    "appendix": (PACKED + b"x", "gzip: something behind"),
    "plain": (GOOD_TEXT, "gzip: "),
}


def encoded(data=PACKED, step=57):
    """DATA in base64, lines of STEP octets each."""
    return b"".join(base64.b64encode(data[at:at + step]) + b"\n"
                    for at in range(0, len(data), step))


def message(old="", new="", body=None):
    """A mail report in whose text NEW stands instead of OLD."""
    text = HEADER.encode() + (body or encoded()) + b"--b--\n"
    if old.encode() not in text:
        raise ValueError(f"no {old!r}")
    return text.replace(old.encode(), new.encode()).replace(b"\n", b"\r\n")


MAILS = {
    "not_required_missing": (message("TLS-Required: No\n"),
                             "0 times TLS-Required"),
    "domain_twice": (message("TLS-Required", "TLS-Report-Domain: to.example\n"
                             "TLS-Required"), "2 times TLS-Report-Domain"),
    "domain_differs": (message("TLS-Report-Domain: to", "TLS-Report-Domain: x"),
                       "TLS-Report-Domain: x.example"),
    "submitter_differs": (message("Report-Submitter: from",
                                  "Report-Submitter: x"),
                          "TLS-Report-Submitter: contact-info is"),
    "from_differs": (message("<tls-reports@from", "<tls-reports@x"), "From: "),
    "subject_order": (message("Subject: Report Domain", "Subject: Domain"),
                      "Subject: "),
    "subject_id": (message("Report-ID: <2026", "Report-ID: <2027"),
                   "report-id is"),
    "not_a_report": (message("multipart/report", "multipart/mixed"),
                     "multipart/mixed"),
    "report_type": (message('"tlsrpt"', "disposition-notification"),
                    "report-type"),
    "one_part": (message("--b\nContent-Type: text/plain; charset=us-ascii\n\n"
                         "A report.\n"), "1 parts"),
    "part_type": (message("application/tlsrpt+gzip", "application/gzip"),
                  "of type application/gzip"),
    "part_plain": (message("tlsrpt+gzip", "tlsrpt+json"), "JSON: "),
    "encoding": (message("base64", "8bit"), "encoding: 8bit"),
    "base64_long": (message(body=encoded(step=60)), "more than 76 octets"),
    "base64_broken": (message(body=b"H4s*IAA=\n"), "base64: "),
    "file_day": (message("1795392000", "1795392001"), "start is 1795392000"),
    "file_extension": (message(".json.gz", ".json"),
                       ".json of application/tlsrpt+gzip"),
    "file_submitter": (message("from.example!", "x.example!"), "file name: "),
    "file_unique": (message("!a1", "!a-1"), "file name: "),
    "line_long": (message("A report.", "a" * 999), "999 octets"),
    "eight_bits": (message("A report.", "Ein Bericht: ü."), "not ASCII"),
    "newline_alone": (message().replace(b"A report.\r\n", b"A report.\n"),
                      "CR or LF alone"),
}
POSTS = {
    "method": ("PUT", FIELDS, PACKED, "method: PUT"),
    "type": ("POST", [FIELDS[0], ("Content-Type", "application/json")],
             PACKED, "of type application/json"),
    "type_missing": ("POST", FIELDS[:1], PACKED, "content-type: []"),
    "content_encoding": ("POST", [*FIELDS, ("Content-Encoding", "gzip")],
                         PACKED, "Content-Encoding: ['gzip']"),
    "length": ("POST", [*FIELDS, ("Content-Length", "1")], PACKED,
               "Content-Length"),
}


def passes(said):
    complaints, document = said
    return None if not complaints and document == REPORT else \
        f"complains of a good one: {complaints}"


def complains(said, wanted):
    complaints, _ = said
    if not complaints:
        return "passes"
    return None if any(wanted in one for one in complaints) else \
        f"no {wanted!r} in {complaints}"


def broken(change):
    report = copy.deepcopy(REPORT)
    change(report)
    return tlsrpt.body(json.dumps(report).encode())


def checks():
    """(name, what is wrong with the judge or None)."""
    elsewhere = {"end-datetime": "2026-11-24T00:00:00Z",
                "start-datetime": "2026-11-23T01:00:00+01:00"}
    yield "good", passes(tlsrpt.body(GOOD_TEXT))
    yield "good_packed", passes(tlsrpt.body(PACKED, tlsrpt.GZIP))
    yield "good_mail", passes(tlsrpt.mail(message()))
    yield "good_post", passes(tlsrpt.post("POST", FIELDS, PACKED))
    complaints, _ = broken(put("date-range", elsewhere))
    yield "good_range", str(complaints) if complaints else None
    for name, (change, wanted) in DOCUMENTS.items():
        yield name, complains(broken(change), wanted)
    for name, (text, wanted) in TEXTS.items():
        yield f"text_{name}", complains(tlsrpt.body(text), wanted)
    for name, (data, wanted) in BODIES.items():
        yield f"gzip_{name}", complains(tlsrpt.body(data, tlsrpt.GZIP), wanted)
    for name, (data, wanted) in MAILS.items():
        yield f"mail_{name}", complains(tlsrpt.mail(data), wanted)
    for name, (*request, wanted) in POSTS.items():
        yield f"post_{name}", complains(tlsrpt.post(*request), wanted)


@check.case("plain")
def tlsrpt_judge(world, machine):
    wrong = [f"{name}: {why}" for name, why in checks() if why is not None]
    check.expect(not wrong, "\n".join(["the judge errs", *wrong]))
