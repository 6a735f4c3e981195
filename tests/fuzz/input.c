/* SPDX-License-Identifier: ISC */
/*
 * Inputs of fuzz targets made into files, see fuzz.h.
 */
#include <sys/mount.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/frame.h"
#include "fuzz.h"
#include "hurt.h"
#include "scratch.h"
#include "state/seal.h"

bool
fuzz_line(const char **at, const char *end, struct sts_buf *line)
{
	size_t left = (size_t)(end - *at);
	const char *newline;

	if (left == 0)
		return false;
	newline = memchr(*at, '\n', left);
	if (newline != NULL)
		left = (size_t)(newline - *at);
	sts_buf_reset(line);
	(void)sts_buf_add(line, *at, left);
	*at += left + (newline == NULL ? 0 : 1);
	return line->rc == STS_OK;
}

bool
fuzz_frames(const char *tag, const uint8_t *data, size_t len,
    struct sts_buf *out)
{
	const char *at = (const char *)data, *end = at + len, *newline;
	size_t left;

	for (; at < end; at += left + 1) {
		left = (size_t)(end - at);
		newline = memchr(at, '\n', left);
		if (newline != NULL)
			left = (size_t)(newline - at);
		if (*at == '+')
			(void)sts_frame_add(out, tag, at + 1, left - 1);
		else
			(void)sts_buf_add(out, at,
			    left + (newline == NULL ? 0 : 1));
	}
	return out->rc == STS_OK;
}

bool
fuzz_seal(const char *name, const uint8_t *data, size_t len,
    struct sts_buf *out)
{
	if (len > 0 && data[0] == '+')
		return sts_seal_add(out, name, (const char *)data + 1,
			   len - 1) == STS_OK;
	return sts_buf_add(out, data, len) == STS_OK;
}

static void
remove_state(void)
{
	(void)umount2(hurt_path, MNT_DETACH);
	hurt_teardown();
}

/* In memory, in a mount namespace of our own, if we may: ten times faster. */
static void
make_directory(void)
{
	char option[64];

	hurt_path = scratch_new();
	(void)snprintf(option, sizeof(option), "mode=0700,uid=%d,gid=%d",
	    SCRATCH_UID, SCRATCH_UID);
	if (geteuid() != 0 || unshare(CLONE_NEWNS) == -1 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == -1)
		return;
	if (mount("none", hurt_path, "tmpfs", 0, option) == -1)
		perror("tmpfs");
}

static void
make_state(void)
{
	struct sts_error err;

	make_directory();
	hurt_now = (struct sts_now){ 1700000000, 100000, "this-boot" };
	if (sts_state_open(hurt_path,
		STS_DIR_WRITE | STS_DIR_NOSYNC | STS_DIR_ANYWHERE, &hurt_state,
		&err) != STS_OK) {
		(void)fprintf(stderr, "%s: %s\n", hurt_path, err.text);
		abort();
	}
	hurt_dir = sts_state_dir(hurt_state);
	(void)atexit(remove_state);
}

void
fuzz_begin(void)
{
	if (hurt_state == NULL)
		make_state();
	HOLDS(sts_dir_begin(hurt_dir, NULL) == STS_OK);
}

void
fuzz_end(void)
{
	HOLDS(sts_dir_end(hurt_dir, NULL) == STS_OK);
}

struct sts_entry *
fuzz_entry(void)
{
	static const char text[] = "version: STSv1\nmode: enforce\n"
				   "mx: mx.example.com\nmax_age: 604800\n";
	struct sts_entry *entry;

	HOLDS(sts_entry_new("example.com", "1", text, strlen(text), &hurt_now,
		  &entry, NULL) == STS_OK);
	return entry;
}
