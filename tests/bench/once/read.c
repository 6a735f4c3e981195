/* SPDX-License-Identifier: ISC */
/* read FILE: what any process that reads one file costs. */
#include <fcntl.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	char room[8192];
	int fd;

	if (argc != 2)
		return 64;
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	return fd == -1 || read(fd, room, sizeof(room)) <= 0 || close(fd) == -1;
}
