/* SPDX-License-Identifier: ISC */
/*
 * A file as a whole or not at all, see place.h.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "inbox/place.h"

#define CHUNK 65536

enum sts_rc
sts_place_check(const char *file, struct sts_error *err)
{
	struct stat st;

	if (lstat(file, &st) == -1) {
		if (errno == ENOENT)
			return STS_OK;
		return sts_error_sys(err, STS_ESYS, "%s", file);
	}
	/* a device or a link would be replaced */
	if (!S_ISREG(st.st_mode))
		return sts_error_set(err, STS_ESYS, "%s: is no regular file",
		    file);
	return STS_OK;
}

static bool
write_all(int to, const char *data, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(to, data, len);
		if (n == -1 && errno != EINTR)
			return false;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return true;
}

/* With the mode that a new file gets, and on the disk. */
static bool
copy(int from, int to)
{
	char chunk[CHUNK];
	mode_t mask = umask(0);
	off_t at = 0;
	ssize_t n;

	(void)umask(mask);
	while ((n = pread(from, chunk, sizeof(chunk), at)) != 0) {
		if (n == -1 || !write_all(to, chunk, (size_t)n))
			return false;
		at += n;
	}
	return fchmod(to, 0666 & ~mask) == 0 && fsync(to) == 0;
}

enum sts_rc
sts_place(const char *file, int from, struct sts_error *err)
{
	char beside[PATH_MAX];
	enum sts_rc rc = STS_OK;
	int len, to;

	len = snprintf(beside, sizeof(beside), "%s.XXXXXX", file);
	if (len < 0 || (size_t)len >= sizeof(beside))
		return sts_error_set(err, STS_ESYS, "%s: is too long", file);
	to = mkostemp(beside, O_CLOEXEC);
	if (to == -1)
		return sts_error_sys(err, STS_ESYS, "%s", file);
	if (!copy(from, to) || rename(beside, file) == -1) {
		rc = sts_error_sys(err, STS_ESYS, "%s", file);
		(void)unlink(beside);
	}
	(void)close(to);
	return rc;
}
