/* SPDX-License-Identifier: ISC */
/*
 * U-labels to A-labels (IDNA2008, RFC 5891).  Needs libidn2, so it is not
 * part of libmta-sts: only mta-sts-resolve and mta-sts link it.
 */
#ifndef STS_IDN_H
#define STS_IDN_H

#include "base/error.h"

/* As sts_domain_normalize(), for UTF-8 NAME.  STS_EDOMAIN when it cannot be. */
STS_MUST_USE enum sts_rc sts_idn_normalize(const char *name,
    char out[STS_DOMAIN_MAX + 1], struct sts_error *err);

#endif
