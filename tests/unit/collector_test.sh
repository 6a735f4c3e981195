#!/bin/sh
# SPDX-License-Identifier: ISC
# "report" with a collector: what its socket is told, when we are built with
# libtlsrpt; else that we say so.  Run as root: a state in /tmp is refused.

set -u
: "${B:=build}" "${WITH_LIBTLSRPT:=0}"
mta_sts=$PWD/$B/mta-sts
case $B in
/*) mta_sts=$B/mta-sts ;;
esac
root=$(id -u)
if [ "$root" -eq 0 ]; then
	dir=$(mktemp -d /run/mta-sts-test-XXXXXX)
else
	dir=$(mktemp -d)
fi
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"

if [ "$WITH_LIBTLSRPT" = 1 ] && [ "$root" -eq 0 ]; then
	python3 tests/unit/collector_server.py "$mta_sts" "$dir"
	exit
fi

passed=0
failed=0
printf 'state %s/state\nreport-collector /run/socket\n' "$dir" >"$dir/conf"

# expect STATUS TEXT ARGUMENT...
expect()
{
	status=$1 text=$2
	shift 2
	said=$("$mta_sts" report -c "$dir/conf" "$@" 2>&1)
	if [ $? -eq "$status" ] && [ "$said" = "mta-sts: $text" ]; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	printf 'FAILED %s: %s\n' "$text" "$said"
}

if [ "$root" -eq 0 ]; then
	mkdir -m 700 "$dir/state" "$dir/state/journal"
	chown -R 65534:65534 "$dir/state"
	expect 64 'report-collector /run/socket: built without libtlsrpt'
fi
expect 64 'report: with report-collector there is no --dry-run' -n
expect 64 'report: with report-collector there is no --output' -O "$dir"
expect 64 'report: with report-collector there is no --journal' -J "$dir"
echo "*** COLLECTOR SKIPPED: built without libtlsrpt, or not root ***"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
