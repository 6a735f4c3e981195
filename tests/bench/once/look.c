/* SPDX-License-Identifier: ISC */
/* look STATE DOMAIN: one lookup that must say "enforce", and out. */
#include "mta-sts.h"

int
main(int argc, char *argv[])
{
	struct sts_options options = { .config = "/dev/null" };
	struct sts_result *result;
	struct sts *sts;
	int status;

	if (argc != 3)
		return 64;
	options.state = argv[1];
	if (sts_new(&options, &sts, NULL) != STS_OK ||
	    sts_lookup(sts, argv[2], &result, NULL) != STS_OK)
		return 1;
	status = sts_result_mode(result) == STS_MODE_ENFORCE ? 0 : 1;
	sts_result_free(result);
	sts_free(sts);
	return status;
}
