# SPDX-License-Identifier: ISC
# Who may include what (DESIGN.md, Layout): arrows only point down, and a
# library's header is seen by one file.  Reads all C sources.

BEGIN {
	# folder: folders whose headers it may use besides its own
	below["base"] = ""
	below["policy"] = "base"
	below["state"] = "base policy"
	below["verify"] = "base"
	below["report"] = "base policy state"
	below["resolve"] = "base policy state verify report"
	below["inbox"] = "base policy report"
	below["command"] = "base policy state verify report resolve"
	below["exim"] = "base policy state report"
	below["opensmtpd"] = "base policy state report"
	below["core"] = "base policy state report"

	# a third-party header: the one file or folder that may see it
	only["^ares"] = "core/resolve/dns\\.c"
	only["^curl/"] = "core/resolve/fetch(er)?\\.c"
	only["^openssl/"] = "core/verify/[a-z]*\\.c"
	only["^idn2\\.h"] = "core/base/idn\\.c"
	only["^jansson\\.h"] = "core/base/json\\.c"
	only["^zlib\\.h"] = "core/report/gzip\\.c"
	only["^tlsrpt\\.h"] = "core/report/collector\\.c"
	only["^gmime/"] = "core/inbox/mime\\.c"
	only["^linux/(seccomp|landlock|filter|audit)\\.h"] = \
	    "core/base/sandbox\\.c"

	# everything else in <> is ISO C, POSIX or common to Linux and BSD
	system_header = "^(arpa/inet|assert|ctype|dirent|dlfcn|endian|err" \
	    "|errno|fcntl|getopt|grp|ifaddrs|inttypes|limits|math|net/if|netdb" \
	    "|netinet/(in|tcp)|poll|pwd|sched|signal|spawn|stdarg|stdbool" \
	    "|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings" \
	    "|sys/(epoll|eventfd|file|ioctl|mman|param|prctl|random|resource" \
	    "|select|signalfd|socket|stat|statvfs|statfs|syscall|sysmacros" \
	    "|time|timerfd|types|uio|un|utsname|vfs|wait)" \
	    "|syslog|termios|time|unistd)\\.h$"
}

function complain(text)
{
	printf "%s:%d: %s\n", FILENAME, FNR, text
	bad = 1
}

# core/policy/match.c is of "policy", core/sts.c of "core", exim/x.c of "exim"
function folder(file, part, n)
{
	n = split(file, part, "/")
	return part[1] == "core" && n == 3 ? part[2] : part[1]
}

function library(header, pattern)
{
	for (pattern in only)
		if (header ~ pattern) {
			if (FILENAME !~ "^" only[pattern] "$")
				complain("<" header "> belongs to " only[pattern])
			return 1
		}
	return 0
}

/^#[ \t]*include[ \t]*</ {
	split($0, part, /[<>]/)
	if (!library(part[2]) && part[2] !~ system_header)
		complain("<" part[2] "> is in nobody's list")
}

/^#[ \t]*include[ \t]*"/ {
	split($0, part, "\"")
	own = folder(FILENAME)
	# a name without folder is public, generated, or a neighbour
	if (part[2] !~ "/")
		next
	from = part[2]
	sub("/.*", "", from)
	if (from != own && (" " below[own] " ") !~ (" " from " "))
		complain(own "/ must not see " from "/")
}

END { exit bad }
