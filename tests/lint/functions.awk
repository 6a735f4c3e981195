# SPDX-License-Identifier: ISC
# Functions open and close in column 0: none may be longer than 60 lines.

FNR == 1 { start = 0 }
/^\{/ { start = FNR }
/^\}/ {
	if (start && FNR - start - 1 > 60) {
		printf "%s:%d: function of %d lines\n", FILENAME, start, \
		    FNR - start - 1
		bad = 1
	}
	start = 0
}
END { exit bad }
