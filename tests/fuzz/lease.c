/* SPDX-License-Identifier: ISC */
/*
 * What the holder of a lease may have written of itself, first while its
 * lock holds, then when it is gone: only a deadline of this boot that is past
 * or absurd takes a lease away, and nothing keeps one that nobody holds.
 */
#include <sys/file.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/siphash.h"
#include "fuzz.h"
#include "hurt.h"

#define DOMAIN   "example.com"
#define TEXT_MAX 1024

static enum sts_rc
take(struct sts_lease **lease)
{
	return sts_lease_take(hurt_dir, DOMAIN, &hurt_now, 30, lease, NULL);
}

/* Taken, it is ours alone until it is given back. */
static void
ours(struct sts_lease *lease)
{
	struct sts_lease *second;

	HOLDS(take(&second) == STS_EBUSY);
	sts_lease_free(lease);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char name[64], path[1024], text[TEXT_MAX + 1];
	struct sts_lease *lease;
	int fd;

	if (len > TEXT_MAX)
		return 0;
	fuzz_begin();
	(void)memcpy(text, data, len);
	text[len] = '\0';
	(void)snprintf(name, sizeof(name), "leases/%016" PRIx64,
	    sts_checksum(DOMAIN, strlen(DOMAIN)));
	hurt_put(name, text, len);
	hurt_file(name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	HOLDS(fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == 0);
	if (take(&lease) == STS_OK) {
		HOLDS(strstr(text, " this-boot ") != NULL);
		ours(lease);
	}
	(void)close(fd);
	hurt_put(name, text, len);
	HOLDS(take(&lease) == STS_OK);
	ours(lease);
	fuzz_end();
	return 0;
}
