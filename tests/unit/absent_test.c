/* SPDX-License-Identifier: ISC */
/*
 * Tables of hints: a slot is somebody's or nobody's, and never outlives what
 * it was made for.
 */
#include <sys/wait.h>

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hurt.h"
#include "suite.h"

#define DOMAIN    "example.com"
#define WRITERS   4
#define PER_CHILD 300
#define TABLE_LEN (262144 * 64)

static struct sts_table *
table_open(void)
{
	struct sts_error err = { STS_OK, 0, "" };
	struct sts_table *table;

	ck_assert_msg(sts_table_open(hurt_dir, "absent", &table, &err) ==
			  STS_OK,
	    "%s", err.text);
	return table;
}

static const struct sts_note full_note = {
	.kind = STS_NOTE_UNFETCHED,
	.life = 3600,
	.failures = 15,
	.id_hash = 2047,
	.tlsrpt = true,
	.skipped = true,
};

static void
put(struct sts_table *table, const char *domain, const struct sts_note *note)
{
	struct sts_note copy = *note;

	ck_assert_int_eq(sts_table_put(table, domain, hurt_now.wall, &copy,
			     NULL),
	    STS_OK);
}

static enum sts_note_kind
kind_of(struct sts_table *table, const char *domain, int64_t wall)
{
	struct sts_note note;

	sts_table_get(table, domain, wall, &note);
	return note.kind;
}

START_TEST(a_note_is_read_as_it_was_written)
{
	struct sts_table *table = table_open();
	struct sts_note note;

	put(table, DOMAIN, &full_note);
	sts_table_get(table, DOMAIN, hurt_now.wall, &note);
	ck_assert_int_eq(note.kind, STS_NOTE_UNFETCHED);
	ck_assert_int_eq(note.until, hurt_now.wall + 3600);
	ck_assert_uint_eq(note.life, 3600);
	ck_assert_uint_eq(note.failures, 15);
	ck_assert_uint_eq(note.id_hash, 2047);
	ck_assert(note.tlsrpt && note.skipped);
	ck_assert_int_eq(kind_of(table, "example.net", hurt_now.wall),
	    STS_NOTE_NOTHING);
	sts_table_free(table);
}
END_TEST

START_TEST(sts_81_a_clock_set_back_voids_it)
{
	struct sts_table *table = table_open();
	struct sts_note note;

	put(table, DOMAIN, &full_note);
	ck_assert_int_eq(kind_of(table, DOMAIN, hurt_now.wall + 3599),
	    STS_NOTE_UNFETCHED);
	ck_assert_int_eq(kind_of(table, DOMAIN, hurt_now.wall + 3600),
	    STS_NOTE_NOTHING);
	ck_assert_int_eq(kind_of(table, DOMAIN, hurt_now.wall - 1),
	    STS_NOTE_NOTHING);
	sts_table_peek(table, DOMAIN, &note); /* still told, for back-off */
	ck_assert_int_eq(note.kind, STS_NOTE_UNFETCHED);
	sts_table_free(table);
}
END_TEST

START_TEST(with_any_bit_flipped_it_is_nobodys)
{
	struct sts_table *table = table_open();
	char path[1024], c;
	unsigned bit;
	off_t at = -1, i;
	int fd;

	put(table, DOMAIN, &full_note);
	hurt_file("absent", path);
	fd = open(path, O_RDWR);
	/* Data is where the hole ends behind the header. */
	for (i = 128; at == -1 && i < TABLE_LEN; i += 16)
		if ((i = lseek(fd, i, SEEK_DATA)) == -1)
			break;
		else if (pread(fd, &c, 1, i + 12) == 1 && c != 0)
			at = i;
	ck_assert_int_ne(at, -1);
	for (bit = 0; bit < 128; bit++) {
		ck_assert_int_eq(pread(fd, &c, 1, at + bit / 8), 1);
		c = (char)(c ^ (1 << bit % 8));
		ck_assert_int_eq(pwrite(fd, &c, 1, at + bit / 8), 1);
		ck_assert_int_eq(kind_of(table, DOMAIN, hurt_now.wall),
		    STS_NOTE_NOTHING);
		c = (char)(c ^ (1 << bit % 8));
		ck_assert_int_eq(pwrite(fd, &c, 1, at + bit / 8), 1);
	}
	ck_assert_int_eq(kind_of(table, DOMAIN, hurt_now.wall),
	    STS_NOTE_UNFETCHED);
	(void)close(fd);
	sts_table_free(table);
}
END_TEST

START_TEST(a_note_can_be_replaced_and_removed)
{
	struct sts_table *table = table_open();
	struct sts_note note = { .kind = STS_NOTE_ABSENT, .life = 60 };

	put(table, DOMAIN, &full_note);
	put(table, DOMAIN, &note);
	ck_assert_int_eq(kind_of(table, DOMAIN, hurt_now.wall),
	    STS_NOTE_ABSENT);
	note = (struct sts_note){ .kind = STS_NOTE_NOTHING };
	put(table, DOMAIN, &note);
	sts_table_peek(table, DOMAIN, &note);
	ck_assert_int_eq(note.kind, STS_NOTE_NOTHING);
	sts_table_free(table);
}
END_TEST

START_TEST(a_hurt_table_is_made_anew_by_a_writer_alone)
{
	struct sts_table *table;

	sts_table_free(table_open());
	hurt_put("absent", "junk", 4);
	hurt_reopen(STS_DIR_READ);
	ck_assert_int_eq(sts_table_open(hurt_dir, "absent", &table, NULL),
	    STS_EDAMAGED);
	hurt_remove("absent");
	ck_assert_int_eq(sts_table_open(hurt_dir, "absent", &table, NULL),
	    STS_ENODATA);
	hurt_put("absent", "junk", 4);
	hurt_reopen(STS_DIR_WRITE | STS_DIR_NOSYNC);
	table = table_open();
	put(table, DOMAIN, &full_note);
	sts_table_free(table);
}
END_TEST

START_TEST(a_table_cut_short_holds_nothing_and_hurts_nobody)
{
	struct sts_table *table = table_open();
	char path[1024];

	put(table, DOMAIN, &full_note);
	hurt_file("absent", path);
	ck_assert_int_eq(truncate(path, 100), 0);
	ck_assert_int_eq(kind_of(table, DOMAIN, hurt_now.wall),
	    STS_NOTE_NOTHING);
	put(table, DOMAIN, &full_note);
	ck_assert_int_eq(kind_of(table, DOMAIN, hurt_now.wall),
	    STS_NOTE_UNFETCHED);
	sts_table_free(table);
}
END_TEST

START_TEST(a_moment_is_known_by_its_boot)
{
	struct sts_table *table = table_open();
	struct sts_now seen, other = { 5, 6, "another-boot" };

	ck_assert(!sts_table_seen(table, STS_MOMENT_GOOD, &hurt_now, &seen));
	ck_assert_int_eq(sts_table_see(table, STS_MOMENT_GOOD, &hurt_now, NULL),
	    STS_OK);
	ck_assert(sts_table_seen(table, STS_MOMENT_GOOD, &hurt_now, &seen));
	ck_assert_str_eq(seen.boot_id, hurt_now.boot_id);
	ck_assert_int_eq(seen.wall, hurt_now.wall);
	ck_assert(sts_table_seen(table, STS_MOMENT_GOOD, &other, &seen));
	ck_assert_str_eq(seen.boot_id, "-");
	ck_assert(!sts_table_seen(table, STS_MOMENT_CLAIM, &hurt_now, &seen));
	other.wall = INT64_MIN; /* with which nobody could reckon */
	ck_assert_int_eq(sts_table_see(table, STS_MOMENT_GOOD, &other, NULL),
	    STS_OK);
	ck_assert(!sts_table_seen(table, STS_MOMENT_GOOD, &other, &seen));
	sts_table_free(table);
}
END_TEST

static void
child_writes(int child)
{
	struct sts_note note = { .kind = STS_NOTE_ABSENT, .life = 3600 };
	struct sts_table *table;
	struct sts_state *state;
	char domain[64];
	int i;

	if (sts_state_open(hurt_path,
		STS_DIR_WRITE | STS_DIR_ANYWHERE | STS_DIR_NOSYNC, &state,
		NULL) != STS_OK ||
	    sts_table_open(sts_state_dir(state), "absent", &table, NULL) !=
		STS_OK)
		_exit(1);
	for (i = 0; i < PER_CHILD; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d-%d.example", child,
		    i);
		if (sts_table_put(table, domain, hurt_now.wall, &note, NULL) !=
			STS_OK ||
		    sts_table_put(table, DOMAIN, hurt_now.wall, &note, NULL) !=
			STS_OK)
			_exit(1);
	}
	_exit(0);
}

START_TEST(writers_at_once_lose_nothing)
{
	struct sts_table *table = table_open();
	int i, j, status;
	char domain[64];
	pid_t pid;

	for (i = 0; i < WRITERS; i++) {
		pid = fork();
		ck_assert_int_ne(pid, -1);
		if (pid == 0)
			child_writes(i);
	}
	for (i = 0; i < WRITERS; i++) {
		ck_assert_int_ne(wait(&status), -1);
		ck_assert_int_eq(status, 0);
	}
	for (i = 0; i < WRITERS; i++)
		for (j = 0; j < PER_CHILD; j++) {
			(void)snprintf(domain, sizeof(domain), "d%d-%d.example",
			    i, j);
			ck_assert_int_eq(kind_of(table, domain, hurt_now.wall),
			    STS_NOTE_ABSENT);
		}
	sts_table_free(table);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("absent");
	TCase *tcase = tcase_create("tables");

	tcase_add_checked_fixture(tcase, hurt_setup, hurt_teardown);
	tcase_add_test(tcase, a_note_is_read_as_it_was_written);
	tcase_add_test(tcase, sts_81_a_clock_set_back_voids_it);
	tcase_add_test(tcase, with_any_bit_flipped_it_is_nobodys);
	tcase_add_test(tcase, a_note_can_be_replaced_and_removed);
	tcase_add_test(tcase, a_hurt_table_is_made_anew_by_a_writer_alone);
	tcase_add_test(tcase, a_table_cut_short_holds_nothing_and_hurts_nobody);
	tcase_add_test(tcase, a_moment_is_known_by_its_boot);
	tcase_add_test(tcase, writers_at_once_lose_nothing);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
