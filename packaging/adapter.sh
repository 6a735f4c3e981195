#!/bin/sh
# SPDX-License-Identifier: ISC
# What the scripts "exim" and "opensmtpd" beside this file share; they read it.

set -eu
PATH=$PATH:/usr/sbin:/usr/local/sbin

fail()
{
	echo "install-${0##*/}: $*" >&2
	exit 1
}

# find_mta VARIABLE PATH NAME...: print the program that VARIABLE=PATH names,
# or else the first NAME that is there.
find_mta()
{
	variable=$1
	named=$2
	shift 2
	for name in ${named:-"$@"}; do
		! command -v "$name" || return 0
	done
	fail "no ${named:-$*} here: $variable=path names it," \
	    "DESTDIR=dir installs without asking one"
}

# make_state DIR USER GROUP: unless it is there.
make_state()
{
	[ ! -e "$1" ] || return 0
	install -d -m 755 -o 0 -g 0 "$(dirname "$1")"
	install -d -m 700 -o "$2" -g "$3" "$1"
}
