/* SPDX-License-Identifier: ISC */
/*
 * Operands that are files and days, see command.h.
 */
#include <errno.h>
#include <string.h>

#include "base/domain.h"
#include "command/command.h"

#define PART 65536

/* Up to MAX octets and one of STREAM; errno if that fails. */
static bool
read_stream(FILE *stream, size_t max, struct sts_buf *text)
{
	size_t part = PART, n = PART;
	char *room;

	while (text->len <= max && n == part) {
		part = max + 1 - text->len;
		if (part > PART)
			part = PART;
		room = sts_buf_room(text, part);
		if (room == NULL) {
			errno = ENOMEM;
			return false;
		}
		n = fread(room, 1, part, stream);
		sts_buf_grew(text, n);
	}
	return !ferror(stream);
}

bool
sts_call_day(const char *text)
{
	static const char shape[] = "dddd-dd-dd";
	bool ok = strlen(text) == sizeof(shape) - 1;
	size_t i;

	for (i = 0; ok && shape[i] != '\0'; i++)
		ok = shape[i] == '-' ? text[i] == '-'
				     : sts_ascii_digit((unsigned char)text[i]);
	if (!ok)
		(void)sts_complain(STS_EXIT_USAGE,
		    "\"%s\" is not a day YYYY-MM-DD", text);
	return ok;
}

bool
sts_call_read(const char *file, size_t max, struct sts_buf *text)
{
	bool standard = strcmp(file, "-") == 0;
	FILE *stream = standard ? stdin : fopen(file, "re");
	bool ok = stream != NULL && read_stream(stream, max, text);

	if (!ok)
		(void)sts_complain(STS_EXIT_UNSURE, "%s: %s", file,
		    strerror(errno));
	if (stream != NULL && !standard)
		(void)fclose(stream);
	return ok;
}
