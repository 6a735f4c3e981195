/* SPDX-License-Identifier: ISC */
/*
 * What a process that an MTA forked does on its way to be another program,
 * so that nothing of the MTA's surroundings reaches it.  Between fork and
 * exec: system calls only.  False: errno tells why.
 */
#ifndef STS_PROCESS_H
#define STS_PROCESS_H

#include <sys/resource.h>

#include <stdbool.h>

/* Before the fork: a pipe whose ends are FROM or more, out of the way of what
 * the child will call 0, 1 and 2, and closed by an exec. */
bool sts_process_pipe(int fd[2], int from);

/* Every signal to its default, then none blocked. */
bool sts_process_signals(void);

/* CPU seconds and descriptors as said, the others out of the way; without
 * privilege none rises above what we are allowed. */
bool sts_process_limits(rlim_t cpu, rlim_t files);

void sts_process_close_from(int from);

/* No program from here on gains privileges, where the system has this. */
bool sts_process_forgo(void);

/* PROGRAM, an absolute path, with an environment of our own.  Returns only
 * on failure. */
void sts_process_exec(const char *program, char *const *argv);

#endif
