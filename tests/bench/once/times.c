/* SPDX-License-Identifier: ISC */
/*
 * times INPUT COMMAND...: run COMMAND once, its stdin from INPUT and its
 * output nowhere; print the microseconds it took and those of processor time
 * that it and its children used.
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static double
now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double
used_us(void)
{
	struct rusage used;

	(void)getrusage(RUSAGE_CHILDREN, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static void __attribute__((noreturn)) become(char *argv[])
{
	int in = open(argv[1], O_RDONLY), out = open("/dev/null", O_WRONLY);

	if (in == -1 || out == -1 || dup2(in, 0) == -1 || dup2(out, 1) == -1)
		err(126, "%s", argv[1]);
	(void)execvp(argv[2], argv + 2);
	err(127, "%s", argv[2]);
}

int
main(int argc, char *argv[])
{
	double start;
	int status;
	pid_t pid;

	if (argc < 3)
		return 64;
	start = now_us();
	pid = fork();
	if (pid == 0)
		become(argv);
	if (pid == -1 || waitpid(pid, &status, 0) != pid)
		err(1, "%s", argv[2]);
	(void)printf("%.0f %.0f\n", now_us() - start, used_us());
	return status == 0 ? 0 : 1;
}
