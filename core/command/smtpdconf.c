/* SPDX-License-Identifier: ISC */
/*
 * The reader of smtpd.conf, see smtpdconf.h.  It follows the lexer in
 * OpenSMTPD's parse.y, where it is odd as well.
 */
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "command/smtpdconf.h"

#define WORD_MAX   8096 /* as smtpd's */
#define WORDS_MAX  100000
#define MACROS_MAX 1000

struct macro {
	char *name, *value;
};

struct reader {
	struct sts_smtpdconf *conf;
	sts_smtpdconf_load_fn load;
	void *arg;
	struct sts_error *err;
	struct macro *macro;
	size_t macros;
	size_t words;               /* in all */
	struct sts_directive *open; /* NULL: between directives */
	unsigned braces;
};

struct text { /* what is read at the moment: a file, or a macro's value */
	const char *at, *end;
	size_t file;
	unsigned line;
	bool macro;
};

static enum sts_rc
out_of_memory(struct reader *reader)
{
	return sts_error_set(reader->err, STS_ENOMEM, "no memory");
}

static enum sts_rc
complain(struct reader *reader, const struct text *text, const char *what,
    const char *name)
{
	return sts_error_set(reader->err, STS_ECONFIG, "%s:%u: %s%s",
	    reader->conf->file[text->file], text->line, what, name);
}

/* ---- directives -------------------------------------------------------- */

/* The array of COUNT elements of SIZE, with room for one more; or NULL. */
static void *
one_more(void *array, size_t count, size_t size)
{
	/* Grow at powers of two only. */
	if (count != 0 && (count & (count - 1)) != 0)
		return array;
	return reallocarray(array, count == 0 ? 1 : 2 * count, size);
}

static enum sts_rc
begin_directive(struct reader *reader, const struct text *text)
{
	struct sts_smtpdconf *conf = reader->conf;
	struct sts_directive *all =
	    one_more(conf->directive, conf->directives, sizeof(*all));

	if (all == NULL)
		return out_of_memory(reader);
	conf->directive = all;
	reader->open = &all[conf->directives++];
	*reader->open =
	    (struct sts_directive){ .file = text->file, .line = text->line };
	return STS_OK;
}

static enum sts_rc
add_word(struct reader *reader, const struct text *text, const char *word)
{
	struct sts_directive *open;
	enum sts_rc rc = STS_OK;
	char **all;

	if (reader->words == WORDS_MAX)
		return complain(reader, text, "too many words", "");
	if (reader->open == NULL)
		rc = begin_directive(reader, text);
	if (rc != STS_OK)
		return rc;
	open = reader->open;
	all = one_more(open->word, open->words, sizeof(*all));
	if (all == NULL)
		return out_of_memory(reader);
	open->word = all;
	open->word[open->words] = strdup(word);
	if (open->word[open->words] == NULL)
		return out_of_memory(reader);
	open->words++;
	reader->words++;
	return STS_OK;
}

static void
drop_directive(struct reader *reader)
{
	struct sts_directive *last = reader->open;
	size_t i;

	for (i = 0; i < last->words; i++)
		free(last->word[i]);
	free(last->word);
	reader->conf->directives--;
	reader->open = NULL;
}

/* ---- macros ------------------------------------------------------------ */

static const char *
find_macro(const struct reader *reader, const char *name)
{
	size_t i = reader->macros;

	while (i-- > 0)
		if (strcmp(reader->macro[i].name, name) == 0)
			return reader->macro[i].value;
	return NULL;
}

/* "name = value", whose words go over to the macro. */
static enum sts_rc
take_macro(struct reader *reader, const struct text *text)
{
	struct sts_directive *line = reader->open;
	struct macro *all =
	    one_more(reader->macro, reader->macros, sizeof(*all));

	if (all == NULL)
		return out_of_memory(reader);
	reader->macro = all;
	if (reader->macros == MACROS_MAX)
		return complain(reader, text, "too many macros", "");
	all[reader->macros++] =
	    (struct macro){ .name = line->word[0], .value = line->word[2] };
	line->word[0] = line->word[2] = NULL;
	drop_directive(reader);
	return STS_OK;
}

/* ---- characters and words ---------------------------------------------- */

/* A backslash in front of a newline is as if neither were there. */
static int
peek(struct text *text)
{
	while (text->end - text->at >= 2 && text->at[0] == '\\' &&
	       text->at[1] == '\n') {
		text->at += 2;
		text->line++;
	}
	return text->at == text->end ? -1 : (unsigned char)*text->at;
}

/* Any but these may stand in a word that has no quotes. */
static bool
in_word(int c)
{
	return c > ' ' && c < 0x7f && strchr("(){}<>!=#,", c) == NULL;
}

static enum sts_rc
bare_word(struct reader *reader, struct text *text, char word[WORD_MAX])
{
	size_t len = 0;
	int c;

	for (; in_word(c = peek(text)); text->at++) {
		if (len == WORD_MAX - 1)
			return complain(reader, text, "word too long", "");
		word[len++] = (char)c;
	}
	word[len] = '\0';
	return STS_OK;
}

/* One octet of a quotation, -1 for none: newlines do not count. */
static int
quoted(struct text *text, char quote)
{
	int c = (unsigned char)*text->at++;

	if (c == '\n') {
		text->line++;
		return -1;
	}
	if (c != '\\' || text->at == text->end)
		return c;
	if (*text->at == quote || *text->at == ' ' || *text->at == '\t')
		return (unsigned char)*text->at++;
	return *text->at == '\n' ? quoted(text, quote) : c;
}

static enum sts_rc
quoted_word(struct reader *reader, struct text *text, char word[WORD_MAX])
{
	char quote = *text->at++;
	size_t len = 0;
	int c;

	while (text->at != text->end && *text->at != quote) {
		c = quoted(text, quote);
		if (c == 0)
			return complain(reader, text, "NUL in quotes", "");
		if (c > 0 && len == WORD_MAX - 1)
			return complain(reader, text, "word too long", "");
		if (c > 0)
			word[len++] = (char)c;
	}
	if (text->at == text->end)
		return complain(reader, text, "quote is not closed", "");
	text->at++;
	word[len] = '\0';
	return STS_OK;
}

static void
skip_comment(struct text *text)
{
	int c;

	while ((c = peek(text)) != -1 && c != '\n')
		text->at++;
}

static enum sts_rc read_text(struct reader *reader, struct text *text);

/* Its value is read in its place; smtpd looks for no macros in there. */
static enum sts_rc
expand(struct reader *reader, struct text *text)
{
	struct text inner = {
		.file = text->file, .line = text->line, .macro = true
	};
	char name[WORD_MAX];
	size_t len = 0;

	text->at++;
	while (text->at != text->end && len < sizeof(name) - 1 &&
	       (sts_ascii_alnum((unsigned char)*text->at) || *text->at == '_'))
		name[len++] = *text->at++;
	name[len] = '\0';
	inner.at = find_macro(reader, name);
	if (inner.at == NULL)
		return complain(reader, text, "no such macro: ", name);
	inner.end = inner.at + strlen(inner.at);
	return read_text(reader, &inner);
}

static enum sts_rc
take_word(struct reader *reader, struct text *text, int c)
{
	struct text start = *text;
	char word[WORD_MAX] = { (char)c };
	enum sts_rc rc = STS_OK;

	if (c == '"' || c == '\'')
		rc = quoted_word(reader, text, word);
	else if (in_word(c))
		rc = bare_word(reader, text, word);
	else
		text->at++;
	if (rc != STS_OK)
		return rc;
	if (c == '{')
		reader->braces++;
	else if (c == '}' && reader->braces > 0)
		reader->braces--;
	return add_word(reader, &start, word);
}

/* ---- files ------------------------------------------------------------- */

static enum sts_rc read_file(struct reader *reader, const char *file);

static enum sts_rc
include(struct reader *reader)
{
	char *file = reader->open->word[1];
	enum sts_rc rc;

	reader->open->word[1] = NULL;
	drop_directive(reader);
	rc = read_file(reader, file);
	free(file);
	return rc;
}

static enum sts_rc
end_directive(struct reader *reader, const struct text *text)
{
	struct sts_directive *open = reader->open;

	if (open == NULL)
		return STS_OK;
	if (open->words == 3 && strcmp(open->word[1], "=") == 0)
		return take_macro(reader, text);
	if (open->words == 2 && strcmp(open->word[0], "include") == 0)
		return include(reader);
	reader->open = NULL;
	return STS_OK;
}

static enum sts_rc
read_text(struct reader *reader, struct text *text)
{
	enum sts_rc rc = STS_OK;
	int c;

	while (rc == STS_OK && (c = peek(text)) != -1) {
		if (c == ' ' || c == '\t') {
			text->at++;
		} else if (c == '#') {
			skip_comment(text);
		} else if (c == '$' && !text->macro) {
			rc = expand(reader, text);
		} else if (c != '\n') {
			rc = take_word(reader, text, c);
		} else {
			if (reader->braces == 0)
				rc = end_directive(reader, text);
			text->at++;
			text->line++;
		}
	}
	return rc;
}

static enum sts_rc
read_whole(struct reader *reader, struct text *text)
{
	enum sts_rc rc = read_text(reader, text);

	if (rc == STS_OK && reader->braces > 0)
		rc = complain(reader, text, "brace is not closed", "");
	if (rc == STS_OK) /* the last line may lack its newline */
		rc = end_directive(reader, text);
	return rc;
}

static enum sts_rc
read_file(struct reader *reader, const char *file)
{
	struct sts_smtpdconf *conf = reader->conf;
	struct text text = { .file = conf->files, .line = 1 };
	struct sts_buf buf;
	enum sts_rc rc;
	char **all;

	if (conf->files == STS_SMTPDCONF_FILES_MAX)
		return sts_error_set(reader->err, STS_ECONFIG,
		    "%s: too many files are included", file);
	all = one_more(conf->file, conf->files, sizeof(*all));
	if (all == NULL)
		return out_of_memory(reader);
	conf->file = all;
	all[conf->files] = strdup(file);
	if (all[conf->files] == NULL)
		return out_of_memory(reader);
	conf->files++;
	sts_buf_init(&buf, STS_SMTPDCONF_MAX + 1);
	rc = reader->load(reader->arg, file, &buf, reader->err);
	text.at = sts_buf_text(&buf);
	text.end = text.at + buf.len;
	if (rc == STS_OK)
		rc = read_whole(reader, &text);
	sts_buf_clear(&buf);
	return rc;
}

enum sts_rc
sts_smtpdconf_read(struct sts_smtpdconf *conf, const char *file,
    sts_smtpdconf_load_fn load, void *arg, struct sts_error *err)
{
	struct reader reader = {
		.conf = conf, .load = load, .arg = arg, .err = err
	};
	enum sts_rc rc;

	memset(conf, 0, sizeof(*conf));
	rc = read_file(&reader, file);
	while (reader.macros > 0) {
		reader.macros--;
		free(reader.macro[reader.macros].name);
		free(reader.macro[reader.macros].value);
	}
	free(reader.macro);
	if (rc != STS_OK)
		sts_smtpdconf_clear(conf);
	return rc;
}

void
sts_smtpdconf_clear(struct sts_smtpdconf *conf)
{
	struct reader reader = { .conf = conf };

	while (conf->directives > 0) {
		reader.open = &conf->directive[conf->directives - 1];
		drop_directive(&reader);
	}
	free(conf->directive);
	while (conf->files > 0)
		free(conf->file[--conf->files]);
	free(conf->file);
	memset(conf, 0, sizeof(*conf));
}
