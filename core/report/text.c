/* SPDX-License-Identifier: ISC */
/*
 * Policy texts beside the journal, see text.h: the domain on the first line,
 * the text behind it.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/siphash.h"
#include "policy/policy.h"
#include "report/text.h"
#include "state/policies.h"

#define JOURNAL  "journal"
#define PREFIX   "policy-"
#define NAME_LEN (sizeof(PREFIX) + 16 + 1 + 16)
#define PATH_LEN (sizeof(JOURNAL) + NAME_LEN)
#define FILE_LEN (STS_DOMAIN_MAX + 1 + STS_POLICY_TEXT_MAX)

static void
name_of(const char *domain, uint64_t hash, char name[NAME_LEN])
{
	(void)snprintf(name, NAME_LEN, PREFIX "%016" PRIx64 "-%016" PRIx64,
	    sts_checksum(domain, strlen(domain)), hash);
}

enum sts_rc
sts_text_put(struct sts_dir *dir, const char *domain, const char *text,
    size_t len, struct sts_error *err)
{
	char name[NAME_LEN], path[PATH_LEN];
	struct sts_buf file;
	enum sts_rc rc;

	rc = sts_dir_room(dir, err);
	if (rc != STS_OK)
		return rc;
	name_of(domain, sts_checksum(text, len), name);
	(void)snprintf(path, sizeof(path), JOURNAL "/%s", name);
	sts_buf_init(&file, FILE_LEN);
	(void)sts_buf_printf(&file, "%s\n", domain);
	rc = sts_buf_add(&file, text, len);
	if (rc == STS_OK)
		rc = sts_dir_write(dir, path, sts_buf_text(&file), file.len,
		    err);
	else
		(void)sts_error_set(err, rc, "policy text too large to keep");
	sts_buf_clear(&file);
	return rc;
}

/* All of FD into FILE. */
static enum sts_rc
read_all(int fd, struct sts_buf *file, struct sts_error *err)
{
	enum sts_rc rc = STS_OK;
	char chunk[4096];
	ssize_t n;

	while (rc == STS_OK && (n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n > 0)
			rc = sts_buf_add(file, chunk, (size_t)n);
		else if (errno != EINTR)
			return sts_error_sys(err, STS_EDAMAGED, "policy text");
	}
	return rc;
}

/* Is FILE what its name says?  Then its text goes to TEXT. */
static enum sts_rc
check(const struct sts_buf *file, const char *domain, uint64_t hash,
    struct sts_buf *text, struct sts_error *err)
{
	size_t head = strlen(domain) + 1;

	if (file->len < head || memcmp(file->data, domain, head - 1) != 0 ||
	    file->data[head - 1] != '\n' ||
	    sts_checksum(file->data + head, file->len - head) != hash)
		return sts_error_set(err, STS_ENODATA,
		    "not the policy text of %s", domain);
	return sts_buf_add(text, file->data + head, file->len - head);
}

enum sts_rc
sts_text_get(int fd, const char *domain, uint64_t hash, struct sts_buf *text,
    struct sts_error *err)
{
	char name[NAME_LEN];
	struct sts_buf file;
	struct stat st;
	enum sts_rc rc;
	int in;

	name_of(domain, hash, name);
	in = openat(fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (in == -1 || fstat(in, &st) == -1 || !S_ISREG(st.st_mode)) {
		if (in != -1)
			(void)close(in);
		return sts_error_set(err, STS_ENODATA, "no policy text of %s",
		    domain);
	}
	sts_buf_init(&file, FILE_LEN);
	rc = read_all(in, &file, err);
	if (rc == STS_OK)
		rc = check(&file, domain, hash, text, err);
	sts_buf_clear(&file);
	(void)close(in);
	return rc;
}

/* The policy that is held, if it is the one that was applied. */
static enum sts_rc
get_held(struct sts_dir *dir, const char *domain, uint64_t hash,
    struct sts_buf *text)
{
	enum sts_rc rc = STS_ENODATA;
	const struct sts_policy *policy;
	struct sts_entry *entry;

	if (sts_policies_get(dir, domain, &entry, NULL) != STS_OK)
		return STS_ENODATA;
	policy = entry->policy;
	if (sts_checksum(policy->text, policy->text_len) == hash)
		rc = sts_buf_add(text, policy->text, policy->text_len);
	sts_entry_free(entry);
	return rc;
}

enum sts_rc
sts_text_find(struct sts_dir *dir, int own, const int *other, size_t others,
    const char *domain, uint64_t hash, struct sts_buf *text)
{
	size_t i;

	if (own != -1 && sts_text_get(own, domain, hash, text, NULL) == STS_OK)
		return STS_OK;
	for (i = 0; i < others; i++)
		if (sts_text_get(other[i], domain, hash, text, NULL) == STS_OK)
			return STS_OK;
	return get_held(dir, domain, hash, text);
}

void
sts_text_sweep(struct sts_dir *dir, int64_t wall)
{
	struct dirent *entry;
	char path[PATH_LEN];
	struct stat st;
	DIR *stream;
	int fd;

	if (sts_dir_opendir(dir, JOURNAL, &fd, NULL) != STS_OK)
		return;
	stream = fdopendir(fd);
	if (stream == NULL) {
		(void)close(fd);
		return;
	}
	while ((entry = readdir(stream)) != NULL) {
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 ||
		    strlen(entry->d_name) >= NAME_LEN ||
		    fstatat(dirfd(stream), entry->d_name, &st,
			AT_SYMLINK_NOFOLLOW) == -1 ||
		    st.st_mtime >= wall)
			continue;
		(void)snprintf(path, sizeof(path), JOURNAL "/%.*s",
		    (int)NAME_LEN - 1, entry->d_name);
		(void)!sts_dir_remove(dir, path, NULL);
	}
	(void)closedir(stream);
}
