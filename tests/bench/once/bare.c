/* SPDX-License-Identifier: ISC */
/* A module that does nothing: what loading any costs. */
int sts_mode(void);

__attribute__((visibility("default"))) int
sts_mode(void)
{
	return 0;
}
