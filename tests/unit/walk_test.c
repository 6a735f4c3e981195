/* SPDX-License-Identifier: ISC */
/*
 * A seeded walk through a world where DNS, HTTPS, clock, disk and process
 * fail at random, against the oracle: no lookup ends weaker than a policy
 * that was kept and has not expired (promise 1), and none is deferred
 * without a fault of ours (promise 2).  WALK_SEED and WALK_STEPS replay one.
 */
#include <sys/resource.h>

#include <check.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oracle.h"
#include "scratch.h"
#include "script.h"
#include "suite.h"

#define HOUR  3600
#define DAY   86400
#define STEPS 200000

#define HIDDEN_JUMP (40 * (int64_t)DAY) /* and a little more than is hidden */

struct walk {
	struct script script;
	struct oracle oracle;
	struct sts_resolver_options options;
	char *directory;
	uint64_t random;
	unsigned step;
	unsigned next_id;
	int64_t jump;      /* wall is this much away from true time */
	int64_t jump_left; /* seconds until it is put right */
	bool unseen;       /* no good time was recorded since the boot */
	bool full;         /* the disk takes nothing */
	bool torn;         /* a state file was hurt while the disk was full */
	unsigned demanded, deferred, answered; /* figures for the summary */
};

static struct walk walk;

static unsigned
rnd(unsigned n)
{
	walk.random ^= walk.random << 13;
	walk.random ^= walk.random >> 7;
	walk.random ^= walk.random << 17;
	return (unsigned)((walk.random >> 20) % n);
}

static int64_t
true_wall(void)
{
	return walk.script.now.wall - walk.jump;
}

/* ---- the world changes --------------------------------------------------- */

static struct script_domain *
any_domain(void)
{
	return &walk.script.domain[rnd(SCRIPT_DOMAINS)];
}

static void
change_record(void)
{
	struct script_domain *domain = any_domain();

	domain->txt = rnd(2) == 0 ? SCRIPT_TXT_VALID : rnd(SCRIPT_TXT_MAX);
	domain->ttl = rnd(2) == 0 ? 300 : rnd(100000);
	domain->tlsrpt = rnd(2) == 0;
}

static void
change_host(void)
{
	any_domain()->host =
	    rnd(2) == 0 ? SCRIPT_HOST_GOOD : rnd(SCRIPT_HOST_MAX);
}

static void
publish(void)
{
	static const char *const modes[] = { "enforce", "enforce", "testing",
		"none" };
	static const int ages[] = { 0, 1, HOUR, DAY, 7 * DAY, 30 * DAY,
		365 * DAY };
	struct script_domain *domain = any_domain();

	walk.next_id++;
	if (rnd(20) != 0) /* else: forgotten, as happens */
		(void)snprintf(domain->id, sizeof(domain->id), "%u",
		    walk.next_id);
	(void)snprintf(domain->policy, sizeof(domain->policy),
	    "version: STSv1\nmode: %s\nmx: mx%u.example\nmax_age: %d\n",
	    modes[rnd(4)], walk.next_id, ages[rnd(7)]);
	if (rnd(20) == 0)
		domain->policy[rnd(40)] = '\0'; /* a broken one */
}

static void
put_clock_right(void)
{
	walk.script.now.wall -= walk.jump;
	walk.jump = walk.jump_left = 0;
}

static void
pass_time(void)
{
	static const unsigned spans[] = { 10, 100, HOUR, 2 * HOUR, DAY };
	int64_t seconds = 1 + rnd(spans[rnd(5)]);

	script_advance(&walk.script, seconds);
	if (walk.jump == 0)
		return;
	walk.jump_left -= seconds;
	if (walk.jump_left <= 0)
		put_clock_right();
}

static void
jump_clock(void)
{
	if (walk.jump != 0) {
		put_clock_right();
		return;
	}
	walk.jump = walk.unseen ? HIDDEN_JUMP : 2 * HOUR;
	walk.jump += rnd(2) == 0 ? 3650 * (int64_t)DAY : rnd(400 * DAY);
	if (rnd(3) == 0)
		walk.jump = -walk.jump / 4;
	walk.script.now.wall += walk.jump;
	walk.jump_left = rnd(3 * DAY);
}

/* A jump before the first look at the clock would be part of the reboot. */
static void
see_clock(void)
{
	struct sts_known known;

	sts_state_load(walk.options.state, "clock.example", &walk.script.now,
	    &known);
	sts_known_clear(&known);
}

/* A jump that a reboot would hide (see clock.h) ends before it, and none
 * begins before the new boot was seen: it looks like time spent switched off. */
static void
reboot(void)
{
	if (walk.jump < HIDDEN_JUMP && walk.jump > 0)
		put_clock_right();
	walk.unseen = true;
	walk.script.now.boot = 10;
	walk.script.now.boot_id[rnd(STS_BOOT_ID_MAX)] = (char)('a' + rnd(26));
	see_clock();
}

/* ---- faults of disk and process ------------------------------------------ */

static void
set_full(bool full)
{
	struct rlimit limit;

	walk.full = full;
	if (!full)
		walk.torn = false;
	if (getrlimit(RLIMIT_FSIZE, &limit) == -1)
		abort();
	limit.rlim_cur = full ? 0 : limit.rlim_max;
	if (setrlimit(RLIMIT_FSIZE, &limit) == -1)
		abort();
}

/* One of the state's files, or NULL. */
static const char *
pick_file(const char *pattern)
{
	static char path[1024];
	const char *found = NULL;
	glob_t list;

	(void)snprintf(path, sizeof(path), "%s/%s", walk.directory, pattern);
	if (glob(path, GLOB_NOSORT, NULL, &list) == 0) {
		(void)snprintf(path, sizeof(path), "%s",
		    list.gl_pathv[rnd((unsigned)list.gl_pathc)]);
		found = path;
	}
	globfree(&list);
	return found;
}

static void
flip_bit(const char *path)
{
	struct stat st;
	unsigned char c;
	off_t at;
	int fd;

	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1 || st.st_size == 0)
		abort();
	at = (off_t)rnd((unsigned)st.st_size);
	if (pread(fd, &c, 1, at) == 1) {
		c = (unsigned char)(c ^ (1u << rnd(8)));
		(void)!pwrite(fd, &c, 1, at);
	}
	(void)close(fd);
}

static void
hurt_policy(void)
{
	char pattern[STS_DOMAIN_MAX + 32];
	const char *path;
	struct stat st;

	(void)snprintf(pattern, sizeof(pattern), "policies/*/%s",
	    any_domain()->name);
	path = pick_file(pattern);
	if (path == NULL || lstat(path, &st) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_size == 0)
		return;
	walk.torn = walk.torn || walk.full;
	switch (rnd(4)) {
	case 0:
		flip_bit(path);
		break;
	case 1:
		(void)!truncate(path, rnd((unsigned)st.st_size));
		break;
	case 2:
		if (unlink(path) == 0)
			(void)!symlink("/etc/passwd", path);
		break;
	default:
		if (unlink(path) == 0)
			(void)!mkfifo(path, 0600);
		break;
	}
}

static void
hurt_table(void)
{
	const char *path = pick_file(rnd(2) == 0 ? "absent" : "checked");

	if (path == NULL)
		return;
	if (rnd(3) == 0)
		(void)unlink(path);
	else if (rnd(3) == 0)
		(void)!truncate(path, rnd(300));
	else
		flip_bit(path);
}

/* A power cut in the middle of an append. */
static void
tear_ledger(void)
{
	const char *path = pick_file("ledger");
	int fd;

	if (path == NULL || (fd = open(path, O_WRONLY | O_APPEND)) == -1)
		return;
	(void)!write(fd, "\nledger 77 0123", 1 + rnd(14));
	(void)close(fd);
}

static void
reopen(void)
{
	struct sts_error err;
	bool full = walk.full;

	set_full(false); /* a new process that cannot start is no lookup */
	sts_state_free(walk.options.state);
	walk.options.state = NULL;
	ck_assert_msg(sts_state_open(walk.directory,
			  STS_DIR_WRITE | STS_DIR_ANYWHERE | STS_DIR_NOSYNC,
			  &walk.options.state, &err) == STS_OK,
	    "%s", err.text);
	set_full(full);
}

static void
compact(void)
{
	struct sts_error err;

	if (!walk.full)
		ck_assert_msg(sts_ledger_compact(sts_state_dir(walk.options
								   .state),
				  &err) == STS_OK,
		    "%s", err.text);
}

static void
distrust(void)
{
	struct sts_error err;

	(void)!sts_state_distrust(walk.options.state, any_domain()->name,
	    &walk.script.now, &err);
}

static void
toggle_full(void)
{
	set_full(!walk.full);
}

/* ---- lookups ------------------------------------------------------------- */

static void __attribute__((noreturn)) violation(const char *what,
    const struct script_domain *domain, const struct script_result *result)
{
	set_full(false); /* or the message cannot be written either */
	ck_abort_msg("step %u: %s: %s: answer %s, cause %s, source %s: %s\n"
		     "true time %lld, clock ahead by %lld, disk %s\n"
		     "got:\n%s\nnow published:\n%s\ntrace:\n%s",
	    walk.step, domain->name, what, sts_answer_name(result->answer),
	    sts_rc_name(result->cause), result->source, result->reason,
	    (long long)true_wall(), (long long)walk.jump,
	    walk.full ? "full" : "good", result->policy, domain->policy,
	    walk.script.trace);
}

static bool
deferring(const struct script_result *result)
{
	return result->answer == STS_ANSWER_DAMAGED ||
	       (result->answer == STS_ANSWER_UNKNOWN &&
		   result->cause != STS_EDNS);
}

/* May we have to defer?  Only by a fault of ours. */
static bool
our_fault(const struct script_domain *domain)
{
	return domain->txt == SCRIPT_TXT_LOCAL ||
	       domain->txt == SCRIPT_TXT_REFUSE ||
	       domain->host == SCRIPT_HOST_LOCAL ||
	       domain->host == SCRIPT_HOST_REFUSE || walk.torn;
}

static void
judge(int i, const struct script_result *result, unsigned fetched_before)
{
	struct script_domain *domain = &walk.script.domain[i];
	bool live = strcmp(result->source, "live") == 0 &&
		    result->answer == STS_ANSWER_POLICY;

	if (live && domain->fetched == fetched_before)
		violation("a live policy that nobody served", domain, result);
	if (live)
		oracle_serve(&walk.oracle, i, result->policy,
		    walk.script.now.wall, result->stored);
	walk.answered++;
	if (deferring(result)) {
		walk.deferred++;
		if (!our_fault(domain))
			violation("deferred without a fault of ours", domain,
			    result);
		return;
	}
	if (result->answer == STS_ANSWER_POLICY &&
	    !oracle_knows(&walk.oracle, i, result->policy))
		violation("a policy that was never served", domain, result);
	if (!oracle_demands(&walk.oracle, i, true_wall()) || live)
		return;
	walk.demanded++;
	if (result->answer != STS_ANSWER_POLICY ||
	    !oracle_allows(&walk.oracle, i, result->policy))
		violation("weaker than an unexpired policy", domain, result);
}

static void
look_up(void)
{
	int i = (int)rnd(SCRIPT_DOMAINS);
	unsigned fetched = walk.script.domain[i].fetched;
	struct script_result result;

	script_reset_trace(&walk.script);
	walk.options.force = rnd(50) == 0;
	result =
	    script_ask(&walk.script, &walk.options, walk.script.domain[i].name);
	judge(i, &result, fetched);
	/* Whoever asks DNS has looked at the clock before. */
	if (walk.jump == 0 && !walk.full &&
	    strstr(walk.script.trace, "step: record") != NULL)
		walk.unseen = false;
}

/* In the order in which they end: one may wait for what the other gets. */
static void
judge_ended(int i, struct script_result *result, unsigned fetched_before)
{
	if (!result->done)
		return;
	result->done = false;
	judge(i, result, fetched_before);
}

static void
look_up_twice(void)
{
	int i = (int)rnd(SCRIPT_DOMAINS);
	unsigned fetched = walk.script.domain[i].fetched;
	struct script_result first, second;

	script_reset_trace(&walk.script);
	walk.options.force = false;
	walk.script.seed = rnd(1u << 30) + 1;
	script_start(&walk.script, &walk.options, walk.script.domain[i].name,
	    &first);
	script_start(&walk.script, &walk.options, walk.script.domain[i].name,
	    &second);
	do {
		judge_ended(i, &first, fetched);
		judge_ended(i, &second, fetched);
	} while (script_step(&walk.script));
	walk.script.seed = 0;
}

/* ---- the walk ------------------------------------------------------------ */

static const struct {
	unsigned weight; /* in 1000 */
	void (*act)(void);
} acts[] = {
	{ 130, change_record },
	{ 120, change_host },
	{ 60, publish },
	{ 200, pass_time },
	{ 5, jump_clock },
	{ 5, reboot },
	{ 20, hurt_policy },
	{ 6, hurt_table },
	{ 3, tear_ledger },
	{ 10, toggle_full },
	{ 30, distrust },
	{ 5, reopen },
	{ 6, compact },
	{ 40, look_up_twice },
	{ 360, look_up },
};

static void
take_step(void)
{
	unsigned pick = rnd(1000), i;

	for (i = 0; pick >= acts[i].weight; i++)
		pick -= acts[i].weight;
	acts[i].act();
}

static uint64_t
setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

START_TEST(no_sequence_of_faults_weakens_a_verdict)
{
	static const char *const names[SCRIPT_DOMAINS] = { "a.example",
		"b.example", "c.example", "d.example" };
	uint64_t seed = setting("WALK_SEED", 20260101);
	unsigned steps = (unsigned)setting("WALK_STEPS", STEPS);
	int i;

	memset(&walk, 0, sizeof(walk));
	(void)signal(SIGXFSZ, SIG_IGN);
	script_init(&walk.script);
	for (i = 0; i < SCRIPT_DOMAINS; i++)
		(void)script_add(&walk.script, names[i]);
	walk.random = seed * 2654435761u + 1;
	walk.options.timeout_ms = 10000;
	walk.directory = scratch_new();
	reopen();
	for (walk.step = 1; walk.step <= steps; walk.step++)
		take_step();
	set_full(false);
	printf("seed %llu: %u steps, %u lookups, %u bound by a policy, "
	       "%u deferred\n",
	    (unsigned long long)seed, steps, walk.answered, walk.demanded,
	    walk.deferred);
	ck_assert_uint_gt(walk.demanded, steps / 50);
	sts_state_free(walk.options.state);
	scratch_free(walk.directory);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("walk");
	TCase *tcase = tcase_create("seeded");

	tcase_set_timeout(tcase, 280);
	tcase_add_test(tcase, no_sequence_of_faults_weakens_a_verdict);
	suite_add_tcase(suite, tcase);
	/* Check tells its parent through a file, which the full disk stops. */
	(void)setenv("CK_FORK", "no", 1);
	return suite_run(suite);
}
