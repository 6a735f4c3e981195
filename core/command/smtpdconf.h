/* SPDX-License-Identifier: ISC */
/*
 * Words and directives of OpenSMTPD's smtpd.conf(5), as its own parser cuts
 * them: quotes, comments, lines continued by a backslash, macros, lists in
 * braces, included files.  What a directive means is not asked here.
 */
#ifndef STS_SMTPDCONF_H
#define STS_SMTPDCONF_H

#include "base/buf.h"

#define STS_SMTPDCONF_MAX       (1 << 20) /* octets of a file */
#define STS_SMTPDCONF_FILES_MAX 64        /* with all that is included */

struct sts_directive {
	size_t file; /* index */
	unsigned line;
	char **word; /* one of "{},<>!=" is a word of its own */
	size_t words;
};

struct sts_smtpdconf {
	char **file;
	size_t files;
	struct sts_directive *directive;
	size_t directives;
};

/* Put the text of FILE into TEXT, which is empty. */
typedef enum sts_rc (*sts_smtpdconf_load_fn)(void *arg, const char *file,
    struct sts_buf *text, struct sts_error *err);

/*
 * FILE and what it includes, each brought by LOAD, in the order in which
 * smtpd sees them.  STS_ECONFIG with file:line for what cannot be cut into
 * words, STS_ENOMEM, or what LOAD returned.  On STS_OK to be cleared.
 */
STS_MUST_USE enum sts_rc sts_smtpdconf_read(struct sts_smtpdconf *conf,
    const char *file, sts_smtpdconf_load_fn load, void *arg,
    struct sts_error *err);
void sts_smtpdconf_clear(struct sts_smtpdconf *conf);

#endif
