/* SPDX-License-Identifier: ISC */
/*
 * A main for fuzz targets where there is no libFuzzer: gives each file named
 * on the command line to the target.  A crash or sanitizer report ends it.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

#define INPUT_MAX (1024 * 1024)

static void
replay(const char *name, uint8_t *room)
{
	uint8_t *data;
	size_t len;
	FILE *file;

	file = fopen(name, "rb");
	if (file == NULL)
		err(1, "%s", name);
	len = fread(room, 1, INPUT_MAX, file);
	if (ferror(file) || fclose(file) == EOF)
		err(1, "%s", name);
	/* A block of the exact size: reading past it is seen. */
	data = malloc(len == 0 ? 1 : len);
	if (data == NULL)
		err(1, NULL);
	for (size_t i = 0; i < len; i++)
		data[i] = room[i];
	(void)LLVMFuzzerTestOneInput(data, len);
	free(data);
}

int
main(int argc, char *argv[])
{
	uint8_t *room = malloc(INPUT_MAX);

	if (room == NULL)
		err(1, NULL);
	for (int i = 1; i < argc; i++)
		replay(argv[i], room);
	free(room);
	return 0;
}
