/* SPDX-License-Identifier: ISC */
/*
 * Log lines, see log.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"

#define LOG_LINE_MAX 1024

static const char *const level_names[] = {
	[STS_LOG_ERROR] = "error",
	[STS_LOG_WARNING] = "warning",
	[STS_LOG_NOTICE] = "notice",
	[STS_LOG_INFO] = "info",
	[STS_LOG_DEBUG] = "debug",
};
_Static_assert(sizeof(level_names) / sizeof(level_names[0]) == STS_LOG_MAX,
    "level_names matches enum sts_level");

const char *
sts_level_name(enum sts_level level)
{
	if ((unsigned)level >= STS_LOG_MAX)
		return "unknown";
	return level_names[level];
}

void
sts_log(const struct sts_log *log, enum sts_level level, const char *format,
    ...)
{
	char text[LOG_LINE_MAX];
	struct sts_buf line;
	va_list ap;

	if (log == NULL || log->fn == NULL || level > log->level)
		return;
	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	sts_buf_init(&line, 4 * sizeof(text));
	if (sts_buf_escaped(&line, text, strlen(text)) == STS_OK)
		log->fn(log->arg, level, sts_buf_text(&line));
	sts_buf_clear(&line);
}
