/* SPDX-License-Identifier: ISC */
/* The name of this machine. */
#ifndef STS_SELF_H
#define STS_SELF_H

#include "base/error.h"

/* Normalised; "" when it is no domain name. */
void sts_self_name(char out[STS_DOMAIN_MAX + 1]);

#endif
