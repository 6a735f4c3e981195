/* SPDX-License-Identifier: ISC */
/*
 * Only for clang-tidy, which reads one file at a time and cannot know that
 * sts_error_set() and sts_error_sys() return the RC they are given.
 */
#include "base/error.h"

#define sts_error_set(err, rc, ...)                                            \
	(sts_error_set((err), (rc), __VA_ARGS__), (rc))
#define sts_error_sys(err, rc, ...)                                            \
	(sts_error_sys((err), (rc), __VA_ARGS__), (rc))
