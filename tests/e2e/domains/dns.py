# SPDX-License-Identifier: ISC
"""The TXT record at _mta-sts and how it is found (RFC 8461, 3.1).

All these have one good mail host that their policy does not permit, so that
delivery tells whether the policy was found.
"""
from row import GUEST, NO_MX, Domain, Lie, deferred, verified

STS = '"v=STSv1; id=1;"'
SPF = '"v=spf1 -all"'
# What "mta-sts query" names as the cause.
NONE = "there is no TXT record at _mta-sts"
FOREIGN = 'begins with "v=STSv1;"'
SEVERAL = "2 MTA-STS records and not one"
NO_ID = 'the MTA-STS record has no "id"'
BAD_ID = 'the "id" of the MTA-STS record is malformed at octet 13'
UNKNOWN = "cannot tell, mail passes: DNS failed"
# More than a datagram holds, so that it comes by TCP.
LONG = tuple(f'"number {n} {"x" * 200}"' for n in range(20))


def found(name, story, *txt, **more):
    """A record that counts."""
    return Domain(name, story, ours=deferred(NO_MX), verdict="refuse",
                  txt=txt, **GUEST, **more)


def ignored(name, story, *txt, **more):
    """A record that does not; the domain is as one without a policy."""
    return Domain(name, story, ours=verified("mx.good"), verdict="open",
                  txt=txt, **GUEST, **more)


def alias(name, story, make, records, query=None):
    """No TXT at _mta-sts itself, but RECORDS."""
    return make(name, story, records=records, query=query)


def unanswered(name, story, do, **more):
    """A question for the record that gets no answer to rely on."""
    return Domain(name, story, ours=verified("mx.good"), verdict="open",
                  timeout="2s", lies=(Lie("_mta-sts", do, "TXT"),),
                  query=UNKNOWN, **GUEST, **more)


ROWS = [
    # One record, well spelt.
    found("txt-spf", "SPF record beside it", SPF, STS),
    found("txt-many", "twenty other records beside it, answer by TCP",
          *LONG, STS),
    found("txt-split", "record cut into strings", '"v=STSv" "1; i" "d=1" ";"'),
    found("txt-split-id", "cut inside the id, with an empty string",
          '"v=STSv1; id=12" "" "34;"'),
    found("txt-no-end", "no semicolon at the end", '"v=STSv1; id=1"'),
    found("txt-tight", "no blank at all", '"v=STSv1;id=1"'),
    found("txt-blanks", "blanks and tabs around the semicolons",
          '"v=STSv1;\\009 id=1 \\009; "'),
    found("txt-blank-first", "blank before the semicolon, only record",
          '"v=STSv1 ;id=1"'),
    found("txt-extension", "unknown fields around the id",
          '"v=STSv1; a=1; id=1; b_-.9=x/y+z;"'),
    found("txt-id-32", "id of 32 characters",
          '"v=STSv1; id=abcdefghijklmnopqrstuvwxyz012345;"'),
    found("txt-two-ids", "two ids: the first counts",
          '"v=STSv1; id=a; id=b;"'),
    found("txt-ttl", "time to live of 68 years",
          records=f"_mta-sts 2147483647 TXT {STS}\n"),
    found("txt-ttl-0", "time to live of zero",
          records=f"_mta-sts 0 TXT {STS}\n"),
    alias("txt-wildcard", "record by a wildcard", found, f"* TXT {STS}\n"),
    alias("txt-cname", "record behind an alias", found,
          f"_mta-sts CNAME there\nthere TXT {STS}\n"),
    alias("txt-cnames", "record behind three aliases, two zones", found,
          "_mta-sts CNAME a\na CNAME b\nb CNAME _mta-sts.good.example.\n"),
    found("txt-signed", "record in a signed zone", STS, signed=True),

    # None, several, or malformed.
    ignored("txt-missing", "policy host, but no record", query=NONE),
    alias("txt-apex", "record at the domain itself", ignored,
          f"@ TXT {STS}\n", NONE),
    alias("txt-spf-wildcard", "only SPF, by a wildcard", ignored,
          f"* TXT {SPF}\n", FOREIGN),
    alias("txt-cname-nowhere", "alias of a name that does not exist",
          ignored, "_mta-sts CNAME nowhere\n", NONE),
    alias("txt-cname-loop", "aliases in a circle", ignored,
          "_mta-sts CNAME a\na CNAME b\nb CNAME a\n"),
    ignored("txt-two", "two records", STS, '"v=STSv1; id=2;"', query=SEVERAL),
    ignored("txt-two-spf", "two records and SPF", SPF, STS,
            '"v=STSv1; id=2;"', query=SEVERAL),
    ignored("txt-two-broken", "a record and a malformed one", STS,
            '"v=STSv1; id=;"', query=SEVERAL),
    ignored("txt-blank-beside", "blank before the semicolon, beside SPF",
            SPF, '"v=STSv1 ;id=1"', query=FOREIGN),
    ignored("txt-empty", "empty record", '""', query=FOREIGN),
    ignored("txt-quoted", "quotes inside the record",
            r'"\"v=STSv1; id=1;\""', query=FOREIGN),
    ignored("txt-leading-blank", "blank in front", '" v=STSv1; id=1;"',
            query=FOREIGN),
    ignored("txt-version-2", "version STSv2", '"v=STSv2; id=1;"',
            query=FOREIGN),
    ignored("txt-version-case", "version in lower case", '"v=stsv1; id=1;"',
            query=FOREIGN),
    ignored("txt-version-last", "version behind the id", '"id=1; v=STSv1;"',
            query=FOREIGN),
    ignored("txt-version-only", "version and nothing else", '"v=STSv1"',
            query=NO_ID),
    ignored("txt-no-id", "no id", '"v=STSv1; x=1;"', query=NO_ID),
    ignored("txt-id-case", "ID in capitals", '"v=STSv1; ID=1;"', query=NO_ID),
    ignored("txt-id-empty", "empty id", '"v=STSv1; id=;"',
            query="at octet 13"),
    ignored("txt-id-33", "id of 33 characters",
            '"v=STSv1; id=abcdefghijklmnopqrstuvwxyz0123456;"', query=BAD_ID),
    ignored("txt-id-hyphen", "hyphens in the id",
            '"v=STSv1; id=2026-11-23;"', query=BAD_ID),
    ignored("txt-id-bad-first", "bad id, then a good one",
            '"v=STSv1; id=a-b; id=1;"', query=BAD_ID),
    ignored("txt-blank-id", "blank behind id=", '"v=STSv1; id= 1;"',
            query="at octet 13"),
    ignored("txt-empty-field", "two semicolons", '"v=STSv1;; id=1;"',
            query="at octet 9"),
    ignored("txt-comma", "comma for semicolon", '"v=STSv1, id=1"',
            query=FOREIGN),
    ignored("txt-value-equals", "equals sign in a value",
            '"v=STSv1; id=1; x=YQ==;"', query='value for "x" at octet 18'),
    ignored("txt-value-blank", "blank in a value",
            '"v=STSv1; id=1; x=a b;"', query='value for "x" at octet 18'),
    ignored("txt-tail", "words behind the last field",
            '"v=STSv1; id=1; hello"', query="at octet 16"),
    ignored("txt-utf8", "octets above 126",
            r'"v=STSv1; id=1; x=\195\188;"',
            query='value for "x" at octet 18'),
    ignored("txt-nul", "NUL octet", r'"v=STSv1; id=1\000;"',
            query="at octet 13"),
    ignored("txt-newline", "newline", r'"v=STSv1; id=1;\010"',
            query="at octet 15"),

    # DNS cannot tell, and nothing is cached.
    unanswered("txt-servfail", "SERVFAIL", "servfail"),
    unanswered("txt-refused", "REFUSED", "refuse"),
    unanswered("txt-timeout", "no answer", "drop"),
    unanswered("txt-formerr", "FORMERR", "formerr"),
    unanswered("txt-garbage", "garbage for an answer", "garbage"),
    unanswered("txt-truncated", "truncated, and nothing by TCP", "truncate"),
    unanswered("txt-bogus", "forged in a signed zone", "nodata",
               signed=True),
    Domain("txt-forged-id", "record forged on the way", verdict="open",
           query=BAD_ID,
           ours=verified("mx.good"), lies=(
               Lie("_mta-sts", "forge", "TXT", ("v=STSv1; id=x-y;",)),),
           **GUEST),
]
