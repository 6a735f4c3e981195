#!/bin/sh
# SPDX-License-Identifier: ISC
# The command on tables of input: exact output and exit status.  What needs a
# network is in tests/e2e.

set -u
: "${B:=build}"
mta_sts=$PWD/$B/mta-sts
case $B in
/*) mta_sts=$B/mta-sts ;;
esac
man=$PWD/packaging/man
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
passed=0
failed=0

# expect NAME STATUS STDOUT ARGUMENT...; "=" alone: any stdout.  stderr must
# be one line if the status is 2 or 64, and empty otherwise but for "warn".
expect()
{
	name=$1 status=$2 want=$3 warn=${warn:-0}
	shift 3
	"$mta_sts" "$@" >out 2>err </dev/null
	got=$?
	lines=$(grep -c '' err)
	case $status in
	2 | 64) wanted_lines=1 ;;
	*) wanted_lines=$warn ;;
	esac
	warn=0
	if [ "$got" -eq "$status" ] && [ "$lines" -eq "$wanted_lines" ] &&
	    { [ "$want" = = ] || [ "$(cat out)" = "$want" ]; }; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	printf 'FAILED %s: exit %s (not %s)\n' "$name" "$got" "$status"
	sed 's/^/  stdout: /' out
	sed 's/^/  stderr: /' err
}

# says NAME TEXT: the last command's stderr.
says()
{
	if [ "$(cat err)" = "mta-sts: $2" ]; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	printf 'FAILED %s says: %s\n' "$1" "$(cat err)"
}

same()
{
	if cmp -s "$2" "$3"; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	printf 'FAILED %s\n' "$1"
	diff "$2" "$3"
}

# ---- usage -----------------------------------------------------------------

expect usage_none 64 ''
says usage_none 'a command is missing, see --help'
expect usage_unknown 64 '' frobnicate
says usage_unknown 'unknown command "frobnicate", see --help'
expect usage_half 64 '' policy
says usage_half 'policy: which of parse, match?'
expect usage_half_wrong 64 '' cache frob
says usage_half_wrong 'cache: which of list, show, drop, export, import, fsck?'
expect usage_prefix 64 '' quer example.com
expect usage_option 64 '' --frob config
says usage_option 'unknown option "--frob"'
expect usage_short 64 '' config -Q
says usage_short 'unknown option "-Q"'
expect usage_foreign 64 '' config --tlsrpt
says usage_foreign 'config: has no option --tlsrpt'
expect usage_value 64 '' query --mx
says usage_value 'option "--mx" needs a value'
expect usage_few 64 '' policy parse
says usage_few 'policy parse: expects FILE'
expect usage_many 64 '' policy parse a b
says usage_many 'policy parse: "b" is too much'
expect version 0 = --version
expect help 0 = --help
"$mta_sts" --help | while IFS= read -r line; do
	[ ${#line} -le 79 ] || echo "$line"
done >out
: >empty
same help_is_narrow out empty
for command in query 'policy parse' 'policy match' 'record parse' \
    'cache list' 'cache show' 'cache drop' 'cache export' 'cache import' \
    'cache fsck' refresh ledger journal inbox \
    config; do
	# shellcheck disable=SC2086
	expect "help_$command" 0 = $command --help
	if [ "$(grep -c '' out)" -gt 24 ] || ! grep -q '^usage: ' out; then
		failed=$((failed + 1))
		echo "FAILED help_$command fits no screen"
	fi
done

# ---- policy parse ----------------------------------------------------------

printf 'version: STSv1\r\nmode: enforce\r\nmx: MX1.example.com\r\nmx: *.Example.net\r\nmax_age: 604800\r\n' >good
printf 'version: STSv1\nmode: none\nmax_age: 99999999\n\n' >clamped
printf 'version: STSv1\nmode: enforce\nmx: a.example\n' >short
printf 'version: STSv1\nmodeenforce\nmx: a.example\nmax_age: 1\n' >no_colon
head -c 65537 /dev/zero | tr '\0' a >long

expect parse_good 0 '{"valid":true,"version":"STSv1","mode":"enforce","max_age":604800,"mx":["mx1.example.com","*.example.net"],"warnings":[]}' \
    policy parse --json good
expect parse_good_text 0 'valid
version   STSv1
mode      enforce
max_age   604800 (7 days)
mx        mx1.example.com
mx        *.example.net' policy parse good
expect parse_colon 1 '{"valid":false,"error":"there is no \":\" after the key","line":2,"byte":27}' \
    policy parse --json no_colon
expect parse_short 1 = policy parse --json short
grep -q '"line":0,"byte":0}$' out || {
	failed=$((failed + 1))
	echo "FAILED parse_short: an error of the whole has a place"
}
expect parse_long 1 '{"valid":false,"error":"the policy is longer than 65536 octets","line":0,"byte":0}' \
    policy parse --json long
expect parse_endless 1 = policy parse /dev/zero
expect parse_empty 1 = policy parse /dev/null
expect parse_stdin 1 = policy parse -
expect parse_clamped 0 = policy parse --json clamped
grep -q '"max_age":31557600,"mx":\[\],"warnings":\["' out || {
	failed=$((failed + 1))
	echo "FAILED parse_clamped: $(cat out)"
}
expect parse_missing 2 '' policy parse nosuch
says parse_missing 'nosuch: No such file or directory'
expect parse_directory 2 '' policy parse .
says parse_directory '.: Is a directory'
"$mta_sts" policy parse --json - <good >out
"$mta_sts" policy parse --json good >out2
same parse_stdin_is_file out out2
"$mta_sts" policy parse good >/dev/full 2>err
[ $? -eq 2 ] || {
	failed=$((failed + 1))
	echo "FAILED parse_full: no word of a full disk"
}

# ---- policy match ----------------------------------------------------------

match()
{
	expect "match $1 $2" "$3" "$4" policy match --mx "$1" "$2"
}
match mx.example.com mx.example.com 0 match
match mx.example.com MX.Example.COM. 0 match
match '*.example.com' a.example.com 0 match
match '*.example.com' example.com 1 'no match'
match '*.example.com' a.b.example.com 1 'no match'
match '*.example.com' a.example.com.evil 1 'no match'
match '*.example.com' . 1 'no match'
match '*.example.com' '' 1 'no match'
warn=1 match '*' example 1 'no match'
match 192.0.2.1 192.0.2.1 1 'no match'
warn=1 match 'mx.*.example' mx.a.example 1 'no match'
expect match_file 0 match policy match good a.example.net
expect match_file_not 1 'no match' policy match good a.b.example.net
expect match_json 1 '{"match":false}' policy match --json good x
expect match_invalid 64 '' policy match no_colon a.example
says match_invalid 'no_colon:2: there is no ":" after the key'
expect match_missing 2 '' policy match nosuch a.example
expect match_few 64 '' policy match good
expect match_many 64 '' policy match --mx a b c

# ---- record parse ----------------------------------------------------------

expect record 0 '{"valid":true,"id":"20190429T010101"}' \
    record parse --json 'v=STSv1; id=20190429T010101;'
expect record_text 0 'valid
id        1' record parse 'v=STSv1;id=1'
expect record_of_several 0 '{"valid":true,"id":"a"}' \
    record parse --json 'v=spf1 -all' 'v=STSv1;id=a'
expect record_escapes 0 '{"valid":true,"id":"a"}' \
    record parse --json '\118=STSv1\059 \id=a'
expect record_two 1 = record parse --json 'v=STSv1;id=a' 'v=STSv1;id=b'
expect record_none 1 = record parse --json 'v=spf1'
expect record_nul 1 = record parse --json 'v=STSv1;id=a\000'
expect record_8bit 1 = record parse --json 'v=STSv1;id=\195\188'
expect record_empty 1 = record parse --json ''
expect record_dash 1 = record parse --json -- -x
expect record_escape_cut 64 '' record parse 'v=STSv1;id=\1'
expect record_escape_short 64 '' record parse 'v=STSv1;id=\12'
expect record_escape_large 64 '' record parse 'v=STSv1;id=\256'
expect record_missing 64 '' record parse
expect tlsrpt 0 '{"valid":true,"rua":["mailto:a@b.example","https://x.example/y"]}' \
    record parse --tlsrpt --json \
    'v=TLSRPTv1;rua=mailto:a@b.example,https://x.example/y'
expect tlsrpt_text 0 'valid
rua       mailto:a@b.example' record parse --tlsrpt \
    'v=TLSRPTv1;rua=mailto:a@b.example'
expect tlsrpt_none 1 = record parse --tlsrpt --json 'v=STSv1;id=1'

# ---- config ----------------------------------------------------------------

cat >all.conf <<'END'
# all of it
state /var/lib/x y
END
expect config_bad 64 '' -c all.conf config
says config_bad 'all.conf:2: state: one value is expected, "y" is too much'
expect config_missing 64 '' -c nosuch config
says config_missing 'nosuch: open: No such file or directory'
printf 'trust-ad yes\nfrob 1\n' >unknown.conf
expect config_unknown 64 '' -c unknown.conf query example.com
says config_unknown 'unknown.conf:2: unknown keyword "frob"'
expect config_named_is_read 64 '' -c unknown.conf policy parse good
printf '\nexcuse a.example reason x\n' >rule.conf
expect config_rule 64 '' config -c rule.conf
says config_rule 'rule.conf:2: excuse: an excuse needs both until and reason'
cat >all.conf <<'END'
state "/var/lib/mta sts"
resolver 127.0.0.1:53
resolver ::1
timeout 1m
require a.example mx *.a.example reason "# 1"   # why
excuse b.example until 2999-12-31 reason x
log-level debug
END
"$mta_sts" -c all.conf config >first.conf
"$mta_sts" -c first.conf config >second.conf
same config_reads_back first.conf second.conf
expect config_json 0 '{"state":"\"/var/lib/mta sts\"","ca-file":null,"ca-dir":null,"resolver":["127.0.0.1:53","::1"],"trust-ad":"no","timeout":"60s","parallel":"16","proxy":null,"allow-network":[],"self":[],"outbound-network":[],"on-error":"defer","on-dns-error":"none","require":["a.example mx *.a.example reason \"# 1\""],"excuse":["b.example until 2999-12-31 reason x"],"report-from":null,"report-org":null,"report-dkim":"no","report-sendmail":"/usr/sbin/sendmail","report-suppress":[],"report-delay":"14400s","report-keep":"1209600s","report-per-rua":"20","report-per-run":"1000","report-collector":null,"tls-required-no":"no","log-level":"debug"}' \
    -c all.conf config --json
printf 'excuse b.example until 2020-12-31 reason x\n' >ended.conf
warn=1 expect config_ended 0 = -c ended.conf config
says config_ended 'ended.conf:1: the rule for b.example has ended'
"$mta_sts" config --keywords | sort >keywords
sed -n -e 's/^\.It Ic \([a-z-]*\) .*/\1/p' -e 's/^\.Ic \([a-z-]*\)$/\1/p' \
    "$man/mta-sts.conf.5" | sort -u >manual
same config_manual_has_all keywords manual

# ---- check-config ----------------------------------------------------------

cat >smtpd.conf <<'END'
include "more.conf"
action "out" relay
match for any action "out"
END
echo 'listen on lo' >more.conf
expect smtpd_no_table 1 'smtpd.conf: there is no table "mta-sts:/...": MTA-STS is not asked' \
    check-config smtpd smtpd.conf
expect smtpd_json 1 '{"file":"smtpd.conf","line":0,"finding":"there is no table \"mta-sts:/...\": MTA-STS is not asked"}' \
    check-config smtpd --json smtpd.conf
: >mta-sts.conf
printf '#!/bin/sh\n' >filter-mta-sts
chmod 755 filter-mta-sts
sed -e "s|/etc/mta-sts.conf|$dir/mta-sts.conf|" -e "s|/etc/ssl.*\\.crt|$dir/good|" \
    -e "s|\"filter-mta-sts -s|\"$dir/filter-mta-sts -d $dir/nostate -s|" \
    "$man/../../opensmtpd/stage.conf" >stage.conf
expect smtpd_machine 1 = check-config smtpd stage.conf
grep -v 'table-mta-sts cannot be run' out >left
echo "stage.conf: $dir/nostate is no directory: \"make install-opensmtpd\" makes it" >want
same smtpd_state left want
mkdir -m 755 nostate
expect smtpd_mode 1 = check-config smtpd stage.conf
grep -c 'must have mode 0700' out >left
echo 1 >want
same smtpd_mode_said left want
echo frob >mta-sts.conf
expect smtpd_operand 1 = check-config smtpd stage.conf
grep -v 'table-mta-sts cannot be run' out >left
echo "stage.conf:9: $dir/mta-sts.conf:1: unknown keyword \"frob\"" >want
same smtpd_operand_said left want
echo 'listen "on' >more.conf
expect smtpd_words 2 '' check-config smtpd smtpd.conf
says smtpd_words 'more.conf:2: quote is not closed'
rm more.conf
expect smtpd_include 2 '' check-config smtpd smtpd.conf
says smtpd_include 'more.conf: No such file or directory'
expect smtpd_which 64 '' check-config

# ---- names -----------------------------------------------------------------

printf 'state %s/nosuch\n' "$dir" >nostate.conf
for name in '[192.0.2.1]' 192.0.2.1 a..b a_b.example '' . -a.example; do
	expect "query $name" 64 '' -c nostate.conf query --offline -- "$name"
done
expect query_address 64 '' -c nostate.conf query 192.0.2.1
says query_address '192.0.2.1: an address has no MTA-STS policy'
expect query_mx 64 '' -c nostate.conf query --mx a_b a.example
expect query_both 64 '' -c nostate.conf query -f -o a.example
expect query_forms 64 '' -c nostate.conf query -b -j a.example
says query_forms 'query: --brief and --json exclude each other'
expect query_no_state 2 '' -c nostate.conf query --offline b.example
expect list_no_state 2 '' -c nostate.conf cache list
says list_no_state "$dir/nosuch: No such file or directory"
expect ledger_bad_day 64 '' -c nostate.conf ledger --since 2026-1-1
says ledger_bad_day '"2026-1-1" is not a day YYYY-MM-DD'
expect ledger_bad_name 64 '' -c nostate.conf ledger a.example a_b
expect show_bad_name 64 '' -c nostate.conf cache show a_b
expect drop_bad_name 64 '' -c nostate.conf cache drop a_b

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
