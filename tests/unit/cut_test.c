/* SPDX-License-Identifier: ISC */
/*
 * "report" cut off at each of its system calls that change something, then
 * run again: every session is in exactly one report, whichever call it was.
 * What is handed over twice is the same report, with the same report-id.
 */
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <check.h>
#include <dirent.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/closing.h"
#include "command/sender.h"
#include "report/journal.h"
#include "scratch.h"
#include "suite.h"

#define DAY      "2026-11-23"
#define DAY_END  1795478399 /* 2026-11-23 23:59:59 UTC */
#define NOW      (DAY_END + 7200)
#define DOMAINS  3
#define SESSIONS 7 /* of each */
#define LETTERS  64
#define ID_MAX   200
#define CUTS_MAX 2000
#define MESSAGE  65536

static char *path;
static struct sts_config config;
static unsigned dns_port;

/* ---- DNS that knows one record ------------------------------------------------------ */

/* Every name has it: mail to r@reports.example. */
static void *
serve(void *arg)
{
	static const unsigned char answer[] = {
		0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, 41, 40, /* TXT */
	};
	static const char record[] = "v=TLSRPTv1; rua=mailto:r@receive.example";
	unsigned char packet[1024];
	struct sockaddr_in from;
	int fd = *(int *)arg;
	socklen_t size;
	ssize_t len, end;

	_Static_assert(sizeof(record) == 41, "the length is in the answer");
	for (;;) {
		size = sizeof(from);
		len = recvfrom(fd, packet, 512, 0, (struct sockaddr *)&from,
		    &size);
		if (len < 17)
			continue;
		for (end = 12; packet[end] != 0 && end < len;)
			end += packet[end] + 1;
		end += 5;
		packet[2] = 0x81;
		packet[3] = 0x80;
		packet[7] = 1;
		memset(packet + 8, 0, 4);
		memcpy(packet + end, answer, sizeof(answer));
		memcpy(packet + end + sizeof(answer), record,
		    sizeof(record) - 1);
		(void)sendto(fd, packet,
		    (size_t)end + sizeof(answer) + sizeof(record) - 1, 0,
		    (struct sockaddr *)&from, size);
	}
	return NULL;
}

static void
start_dns(void)
{
	static int fd;
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(addr);
	pthread_t thread;

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, size), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr, &size), 0);
	dns_port = ntohs(addr.sin_port);
	ck_assert_int_eq(pthread_create(&thread, NULL, serve, &fd), 0);
}

/* ---- one world ----------------------------------------------------------------------- */

static struct sts_dir *
open_state(void)
{
	struct sts_dir *dir;

	ck_assert_int_eq(sts_dir_open(path, STS_DIR_WRITE | STS_DIR_ANYWHERE,
			     &dir, NULL),
	    STS_OK);
	return dir;
}

static void
write_sendmail(void)
{
	char file[600];
	FILE *out;

	(void)snprintf(file, sizeof(file), "%s/sendmail", path);
	out = fopen(file, "w");
	ck_assert_ptr_nonnull(out);
	(void)fprintf(out,
	    "#!/bin/sh\ncat >%s/new.$$ && mv %s/new.$$ "
	    "%s/letter.$$\n",
	    path, path, path);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_int_eq(chmod(file, 0755), 0);
}

static void
write_journal(void)
{
	struct sts_session session = { .at = DAY_END,
		.type = STS_TYPE_NO_POLICY,
		.result = STS_SESSION_SUCCESS };
	struct sts_dir *dir = open_state();
	int i;

	for (i = 0; i < DOMAINS * SESSIONS; i++) {
		(void)snprintf(session.domain, sizeof(session.domain),
		    "d%d.example", i % DOMAINS);
		ck_assert_int_eq(sts_journal_add(dir, &session, NULL), STS_OK);
	}
	sts_dir_free(dir);
}

static void
setup(void)
{
	char text[2 * PATH_MAX], absolute[PATH_MAX];
	struct sts_error err;

	if (dns_port == 0)
		start_dns();
	path = scratch_new();
	ck_assert_int_eq(chmod(path, 0700), 0);
	ck_assert_int_eq(sts_config_init(&config, NULL), STS_OK);
	ck_assert_ptr_nonnull(realpath(path, absolute));
	(void)snprintf(text, sizeof(text),
	    "resolver 127.0.0.1:%u\nreport-from r@reports.example\n"
	    "report-dkim yes\nreport-delay 0s\nreport-sendmail %s/sendmail\n",
	    dns_port, absolute);
	ck_assert_msg(sts_config_parse(&config, "f", text, strlen(text),
			  &err) == STS_OK,
	    "%s", err.text);
	write_sendmail();
	write_journal();
}

static void
teardown(void)
{
	sts_config_clear(&config);
	scratch_free(path);
}

/* ---- one run -------------------------------------------------------------------------- */

/* What the command does between its lock and its summary. */
static enum sts_rc
run(void)
{
	struct sts_closing closing = { .config = &config, .now = NOW };
	struct sts_sender_setup sender = { .config = &config, .now = true };
	struct sts_sender_count count;
	struct sts_crew crew;
	struct sts_dir *dir = open_state();
	size_t lost;
	enum sts_rc rc;

	rc = sts_crew_open(&crew, &config, NULL, NULL);
	closing.dir = sender.dir = dir;
	closing.crew = sender.crew = &crew;
	if (rc == STS_OK)
		rc = sts_closing_queue(&closing, NULL);
	if (rc == STS_OK)
		rc = sts_sender_run(&sender, &count, NULL);
	if (rc == STS_OK)
		rc = sts_queue_sweep(dir, "", &lost, NULL);
	sts_crew_close(&crew);
	sts_dir_free(dir);
	return rc;
}

static bool
changes(long call)
{
	static const long calls[] = {
		SYS_write,
		SYS_openat,
		SYS_renameat,
		SYS_renameat2,
		SYS_unlinkat,
		SYS_mkdirat,
		SYS_ftruncate,
		SYS_fsync,
		SYS_syncfs,
		SYS_clone,
		SYS_wait4,
#ifdef SYS_rename
		SYS_rename,
		SYS_unlink,
		SYS_mkdir,
#endif
	};
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (call == calls[i])
			return true;
	return false;
}

static long
call_of(pid_t pid)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) <
		0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return -1;
	return (long)info.entry.nr;
}

/* Kill the run as it begins its call number CUT; false: it ended before. */
static bool
run_cut(unsigned cut)
{
	unsigned seen = 0;
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		(void)raise(SIGSTOP);
		_exit(run() == STS_OK ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	(void)ptrace(PTRACE_SETOPTIONS, pid, NULL,
	    (void *)(long)PTRACE_O_TRACESYSGOOD);
	while (WIFSTOPPED(status)) {
		if (WSTOPSIG(status) == (SIGTRAP | 0x80) &&
		    changes(call_of(pid)) && ++seen == cut) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, &status, 0);
			return true;
		}
		(void)ptrace(PTRACE_SYSCALL, pid, NULL,
		    (void *)(long)(WSTOPSIG(status) == SIGCHLD ? SIGCHLD : 0));
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	}
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return false;
}

/* ---- what was received ------------------------------------------------------------------ */

struct letters {
	unsigned count;
	char id[LETTERS][ID_MAX];
};

/* The report-id of the letter in FILE. */
static bool
read_id(const char *file, char id[ID_MAX])
{
	static char text[MESSAGE];
	char whole[600];
	const char *at;
	size_t len;
	FILE *in;

	(void)snprintf(whole, sizeof(whole), "%s/%s", path, file);
	in = fopen(whole, "r");
	ck_assert_ptr_nonnull(in);
	len = fread(text, 1, sizeof(text) - 1, in);
	(void)fclose(in);
	text[len] = '\0';
	ck_assert_ptr_nonnull(strstr(text, "\n--=_tlsrpt--\n")); /* whole */
	at = strstr(text, "Report-ID: <");
	ck_assert_ptr_nonnull(at);
	at += strlen("Report-ID: <");
	len = strcspn(at, ">");
	ck_assert_uint_lt(len, ID_MAX);
	memcpy(id, at, len);
	id[len] = '\0';
	return true;
}

/* Different reports; the same one twice is one. */
static void
collect(struct letters *letters)
{
	struct dirent *entry;
	char id[ID_MAX];
	DIR *dir = opendir(path);
	unsigned i;

	ck_assert_ptr_nonnull(dir);
	letters->count = 0;
	while ((entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "letter.", 7) != 0 ||
		    !read_id(entry->d_name, id))
			continue;
		for (i = 0; i < letters->count; i++)
			if (strcmp(letters->id[i], id) == 0)
				break;
		if (i < letters->count)
			continue;
		ck_assert_uint_lt(i, LETTERS);
		memcpy(letters->id[letters->count++], id, sizeof(id));
	}
	(void)closedir(dir);
}

/* A sendmail whose parent was killed still does its work. */
static void
await_letters(void)
{
	struct dirent *entry;
	bool busy = true;
	DIR *dir;
	int i;

	for (i = 0; i < 500 && busy; i++) {
		busy = false;
		dir = opendir(path);
		ck_assert_ptr_nonnull(dir);
		while ((entry = readdir(dir)) != NULL)
			busy = busy || strncmp(entry->d_name, "new.", 4) == 0;
		(void)closedir(dir);
		if (busy)
			(void)usleep(2000);
	}
	ck_assert(!busy);
}

/* A report of each domain, and nothing left to do. */
static void
expect_all(unsigned cut)
{
	struct sts_dir *dir = open_state();
	struct letters letters;

	await_letters();
	collect(&letters);
	ck_assert_msg(letters.count == DOMAINS, "cut %u: %u reports", cut,
	    letters.count);
	ck_assert(sts_journal_is_done(dir, DAY));
	ck_assert_int_eq(sts_dir_exists(dir, "reports/" DAY, NULL),
	    STS_ENODATA);
	sts_dir_free(dir);
}

START_TEST(a_run_sends_each_once)
{
	struct letters letters;

	ck_assert_int_eq(run(), STS_OK);
	expect_all(0);
	ck_assert_int_eq(run(), STS_OK);
	collect(&letters);
	ck_assert_uint_eq(letters.count, DOMAINS);
}
END_TEST

START_TEST(no_cut_loses_or_doubles_a_session)
{
	unsigned cut;

	for (cut = 1; cut < CUTS_MAX; cut++) {
		if (!run_cut(cut))
			break;
		ck_assert_int_eq(run(), STS_OK);
		expect_all(cut);
		teardown();
		setup();
	}
	ck_assert_uint_gt(cut, 50);
	ck_assert_uint_lt(cut, CUTS_MAX);
	expect_all(cut);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cut");
	TCase *tc = tcase_create("cut");

	/* In memory if possible: hundreds of runs sync all they write. */
	if (access("/dev/shm", W_OK) == 0)
		(void)setenv("B", "/dev/shm", 1);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_run_sends_each_once);
	tcase_add_test(tc, no_cut_loses_or_doubles_a_session);
	tcase_set_timeout(tc, 240);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
