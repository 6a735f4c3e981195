/* SPDX-License-Identifier: ISC */
/*
 * The program filter-mta-sts itself, at the other end of a socket as smtpd
 * has it, with a shell script in the resolver's place that writes down what
 * it is asked: for whom it is asked at all, many sessions at once, and a
 * resolver that hangs, dies or is not there.  Needs root, for a state below
 * /run and a mount namespace of its own.
 */
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../opensmtpd/inquiry.h"
#include "../../opensmtpd/wish.h"
#include "base/clock.h"
#include "config.h"
#include "desk.h"
#include "scratch.h"
#include "site.h"
#include "suite.h"

#define PATIENCE 20 /* s for what must come */
#define SESSIONS 200
#define HELLO(version)                                                         \
	"config|smtpd-version|7.6.0\n" version                                 \
	"config|smtp-session-timeout|300\nconfig|subsystem|smtp-in\n"          \
	"config|admd|relay.test\nconfig|ready\n"
#define WELCOME                                                                \
	"register|report|smtp-in|link-connect\n"                               \
	"register|report|smtp-in|link-auth\n"                                  \
	"register|report|smtp-in|link-disconnect\n"                            \
	"register|filter|smtp-in|rcpt-to\nregister|ready\n"

/* The name says what becomes of the resolver. */
static const char script[] =
    "#!/bin/sh\n"
    "echo $$ >%s/log/pid\n"
    "while read -r verb name; do\n"
    "	echo \"$verb $name\" >>%s/log/verbs\n"
    "	case $name in\n"
    "	hang.*) continue ;;\n"
    "	die.*) exit 1 ;;\n"
    "	stop.*) kill -STOP $$ ;;\n"
    "	junk.*) printf 'junk\\n\\n%%s x\\nerror\\0\\n' policy ;;\n"
    "	esac\n"
    "	case $verb in\n"
    "	policy) echo \"policy $name answer=none cause=ok source=live\" \\\n"
    "	    'stored=0 tlsrpt=0 reason=\"\"' ;;\n"
    "	probe) echo \"probe $name result=ok address=192.0.2.1\" \\\n"
    "	    'tls=TLSv1.3 at=1795438481 reason=\"\"' ;;\n"
    "	*) echo \"error $verb $name cause=dns reason=\\\"no\\\"\" ;;\n"
    "	esac\n"
    "done\n";

static char program[512], config[160], verbs[160];
static pid_t child = -1;
static int peer = -1;

/* Put the script where the filter looks for the resolver. */
static void
play_resolver(void)
{
	char dir[] = STS_RESOLVE_PROGRAM, *slash = strrchr(dir, '/');
	FILE *file;

	*slash = '\0';
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(site_run("d=%s; until test -d $d; do "
				  "d=$(dirname $d); done; "
				  "mount -t tmpfs none $d && mkdir -p %s",
			     dir, dir),
	    0);
	file = fopen(STS_RESOLVE_PROGRAM, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fprintf(file, script, site_base, site_base), 0);
	ck_assert_int_eq(fchmod(fileno(file), 0755), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void
setup(void)
{
	const char *base = getenv("B");

	site_setup();
	desk_fill(site_state);
	play_resolver();
	(void)snprintf(program, sizeof(program), "%s/opensmtpd/filter-mta-sts",
	    base != NULL ? base : "build");
	(void)snprintf(config, sizeof(config), "%s/filter.conf", site_base);
	(void)snprintf(verbs, sizeof(verbs), "%s/log/verbs", site_base);
	ck_assert_int_eq(
	    site_run("echo timeout 1s >%s && cd %s && mkdir log && "
		     ": >log/verbs && chown -R %d log",
		config, site_base, SCRATCH_UID),
	    0);
}

static void
become(int fd, char *const *argv)
{
	(void)dup2(fd, STDIN_FILENO);
	(void)dup2(fd, STDOUT_FILENO);
	if (setgroups(0, NULL) == -1 || setgid(SCRATCH_UID) == -1 ||
	    setuid(SCRATCH_UID) == -1)
		_exit(99);
	/* What it has given up is what a leak sanitizer would need. */
	(void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	(void)execv(program, argv);
	_exit(98);
}

static void
start_with(char *const *argv)
{
	struct timeval patience = { .tv_sec = PATIENCE };
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
			     pair),
	    0);
	child = fork();
	ck_assert_int_ne(child, -1);
	if (child == 0)
		become(pair[1], argv);
	ck_assert_int_eq(close(pair[1]), 0);
	peer = pair[0];
	ck_assert_int_eq(setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience,
			     sizeof(patience)),
	    0);
}

/* How it ended, its stream having ended. */
static int
ended(void)
{
	int status;

	ck_assert_int_eq(close(peer), 0);
	peer = -1;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	child = -1;
	return status;
}

static void
teardown(void)
{
	if (child != -1) {
		(void)kill(child, SIGKILL);
		(void)waitpid(child, NULL, 0);
	}
	site_teardown();
}

static void
tell(const char *text)
{
	ck_assert_int_eq(send(peer, text, strlen(text), MSG_NOSIGNAL),
	    (ssize_t)strlen(text));
}

static const char *
hear_line(void)
{
	static char line[1024];
	size_t n = 0;

	do
		ck_assert_int_eq(recv(peer, &line[n], 1, 0), 1);
	while (line[n] != '\n' && ++n < sizeof(line) - 1);
	line[n] = '\0';
	return line;
}

static void
hear(const char *lines)
{
	const char *end;

	for (; *lines != '\0'; lines = end + 1) {
		const char *line = hear_line();

		end = strchr(lines, '\n');
		ck_assert_msg(strlen(line) == (size_t)(end - lines) &&
				  memcmp(line, lines, strlen(line)) == 0,
		    "\"%s\", not \"%s\"", line, lines);
	}
}

static void
start(const char *version)
{
	char *argv[] = { (char[]){ "filter-mta-sts" }, (char[]){ "-c" }, config,
		(char[]){ "-d" }, site_state, (char[]){ "-s" },
		(char[]){ "127.0.0.1:26" }, NULL };

	start_with(argv);
	tell(version);
	hear(WELCOME);
}

static void
start_new(void)
{
	start(HELLO("config|protocol|0.7\n"));
}

/* Session NUMBER comes from SOURCE to PORT of this machine. */
static void
join(unsigned number, const char *source, unsigned port)
{
	char line[256];

	(void)snprintf(line, sizeof(line),
	    "report|0.7|1795438481.473584|smtp-in|link-connect|%016x|localhost"
	    "|pass|%s|127.0.0.1:%u\n",
	    number, source, port);
	tell(line);
}

static void
rcpt(unsigned number, const char *domain)
{
	char line[256];

	(void)snprintf(line, sizeof(line),
	    "filter|0.7|1795438481.473584|smtp-in|rcpt-to|%016x|%016x|joe@%s\n",
	    number, number + 7, domain);
	tell(line);
}

/* The next answer is for session NUMBER and begins with WHAT. */
static void
answered(unsigned number, const char *what)
{
	char begin[128];
	const char *line = hear_line();

	(void)snprintf(begin, sizeof(begin), "filter-result|%016x|%016x|%s",
	    number, number + 7, what);
	ck_assert_msg(strncmp(line, begin, strlen(begin)) == 0,
	    "\"%s\", not \"%s\"", line, begin);
}

/* Has the resolver been told TEXT, so many times? */
static int
asked(const char *text)
{
	ck_assert_int_le(site_run("grep -cxF '%s' %s || :", text, verbs), 0);
	return (int)strtol(site_output, NULL, 10);
}

static void
stage(unsigned number, const char *domain)
{
	join(number, "127.0.0.1:4321", 26);
	rcpt(number, domain);
}

START_TEST(it_speaks_both_protocols)
{
	start(_i == 0 ? HELLO("") : HELLO("config|protocol|0.7\n"));
	stage(1, "new.test");
	answered(1, "proceed");
	stage(2, "enforce.test");
	answered(2, "proceed");
	stage(3, "forged.test");
	answered(3, "reject|451 4.7.0 MTA-STS of forged.test: ");
	ck_assert_int_eq(asked("policy new.test"), 1);
	ck_assert_int_eq(asked("probe mx1.good.test"), 1);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

START_TEST(strangers_make_it_ask_nothing)
{
	start_new();
	join(1, "192.0.2.1:4321", 25);
	rcpt(1, "new.test");
	answered(1, "proceed");
	join(2, "192.0.2.1:4321", 26);
	rcpt(2, "new.test");
	answered(2, "proceed");
	rcpt(3, "new.test");
	answered(3, "proceed");
	stage(4, "last.test");
	answered(4, "proceed");
	ck_assert_int_eq(asked("policy last.test"), 1);
	ck_assert_int_eq(asked("policy new.test"), 0);
	tell("report|0.7|1.0|smtp-in|link-auth|1|pass|joe\n");
	rcpt(1, "new.test");
	answered(1, "proceed");
	ck_assert_int_eq(asked("policy new.test"), 1);
}
END_TEST

START_TEST(many_sessions_share_one_question)
{
	unsigned i;

	start_new();
	for (i = 1; i <= SESSIONS; i++)
		stage(i, "new.test");
	for (i = 1; i <= SESSIONS; i++)
		ck_assert_ptr_nonnull(strstr(hear_line(), "|proceed"));
	ck_assert_int_ge(asked("policy new.test"), 1);
	ck_assert_int_le(asked("policy new.test"), SESSIONS / 2);
	for (i = 1; i <= SESSIONS; i++) {
		char domain[32];

		(void)snprintf(domain, sizeof(domain), "d%u.test", i);
		rcpt(i, domain);
	}
	for (i = 1; i <= SESSIONS; i++)
		ck_assert_ptr_nonnull(strstr(hear_line(), "|proceed"));
}
END_TEST

START_TEST(no_session_waits_for_another)
{
	int64_t begun = sts_clock_ms();

	start_new();
	stage(1, "hang.test");
	join(2, "unix:/run/smtpd.sock", 25);
	rcpt(2, "hang.test");
	stage(3, "none.test");
	answered(3, "proceed");
	stage(4, "new.test");
	answered(4, "proceed");
	ck_assert_int_lt(sts_clock_ms() - begun, STS_INQUIRY_WAIT);
}
END_TEST

/* Whatever becomes of the resolver: the state decides, soon, and the next
 * one is asked again. */
static const char *const fates[] = { "hang.test", "die.test", "stop.test" };

START_TEST(a_resolver_that_fails_costs_an_answer)
{
	int64_t begun;
	int i;

	start_new();
	begun = sts_clock_ms();
	stage(1, fates[_i]);
	answered(1, "reject|451 4.7.0 MTA-STS of ");
	ck_assert_int_lt(sts_clock_ms() - begun, STS_INQUIRY_WAIT + 2000);
	for (i = 0; i < PATIENCE && asked("policy again.test") == 0; i++) {
		stage(2, "again.test");
		(void)hear_line();
		(void)sleep(1);
	}
	stage(3, "again.test");
	answered(3, "proceed");
	ck_assert_int_eq(kill(child, 0), 0);
}
END_TEST

START_TEST(junk_between_answers_does_not_matter)
{
	start_new();
	stage(1, "junk.test");
	answered(1, "proceed");
}
END_TEST

START_TEST(without_a_resolver_the_state_decides)
{
	ck_assert_int_eq(unlink(STS_RESOLVE_PROGRAM), 0);
	start_new();
	stage(1, "none.test");
	answered(1, "proceed");
	stage(2, "new.test");
	answered(2, "reject|451 4.7.0 ");
	stage(3, "enforce.test");
	answered(3, "proceed");
}
END_TEST

START_TEST(garbage_is_survived)
{
	static char huge[100000];
	int i;

	memset(huge, '|', sizeof(huge) - 1);
	start_new();
	for (i = 0; i < 20; i++)
		tell(huge);
	tell("\n\n|||\nfilter|\nreport|0.7|\nconfig|\n");
	stage(1, "none.test");
	tell("filter|0.7|1.0|smtp-in|rcpt-to|1|8\n");
	answered(1, "proceed");
	answered(1, "reject|451 4.3.0 ");
	ck_assert_int_eq(ended(), 0);
}
END_TEST

static bool
is_gone(pid_t pid)
{
	int i;

	for (i = 0; i < PATIENCE * 10; i++) {
		if (kill(pid, 0) == -1 && errno == ESRCH)
			return true;
		(void)usleep(100000);
	}
	return false;
}

START_TEST(all_end_with_the_stream)
{
	pid_t resolver;

	start_new();
	stage(1, "new.test");
	answered(1, "proceed");
	ck_assert_int_eq(site_run("cat %s/log/pid", site_base), 0);
	resolver = (pid_t)strtol(site_output, NULL, 10);
	ck_assert_int_gt(resolver, 1);
	ck_assert_int_eq(kill(resolver, SIGSTOP), 0);
	ck_assert_int_eq(ended(), 0);
	ck_assert(is_gone(resolver));
}
END_TEST

START_TEST(signals_do_not_end_it)
{
	start_new();
	ck_assert_int_eq(kill(child, SIGTERM), 0);
	ck_assert_int_eq(kill(child, SIGHUP), 0);
	ck_assert_int_eq(kill(child, SIGINT), 0);
	stage(1, "none.test");
	answered(1, "proceed");
}
END_TEST

START_TEST(wishes_come_true)
{
	const struct sts_wish wish = { .kind = STS_WISH_MX,
		.domain = "old.test" };
	int i;

	start_new();
	for (i = 0; i < PATIENCE * 10 && asked("mx old.test") == 0; i++) {
		sts_wish_send(site_state, &wish);
		(void)usleep(100000);
	}
	ck_assert_int_eq(asked("mx old.test"), 1);
}
END_TEST

START_TEST(a_state_that_comes_later_is_used)
{
	struct stat st;
	char path[200];
	int i;

	ck_assert_int_eq(site_run("mv %s %s.away", site_state, site_state), 0);
	start_new();
	stage(1, "none.test");
	(void)hear_line();
	ck_assert_int_eq(site_run("mv %s.away %s", site_state, site_state), 0);
	(void)snprintf(path, sizeof(path), "%s/wish", site_state);
	for (i = 0; i < PATIENCE * 10 && stat(path, &st) == -1; i++)
		(void)usleep(100000);
	ck_assert_int_eq(stat(path, &st), 0);
	stage(2, "forged.test");
	answered(2, "reject|451 4.7.0 MTA-STS of forged.test: its policy ");
}
END_TEST

static const char *const bad_options[][4] = {
	{ "-x" },
	{ "operand" },
	{ "-s", "127.0.0.1" },
	{ "-s", "localhost:26" },
	{ "-s", "127.0.0.1:0" },
	{ "-s", "127.0.0.1:99999" },
	{ "-c", "/nonexistent/file" },
	{ "-c", "/etc/passwd" },
};
#define BAD_OPTIONS ((int)(sizeof(bad_options) / sizeof(bad_options[0])))

START_TEST(a_bad_start_is_told_before_registering)
{
	char *argv[4] = { (char[]){ "filter-mta-sts" } };
	char octet;
	int status, i;

	for (i = 0; i < 2 && bad_options[_i][i] != NULL; i++)
		argv[i + 1] = strdup(bad_options[_i][i]);
	start_with(argv);
	ck_assert_int_eq(recv(peer, &octet, 1, 0), 0);
	status = ended();
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 64);
	free(argv[1]);
	free(argv[2]);
}
END_TEST

START_TEST(skipped_not_root)
{
	(void)fputs("not root: the filter is not started\n", stderr);
}
END_TEST

static void
add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 3 * PATIENCE);
	tcase_add_loop_test(tcase, it_speaks_both_protocols, 0, 2);
	tcase_add_test(tcase, strangers_make_it_ask_nothing);
	tcase_add_test(tcase, many_sessions_share_one_question);
	tcase_add_test(tcase, no_session_waits_for_another);
	tcase_add_loop_test(tcase, a_resolver_that_fails_costs_an_answer, 0, 3);
	tcase_add_test(tcase, junk_between_answers_does_not_matter);
	tcase_add_test(tcase, without_a_resolver_the_state_decides);
	tcase_add_test(tcase, garbage_is_survived);
	tcase_add_test(tcase, all_end_with_the_stream);
	tcase_add_test(tcase, signals_do_not_end_it);
	tcase_add_test(tcase, wishes_come_true);
	tcase_add_test(tcase, a_state_that_comes_later_is_used);
	tcase_add_loop_test(tcase, a_bad_start_is_told_before_registering, 0,
	    BAD_OPTIONS);
}

int
main(void)
{
	Suite *suite = suite_create("filter");
	TCase *tcase = tcase_create("program");

	if (geteuid() == 0)
		add_tests(tcase);
	else
		tcase_add_test(tcase, skipped_not_root);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
