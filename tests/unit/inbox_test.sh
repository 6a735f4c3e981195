#!/bin/sh
# SPDX-License-Identifier: ISC
# "inbox" on reports as senders make them: exact output and exit status, what
# is said of files that cannot be read, and the page.

set -u
: "${B:=build}"
mta_sts=$PWD/$B/mta-sts
case $B in
/*) mta_sts=$B/mta-sts ;;
esac
reports=$PWD/tests/data/inbox
mail=$PWD/tests/data/mime
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
# What looks for leaks wants /proc and ptrace, which the reader gave up; the
# unit tests look for them.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS
passed=0
failed=0

result()
{
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	printf 'FAILED %s\n' "$2"
	sed 's/^/  stdout: /' out
	sed 's/^/  stderr: /' err
}

# expect NAME STATUS ARGUMENT...: exit status; out and err stay.
expect()
{
	name=$1 status=$2
	shift 2
	timeout 60 "$mta_sts" inbox "$@" >out 2>err </dev/null
	got=$?
	[ "$got" -eq "$status" ]
	result $? "$name: exit $got, not $status"
}

# prints NAME TEXT: a line of the last command's stdout begins so.
prints()
{
	grep -qF -- "$2" out
	result $? "$1 prints: $2"
}

# says NAME TEXT...: all of the last command's stderr.
says()
{
	name=$1
	shift
	: >want
	for line; do
		echo "mta-sts: $line" >>want
	done
	cmp -s want err
	result $? "$name says: $*"
}

# ---- senders -----------------------------------------------------------------

expect google 1 "$reports/google-mx-list.json"
says google
cat >want <<'END'
1 report, 2026-11-20: 415 sessions, 3 failed
REPORTER     POLICY                 RESULT                     MX             SESSIONS  FAILED  LAST
Google Inc.  a.example sts enforce  -                          -                   415       3  2026-11-20
Google Inc.  a.example sts enforce  certificate-host-mismatch  mx2.a.example         -       3  2026-11-20
END
cmp -s want out
result $? google_table

expect json 1 -j "$reports/google-mx-list.json"
cat >want <<'END'
{"reporter":"Google Inc.","domain":"a.example","type":"sts","mode":"enforce","result":null,"mx":null,"sessions":415,"failed":3,"first":"2026-11-20","last":"2026-11-20","sender":null,"mx_address":null,"reason":null,"information":null}
{"reporter":"Google Inc.","domain":"a.example","type":"sts","mode":"enforce","result":"certificate-host-mismatch","mx":"mx2.a.example","sessions":null,"failed":3,"first":"2026-11-20","last":"2026-11-20","sender":"192.0.2.41","mx_address":"198.51.100.7","reason":null,"information":null}
END
cmp -s want out
result $? json_lines

# sender STATUS FILE SESSIONS FAILED WORDS...: WORDS stand in one line.
sender()
{
	status=$1 file=$2 sessions=$3 failing=$4
	shift 4
	expect "$file" "$status" "$reports/$file"
	says "$file"
	prints "$file" ": $sessions sessions, $failing failed"
	tr -s ' ' <out | grep -qF -- "$*"
	result $? "$file has: $*"
}
sender 1 google-empty-strings.json 399 1 'sts enforce validation-failure - - 1'
sender 0 microsoft-bare.json 127 0 'b.example no-policy-found - - 7 0 2026-11-20'
sender 1 microsoft-two-policies.json 149 6 'c.example tlsa tlsa-invalid mx.c.example - 4'
sender 1 cable-zoneless.json 57 2 'certificate-expired mx1.a.example - 2 2026-11-20'
sender 1 portal-numbers-in-quotes.json 89 1 'sts enforce starttls-not-supported mx2.a.example - 1'
sender 1 mox.json 6 0 'sts-webpki-invalid - - 0'
sender 1 stalwart-window.json 5 5 'certificate-not-trusted mx1.a.example - 5 2026-11-23'
sender 1 postfix-reporter.json.gz 10 1 'certificate-host-mismatch mx2.a.example - 1'
sender 1 gateway-no-details.json 46 6 'b.example sts testing (no details) - - 6'
sender 1 draft-names.json 11 1 'draft.example a.example sts certificate-expired mx1.a.example'

expect hostile 1 "$reports/hostile.json"
! LC_ALL=C grep -q '[^ -~]' out
result $? hostile_is_escaped

# ---- mail --------------------------------------------------------------------

# The body outranks subject and file name (RFC 8460, 5.6).
for file in rfc nested-gzip octet-stream json-plain single-part forwarded qp; do
	case $file in
	nested-gzip) expect "$file" 0 "$mail/$file.eml" ;;
	*) expect "$file" 1 "$mail/$file.eml" ;;
	esac
	says "$file"
	prints "$file" '1 report, '
done
prints qp 'b.example sts testing'

expect mbox 2 "$mail/mbox"
says mbox "$mail/mbox: message 4: part 2: gzip ends too early"
prints mbox '4 reports, 2026-11-20 to 2026-11-22: 780 sessions, 10 failed'
prints mbox '1 message without a report'
cp out mbox.out
"$mta_sts" inbox - <"$mail/mbox" >out 2>err
cmp -s out mbox.out
result $? stdin_is_the_same
says stdin 'standard input: message 4: part 2: gzip ends too early'

mkdir -p Maildir/cur Maildir/new Maildir/tmp
cp "$mail/rfc.eml" 'Maildir/cur/1.a:2,S'
cp "$mail/no-report.eml" Maildir/new/2.b
cp "$mail/json-plain.eml" Maildir/new/3.c
cp "$mail/claims.eml" Maildir/tmp/4.d
ln -s "$mail/octet-stream.eml" Maildir/new/5.e
expect maildir 2 Maildir
says maildir 'Maildir/new/5.e: Too many levels of symbolic links'
prints maildir '2 reports, '
rm Maildir/new/5.e
expect maildir_well 1 Maildir/
says maildir_well
mkdir -p none/cur none/new
expect maildir_empty 0 none
prints maildir_empty '0 reports'

# Once each, in whatever it comes.
expect again 1 "$mail/rfc.eml" "$mail/forwarded.eml" \
    "$reports/google-mx-list.json"
says again
prints again '1 report, '
prints again '2 came again and were not counted again'
sed 's/:412,/:4,/' "$reports/google-mx-list.json" >forged.json
expect disagrees 2 "$reports/google-mx-list.json" forged.json
says disagrees 'forged.json: not counted: report "2026-11-20T00:00:00Z_a.example" of "Google Inc." came before and said something else'
prints disagrees '415 sessions'

expect since 1 --since 2026-11-22 "$reports"/google*.json \
    "$reports"/microsoft-two-policies.json
prints since '1 report, 2026-11-22'
prints since '2 older and left out'

# ---- what cannot be read -------------------------------------------------------

good=$reports/google-mx-list.json
mkfifo fifo
: >empty
mkdir plain
ln -s nowhere dangling
head -c 26214401 /dev/zero >huge
expect bad 2 nosuch fifo /dev/zero empty plain dangling huge "$reports/torn.json" \
    "$reports/other.json" "$mail/claims.eml" "$mail/dmarc.eml" "$good"
says bad 'nosuch: No such file or directory' \
    'fifo: is no regular file: give it to standard input' \
    '/dev/zero: is no regular file: give it to standard input' \
    'empty: is empty' \
    'plain: is a directory, but no Maildir' \
    'dangling: No such file or directory' \
    'huge: more than 26214400 octets' \
    "$reports/torn.json: JSON, line 1 column 200: unexpected token near end of file" \
    "$reports/other.json: JSON that is no TLS report: it has no policies" \
    "$mail/claims.eml: says that it is a TLS report, and has none in it" \
    "$mail/dmarc.eml: has no TLS report in it"
prints bad_costs_no_other '1 report, '
expect odd 2 "$reports/odd.json"
says odd "$reports/odd.json: start-datetime is no date and time"
prints odd '1 report'
expect deep 2 "$mail/deep.eml"
says deep "$mail/deep.eml: has no TLS report in it"

head -c 68000000 /dev/zero | tr '\0' ' ' | gzip -c >bomb.json.gz
expect bomb 2 bomb.json.gz "$good"
says bomb 'bomb.json.gz: more than 67108864 octets'
prints bomb '1 report, '
head -c 70000000 /dev/zero | tr '\0' '[' >brackets
sed 's/^./{/' brackets | head -c 30000000 >values.json
expect values 2 values.json
says values 'values.json: JSON of more than 1000000 values'
rm -f brackets huge values.json
"$mta_sts" inbox - </dev/zero >out 2>err
[ $? -eq 2 ]
result $? endless
says endless 'standard input: more than 26214400 octets'
"$mta_sts" inbox "$good" >/dev/full 2>err
[ $? -eq 2 ]
result $? full
says full 'inbox: cannot write to stdout'

{
	echo 'From a@b Mon Nov 23 10:00:00 2026'
	echo 'From: a@b'
	echo
	head -c 27000000 /dev/zero | tr '\0' x
	echo
	echo
	cat "$mail/mbox"
} >large.mbox
expect large 2 large.mbox
says large 'large.mbox: message 1: more than 26214400 octets' \
    'large.mbox: message 5: part 2: gzip ends too early'
prints large '4 reports, '
rm large.mbox

# Whoever reads what strangers wrote has given up what it does not need.
if grep -q '^Seccomp:' /proc/self/status 2>/dev/null; then
	mkfifo hold
	"$mta_sts" inbox - <hold >out 2>err &
	parent=$!
	exec 9>hold
	tries=0
	state=
	while [ "$state" != 2 ] && [ "$tries" -lt 50 ]; do
		sleep 0.1
		tries=$((tries + 1))
		for status in /proc/[0-9]*/status; do
			grep -q "^PPid:[[:blank:]]$parent\$" "$status" 2>/dev/null ||
			    continue
			state=$(sed -n 's/^Seccomp:[[:blank:]]//p' "$status")
		done
	done
	[ "$state" = 2 ]
	result $? reader_is_confined
	cat "$good" >&9
	exec 9>&-
	wait "$parent"
	[ $? -eq 1 ]
	result $? reader_reads
fi

# ---- usage -------------------------------------------------------------------

expect usage 64
expect usage_day 64 --since yesterday "$good"
says usage_day '"yesterday" is not a day YYYY-MM-DD'
expect usage_day_that_is_none 64 --since 2026-02-30 "$good"
says usage_day_that_is_none '2026-02-30: is not a day YYYY-MM-DD'
expect usage_dash 2 -- -x
says usage_dash '-x: No such file or directory'
mkdir -p elsewhere
cp "$mta_sts" elsewhere/
elsewhere/mta-sts inbox "$good" >out 2>err
case $?:$(cat err) in
1: | 2:*libexec/mta-sts/mta-sts-inbox:*) true ;;
*) false ;;
esac
result $? the_installed_program_is_looked_for

# ---- the page ------------------------------------------------------------------

umask 027
expect page 2 --html page.html "$reports"/*.json "$reports"/*.gz
[ "$(stat -c %a page.html)" = 640 ]
result $? page_mode
! grep -qE '<(script|img|link|iframe|object)|<[^>]* (src|href)=|url\(' \
    page.html
result $? page_is_alone
! LC_ALL=C grep -q "$(printf '[\001-\010\033\177]')" page.html
result $? page_has_no_controls
if command -v python3 >/dev/null; then
	python3 - >out 2>err <<'END'
import xml.etree.ElementTree as tree
root = tree.parse("page.html").getroot()
name = lambda e: e.tag.rsplit("}", 1)[-1]
all = list(root.iter())
assert name(root) == "html"
assert sum(name(e) == "svg" for e in all) >= 5
assert sum(name(e) == "rect" for e in all) > 50
allowed = set("""html head meta title style body main header h1 p span dl div
    dt dd small section h2 svg g rect table thead tbody tr th td bdi ul li
    footer""".split())
assert {name(e) for e in all} <= allowed, {name(e) for e in all} - allowed
for e in all:
    for key in e.attrib:
        assert not key.startswith("on"), key
text = "".join(root.itertext())
assert "<script>alert(1)</script>" in text
assert "</td><img src=x onerror=alert(1)>" in text
assert "\u202e" not in text and "\u200b" not in text
END
	result $? page_is_xml
fi
cp page.html before.html
expect page_kept 2 --html nosuch/page.html "$good"
[ "$(grep -c nosuch err)" -eq 1 ]
result $? page_kept_says
ln -s page.html link.html
expect page_link 2 --html link.html "$good"
says page_link 'inbox: link.html: is no regular file'
expect page_device 2 --html /dev/null "$good"
cmp -s page.html before.html && [ -c /dev/null ]
result $? page_touches_no_other
expect page_again 1 --html page.html "$good"
! cmp -s page.html before.html
result $? page_is_replaced
[ "$(echo page.html*)" = page.html ]
result $? page_leaves_nothing_beside
expect page_over_bad 2 --html page.html nosuch
grep -q '</html>' page.html
result $? page_of_nothing

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
