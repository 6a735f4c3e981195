#!/bin/sh
# SPDX-License-Identifier: ISC
# "report" with a collector: what its socket is told, when we are built with
# libtlsrpt; else that we say so.  Run as root.

set -u
: "${B:=build}" "${WITH_LIBTLSRPT:=0}"
mta_sts=$PWD/$B/mta-sts
case $B in
/*) mta_sts=$B/mta-sts ;;
esac
dir=$(mktemp -d /run/mta-sts-test-XXXXXX)
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"

if [ "$WITH_LIBTLSRPT" = 1 ]; then
	python3 tests/unit/collector_server.py "$mta_sts" "$dir"
	exit
fi

passed=0
failed=0
mkdir -m 700 "$dir/state" "$dir/state/journal"
chown -R 65534:65534 "$dir/state"
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

expect 64 'report-collector /run/socket: built without libtlsrpt'
expect 64 'report: with report-collector there is no --dry-run' -n
expect 64 'report: with report-collector there is no --output' -O "$dir"
expect 64 'report: with report-collector there is no --journal' -J "$dir"
echo "*** COLLECTOR SKIPPED: built without libtlsrpt ***"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
