/* SPDX-License-Identifier: ISC */
/*
 * Recipients of reports that are on their way, see expected.h.  A file's name
 * is a checksum of the address, its content the address and the end, so a
 * name that is another's by chance is told apart.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/domain.h"
#include "base/mail.h"
#include "base/siphash.h"
#include "report/expected.h"

#define REPORTS  "reports"
#define EXPECTED REPORTS "/expected"
#define PATH_LEN (sizeof(EXPECTED) + 17)
#define FILE_LEN (STS_MAIL_MAX + 32) /* octets of a file at most */

/* Addresses are compared without regard to case: MTAs may fold it. */
static bool
fold(const char *address, char out[STS_MAIL_MAX + 1])
{
	size_t i, len = strnlen(address, STS_MAIL_MAX + 1);

	if (!sts_mail_valid(address, len))
		return false;
	for (i = 0; i <= len; i++)
		out[i] = (char)sts_ascii_lower((unsigned char)address[i]);
	return true;
}

static void
path_of(const char *folded, char path[PATH_LEN])
{
	(void)snprintf(path, PATH_LEN, EXPECTED "/%016" PRIx64,
	    sts_checksum(folded, strlen(folded)));
}

enum sts_rc
sts_expected_add(struct sts_dir *dir, const char *address, int64_t wall,
    struct sts_error *err)
{
	char folded[STS_MAIL_MAX + 1], path[PATH_LEN], text[FILE_LEN];
	enum sts_rc rc;
	int len;

	if (!fold(address, folded))
		return sts_error_set(err, STS_EUSAGE, "not a mail address");
	path_of(folded, path);
	len = snprintf(text, sizeof(text), "%s %" PRId64 "\n", folded,
	    wall + STS_EXPECTED_LIFE);
	rc = sts_dir_mkdir(dir, REPORTS, err);
	if (rc == STS_OK)
		rc = sts_dir_mkdir(dir, EXPECTED, err);
	if (rc == STS_OK)
		rc = sts_dir_write(dir, path, text, (size_t)len, err);
	return rc;
}

/* The end that the file at PATH tells for FOLDED (NULL: whoever it is);
 * 0: none. */
static int64_t
read_end(struct sts_dir *dir, const char *path, const char *folded)
{
	struct sts_buf text;
	const char *space = NULL;
	int64_t until = 0;
	size_t len;

	sts_buf_init(&text, FILE_LEN);
	if (sts_dir_read(dir, path, &text, NULL) == STS_OK)
		space = strchr(sts_buf_text(&text), ' ');
	if (space != NULL) {
		len = (size_t)(space - text.data);
		if (folded == NULL || (strlen(folded) == len &&
					  memcmp(folded, text.data, len) == 0))
			until = strtoll(space + 1, NULL, 10);
	}
	sts_buf_clear(&text);
	return until;
}

/* When mail to ADDRESS is no longer expected; 0: it is not. */
static int64_t
end_of(struct sts_dir *dir, const char *address)
{
	char folded[STS_MAIL_MAX + 1], path[PATH_LEN];

	if (!fold(address, folded))
		return 0;
	path_of(folded, path);
	return read_end(dir, path, folded);
}

bool
sts_expected_is(struct sts_dir *dir, const char *address, int64_t wall)
{
	return wall < end_of(dir, address);
}

/* An end that lies too far ahead was written by another clock than this. */
bool
sts_expected_begins(struct sts_dir *dir, const char *address, int64_t wall)
{
	int64_t left = end_of(dir, address) - wall;

	return left <= STS_EXPECTED_LIFE &&
	       left > STS_EXPECTED_LIFE - STS_EXPECTED_HANDOVER;
}

static void
sweep_stream(struct sts_dir *dir, DIR *stream, int64_t wall)
{
	struct dirent *entry;
	char path[PATH_LEN];

	while ((entry = readdir(stream)) != NULL) {
		if (strspn(entry->d_name, "0123456789abcdef") != 16 ||
		    entry->d_name[16] != '\0')
			continue;
		(void)snprintf(path, sizeof(path), EXPECTED "/%.16s",
		    entry->d_name);
		if (read_end(dir, path, NULL) <= wall)
			(void)!sts_dir_remove(dir, path, NULL);
	}
}

void
sts_expected_sweep(struct sts_dir *dir, int64_t wall)
{
	DIR *stream;
	int fd;

	if (sts_dir_opendir(dir, EXPECTED, &fd, NULL) != STS_OK)
		return;
	stream = fdopendir(fd);
	if (stream == NULL) {
		(void)close(fd);
		return;
	}
	sweep_stream(dir, stream, wall);
	(void)closedir(stream);
}
