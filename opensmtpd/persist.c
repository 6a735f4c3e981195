/* SPDX-License-Identifier: ISC */
/* See persist.h. */
#include <signal.h>
#include <stddef.h>

#include "persist.h"

void
sts_persist(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGPIPE, SIGTERM };
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)signal(signals[i], SIG_IGN);
}
