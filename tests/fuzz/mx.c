/* SPDX-License-Identifier: ISC */
/* The MX list of example.com: after '+' the file without its first line. */
#include <string.h>

#include "base/domain.h"
#include "fuzz.h"
#include "hurt.h"
#include "state/shard.h"

#define DOMAIN   "example.com"
#define FILE_MAX (1 << 17)

static void
well_formed(const struct sts_mx_list *list)
{
	const struct sts_mx_host *host;
	struct sts_addr addr;
	size_t i;

	HOLDS(strcmp(list->domain, DOMAIN) == 0);
	HOLDS(list->count <= STS_MX_LIST_MAX && list->until >= 0);
	for (host = list->host; host < list->host + list->count; host++) {
		HOLDS(host->preference <= 65535 && host->failed >= 0);
		HOLDS(host->name[0] == '\0' ||
		      sts_domain_valid(host->name, strlen(host->name)));
		HOLDS(host->address_count <= STS_MX_ADDRESSES);
		for (i = 0; i < host->address_count; i++)
			HOLDS(sts_addr_parse(host->address[i], &addr));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct sts_mx_list list;
	static char again[FILE_MAX];
	char path[1024];
	struct sts_buf file;
	size_t size;

	fuzz_begin();
	sts_buf_init(&file, FILE_MAX);
	HOLDS(sts_shard_path(STS_MX, DOMAIN, path, NULL) == STS_OK);
	if (fuzz_seal("mta-sts-mx 2", data, len, &file)) {
		hurt_put(path, sts_buf_text(&file), file.len);
		if (sts_mx_get(hurt_dir, DOMAIN, &list, NULL) == STS_OK) {
			well_formed(&list);
			/* Any other octet would have been damage. */
			HOLDS(sts_mx_put(hurt_dir, &list, NULL) == STS_OK);
			size = hurt_get(path, again, sizeof(again));
			HOLDS(size == file.len &&
			      memcmp(again, file.data, size) == 0);
		}
	}
	sts_buf_clear(&file);
	fuzz_end();
	return 0;
}
