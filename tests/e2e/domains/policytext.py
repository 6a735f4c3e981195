# SPDX-License-Identifier: ISC
"""The policy text (RFC 8461, 3.2): broken ones, legal neighbours beside them.

All have one good mail host.  Where their policy counts it does not permit
that one, or else it says so; delivery tells which.
"""
from row import NO_MX, Domain, deferred, verified

HOST = {"hosts": (), "mx": ((10, "mx.good.example"),)}
INVALID = "sts-policy-invalid"
VERSION = b"version: STSv1\n"
MODE = b"mode: enforce\n"
MX = b"mx: mx.example\n"
AGE = b"max_age: 604800\n"
TEXT = VERSION + MODE + MX + AGE
# The cause, as "mta-sts query" words it.
WHY = {VERSION: 'version must be "STSv1"', MODE: 'mode must be "enforce"',
       MX: 'there is no usable "mx"', AGE: "must be a number of seconds"}
NO_VERSION = 'there is no "version: STSv1"'
NO_FIELD = 'the line is not of the form "key: value"'
NO_COLON = 'there is no ":" after the key'
NO_VALUE = 'there is no value after ":"'
BLANK = 'no blank is allowed before ":"'
BARE_CR = "a carriage return without line feed"
CONTROL = "a control character"
NO_UTF8 = "not valid UTF-8"


def taken(name, story, *parts):
    """A text that counts; PARTS make it up."""
    return Domain(f"text-{name}", story, text=b"".join(parts),
                  ours=deferred(NO_MX), verdict="refuse", **HOST)


def broken(name, story, *parts, why):
    """No policy at all; the domain is as one without."""
    return Domain(f"text-{name}", story, text=b"".join(parts),
                  ours=verified("mx.good"), verdict="open", query=why,
                  report=INVALID, **HOST)


def permits(name, story, *parts, verdict="require", report="success"):
    """A text that counts, and lets mail pass."""
    return Domain(f"text-{name}", story, text=b"".join(parts),
                  ours=verified("mx.good"), verdict=verdict, report=report,
                  **HOST)


def because(make, why):
    """WHY where it may stand."""
    return {"why": why} if make is broken else {}


def field(make, kind, line, name, story, why=None):
    """The usual text, LINE in place of its KIND."""
    return make(name, story, TEXT.replace(kind, line + b"\n"),
                **because(make, why or WHY[kind]))


def version(make, value, name, story, **more):
    return field(make, VERSION, b"version: " + value, name, story, **more)


def mode(make, value, name, story, **more):
    return field(make, MODE, b"mode: " + value, name, story, **more)


def age(make, value, name, story, **more):
    return field(make, AGE, b"max_age: " + value, name, story, **more)


def mx(make, value, name, story, **more):
    """VALUE is in the only mx."""
    return field(make, MX, b"mx: " + value, f"mx-{name}", story, **more)


def extra(make, line, name, story, **more):
    """The usual text and LINE behind it."""
    return make(name, story, TEXT, line, b"\n", **more)


ROWS = [
    # Lines and blanks.
    taken("crlf", "lines end in CRLF", TEXT.replace(b"\n", b"\r\n")),
    taken("mixed", "lines end in LF and CRLF",
          VERSION, b"mode: enforce\r\n", MX, AGE),
    taken("no-end", "last line not ended", TEXT[:-1]),
    taken("cr-end", "CRLF cut after CR", TEXT[:-1], b"\r\n"),
    taken("empty-lines", "empty lines all about",
          b"\n", VERSION, b"\n\r\n", MODE, MX, AGE, b"\n\n\n"),
    taken("blank-lines", "lines of blanks", TEXT, b" \t \n\t"),
    taken("tight", "no blank behind the colon", TEXT.replace(b": ", b":")),
    taken("wide", "many blanks and tabs behind the colon",
          TEXT.replace(b": ", b": \t  ")),
    taken("trailing", "blanks at the ends of lines",
          TEXT.replace(b"\n", b" \t\n")),
    taken("order", "lines in another order", AGE, MX, MODE, VERSION),
    broken("empty", "empty", why=NO_VERSION),
    broken("only-newline", "an empty line and no more", b"\n", why=NO_VERSION),
    broken("only-blanks", "blanks and no more", b" \t \r\n  \n",
           why=NO_VERSION),
    broken("cr", "lines end in CR alone", TEXT.replace(b"\n", b"\r"),
           why=BARE_CR),
    broken("cr-last", "last line ends in CR alone", TEXT[:-1], b"\r",
           why=BARE_CR),
    broken("cr-twice", "lines end in two CRs and LF",
           TEXT.replace(b"\n", b"\r\r\n"), why=BARE_CR),
    broken("indented", "blank in front of a key", VERSION, b" ", MODE, MX,
           AGE, why="must not begin with a blank"),
    broken("blank-colon", "blank in front of a colon",
           TEXT.replace(b"mode:", b"mode :"), why=BLANK),
    broken("one-line", "semicolons for line ends", TEXT.replace(b"\n", b"; "),
           why=WHY[VERSION]),
    broken("equals", "equals signs for colons", TEXT.replace(b": ", b"="),
           why=NO_COLON),
    broken("json", "JSON", b'{"version":"STSv1","mode":"enforce"}\n',
           why=NO_FIELD),
    broken("record", "the TXT record in its place", b"v=STSv1; id=1;\n",
           why=NO_COLON),

    # Octets.
    extra(taken, b"note: f\xc3\xbcr \xe2\x82\xac \xf0\x9f\x94\x92", "utf8",
          "unknown key with UTF-8"),
    broken("bom", "byte order mark", b"\xef\xbb\xbf", TEXT,
           why="a byte order mark"),
    broken("utf16", "UTF-16", TEXT.decode().encode("utf-16"), why=NO_FIELD),
    extra(broken, b"note: \xfc", "latin1", "Latin-1", why=NO_UTF8),
    extra(broken, b"note: \xc0\xaf", "utf8-long", "overlong UTF-8",
          why=NO_UTF8),
    extra(broken, b"note: \xed\xa0\x80", "utf8-surrogate", "a surrogate",
          why=NO_UTF8),
    extra(broken, b"note: \xe2\x82", "utf8-cut", "UTF-8 cut short",
          why=NO_UTF8),
    extra(broken, b"note: a\0b", "nul", "NUL in a value", why=CONTROL),
    broken("nul-end", "NUL behind the text", TEXT, b"\0", why=NO_FIELD),
    extra(broken, b"note: a\x1b[0m", "control", "control character",
          why=CONTROL),
    extra(broken, b"note: a\x7f", "delete", "DEL in a value", why=CONTROL),
    extra(broken, b"<!-- page made by a server -->", "html-tail",
          "HTML behind it", why=NO_FIELD),
    broken("html", "a page", b"<html><body>Welcome</body></html>\n",
           why=NO_FIELD),
    broken("html-head", "HTML in front", b"<pre>\n", TEXT, why=NO_FIELD),

    # Unknown keys.
    extra(taken, b"x-1_2.3: some: words; here, 1=2", "extension",
          "unknown key, odd value"),
    extra(taken, b"a" * 32 + b": b", "key-32", "key of 32 characters"),
    extra(broken, b"a" * 33 + b": b", "key-33", "key of 33 characters",
          why="at most 32 characters"),
    extra(broken, b"key", "no-colon", "key without a colon", why=NO_COLON),
    extra(broken, b"key:", "no-value", "unknown key without a value",
          why=NO_VALUE),
    extra(broken, b"key: \t", "blank-value", "unknown key, blanks for value",
          why=NO_VALUE),
    extra(broken, b": value", "no-key", "value without a key", why=NO_FIELD),
    extra(broken, b"two words: x", "key-blank", "blank in a key", why=BLANK),
    extra(broken, b"-key: x", "key-hyphen", "key that begins with a hyphen",
          why=NO_FIELD),
    extra(broken, b"# comment", "comment", "comment", why=NO_FIELD),
    extra(taken, b"Mode: testing", "mode-capital-more",
          "Mode beside mode is a key of its own"),

    # Version.
    version(broken, b"STSv2", "version-2", "STSv2"),
    version(broken, b"stsv1", "version-small", "version in lower case"),
    version(broken, b"STSv1.0", "version-1-0", "STSv1.0"),
    version(broken, b"STSv1;", "version-semicolon", "semicolon behind it"),
    version(broken, b'"STSv1"', "version-quoted", "version in quotes"),
    version(broken, b"", "version-empty", "version without a value",
            why=NO_VALUE),
    field(broken, VERSION, b"Version: STSv1", "version-capital",
          "key Version", why=NO_VERSION),
    broken("version-missing", "no version", MODE, MX, AGE, why=NO_VERSION),
    extra(taken, b"version: STSv2", "version-twice", "STSv1, then STSv2"),
    broken("version-twice-back", "STSv2, then STSv1", b"version: STSv2\n",
           TEXT, why=WHY[VERSION]),

    # Mode.
    mode(broken, b"Enforce", "mode-value-case", "mode Enforce"),
    mode(broken, b"report", "mode-report", "mode of a draft"),
    mode(broken, b"enforced", "mode-enforced", "mode enforced"),
    mode(broken, b"enforce, testing", "mode-list", "two modes in a list"),
    mode(broken, b'"enforce"', "mode-quoted", "mode in quotes"),
    mode(broken, b"enforce # really", "mode-comment", "comment behind it"),
    mode(broken, b"", "mode-empty", "mode without a value", why=NO_VALUE),
    field(broken, MODE, b"Mode: enforce", "mode-capital", "key Mode",
          why='there is no "mode"'),
    broken("mode-missing", "no mode", VERSION, MX, AGE,
           why='there is no "mode"'),
    extra(taken, b"mode: testing", "mode-twice", "enforce, then testing"),
    broken("mode-twice-bad", "a bad mode, then enforce", b"mode: x\n", TEXT,
           why=WHY[MODE]),
    permits("mode-twice-back", "testing, then enforce", b"mode: testing\n",
            TEXT, verdict="observe", report="validation-failure"),
    permits("none", "mode none, no mx", VERSION, b"mode: none\n", AGE,
            verdict="open", report=None),
    permits("none-mx", "mode none and an mx", VERSION, b"mode: none\n", MX,
            AGE, verdict="open", report=None),

    # Age.
    age(taken, b"0", "age-0", "max_age 0"),
    age(taken, b"1", "age-1", "max_age 1"),
    age(taken, b"31557600", "age-max", "max_age of a year"),
    age(taken, b"31557601", "age-over", "max_age of a second more"),
    age(taken, b"9999999999", "age-10", "max_age of ten digits"),
    age(taken, b"0000086400", "age-zeros", "max_age with zeros in front"),
    age(broken, b"00000086400", "age-zeros-11", "the same, eleven digits",
        why="more than 10 digits"),
    age(broken, b"10000000000", "age-11", "max_age of eleven digits",
        why="more than 10 digits"),
    age(broken, b"9" * 40, "age-40", "max_age of forty digits",
        why="more than 10 digits"),
    age(broken, b"-1", "age-minus", "max_age -1"),
    age(broken, b"+1", "age-plus", "max_age +1"),
    age(broken, b"1e3", "age-e", "max_age 1e3"),
    age(broken, b"0x10", "age-hex", "max_age 0x10"),
    age(broken, b"86400.0", "age-point", "max_age with a point"),
    age(broken, b"86,400", "age-comma", "max_age with a comma"),
    age(broken, b"86 400", "age-blank", "max_age with a blank"),
    age(broken, b"604800s", "age-unit", "max_age with a unit"),
    age(broken, b"\xd9\xa3", "age-arabic", "max_age in Arabic digits"),
    age(broken, b"", "age-empty", "max_age without a value", why=NO_VALUE),
    field(broken, AGE, b"max-age: 604800", "age-hyphen", "key max-age",
          why='there is no "max_age"'),
    field(broken, AGE, b"MAX_AGE: 604800", "age-capital", "key MAX_AGE",
          why='there is no "max_age"'),
    broken("age-missing", "no max_age", VERSION, MODE, MX,
           why='there is no "max_age"'),
    extra(taken, b"max_age: 0", "age-twice", "max_age twice"),
    broken("age-twice-bad", "a bad max_age, then a good one",
           b"max_age: x\n", TEXT, why=WHY[AGE]),

    # mx: what is no pattern is passed over, and one must be left.
    broken("mx-missing", "enforce without mx", VERSION, MODE, AGE,
           why=WHY[MX]),
    broken("mx-missing-testing", "testing without mx", VERSION,
           b"mode: testing\n", AGE, why=WHY[MX]),
    mx(broken, b"", "empty", "mx without a value", why=NO_VALUE),
    mx(broken, b"*", "star", "mx *"),
    mx(broken, b"*.", "star-dot", "mx *."),
    mx(broken, b"**.good.example", "stars", "two stars in a label"),
    mx(broken, b"*.*.example", "star-star", "star in two labels"),
    mx(broken, b"m*.good.example", "star-part", "star for part of a label"),
    mx(broken, b"mx.*.example", "star-inside", "star not in front"),
    mx(broken, b"*good.example", "star-tight", "star without a dot"),
    mx(broken, b"mx.good.example.", "dot", "trailing dot"),
    mx(broken, b".good.example", "first-dot", "dot in front"),
    mx(broken, b"mx..example", "dots", "empty label"),
    mx(broken, b"mx_1.good.example", "underscore", "underscore"),
    mx(broken, b"-mx.good.example", "hyphen", "hyphen in front"),
    mx(broken, b"a" * 64 + b".example", "label-64", "label of 64"),
    mx(broken, b"mx.good.example:25", "port", "port"),
    mx(broken, b"[192.0.2.1]", "literal", "address literal"),
    mx(broken, b"mx.good.example, mx.example", "comma", "comma list"),
    mx(broken, b"mx.good.example mx.example", "blank", "blank list"),
    mx(broken, b"10 mx.good.example", "preference", "preference in front"),
    mx(broken, b"mx.b\xc3\xbccher.example", "u-label", "U-label"),
    mx(broken, b"smtp://mx.good.example", "url", "URL"),
    mx(broken, b"mx.good.example # ours", "note", "comment behind it"),
    mx(broken, b"bob@good.example", "mailbox", "mailbox"),
    field(broken, MX, b"MX: mx.example", "mx-capital", "key MX"),
    mx(taken, b"192.0.2.1", "quad", "dotted quad"),
    mx(taken, b"localhost", "label", "one label"),
    mx(taken, b"a" * 63 + b".example", "label-63", "label of 63"),
    mx(taken, b"xn--mx-eka.example", "a-label", "A-label"),
    mx(taken, b"*.mx.good.example", "below", "wildcard below the host"),
    mx(taken, b"*.example", "above", "wildcard two labels above"),
    mx(permits, b"mx.good.example", "same", "the host"),
    mx(permits, b"MX.Good.EXAMPLE", "case", "the host in capitals"),
    mx(permits, b"*.good.example", "wildcard", "wildcard"),
    taken("mx-bad-first", "a bad mx, then a good one", b"mx: *\n", TEXT),
    taken("mx-bad-last", "a good mx, then a bad one", TEXT,
          b"mx: mx.good.example.\n"),
    permits("mx-many", "a thousand mx, the last counts", VERSION, MODE, AGE,
            *(b"mx: mx%d.example\n" % n for n in range(1000)),
            b"mx: mx.good.example\n"),
]
