/* SPDX-License-Identifier: ISC */
/*
 * Writes that no signal ends, see write.h.  SIGXFSZ goes to the thread that
 * writes, so that one blocks it, and takes it back when it came.
 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "state/write.h"

static void
hold(sigset_t *before)
{
	sigset_t only;

	(void)sigemptyset(&only);
	(void)sigaddset(&only, SIGXFSZ);
	(void)pthread_sigmask(SIG_BLOCK, &only, before);
}

/* FAILED: it may be pending.  One that was blocked before us is not ours. */
static void
release(const sigset_t *before, bool failed)
{
	sigset_t pending, only;
	int error = errno, number;

	if (failed && error == EFBIG && sigismember(before, SIGXFSZ) == 0 &&
	    sigpending(&pending) == 0 && sigismember(&pending, SIGXFSZ) == 1) {
		(void)sigemptyset(&only);
		(void)sigaddset(&only, SIGXFSZ);
		(void)sigwait(&only, &number);
	}
	(void)pthread_sigmask(SIG_SETMASK, before, NULL);
	errno = error;
}

ssize_t
sts_write(int fd, const void *data, size_t len)
{
	sigset_t before;
	ssize_t n;

	hold(&before);
	n = write(fd, data, len);
	release(&before, n == -1);
	return n;
}

ssize_t
sts_pwrite(int fd, const void *data, size_t len, off_t at)
{
	sigset_t before;
	ssize_t n;

	hold(&before);
	n = pwrite(fd, data, len, at);
	release(&before, n == -1);
	return n;
}

int
sts_ftruncate(int fd, off_t size)
{
	sigset_t before;
	int rc;

	hold(&before);
	rc = ftruncate(fd, size);
	release(&before, rc == -1);
	return rc;
}
