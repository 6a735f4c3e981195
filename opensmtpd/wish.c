/* SPDX-License-Identifier: ISC */
/*
 * Datagrams from the table to the filter, see wish.h.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/domain.h"
#include "wish.h"

#define SOCKET_NAME "wish"

static const struct kind {
	const char *word;
	size_t names;
} kinds[] = {
	[STS_WISH_POLICY] = { "policy", 1 },
	[STS_WISH_MX] = { "mx", 1 },
	[STS_WISH_CHOSEN] = { "chosen", 2 },
};
_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == STS_WISH_MAX,
    "kinds matches enum sts_wish_kind");

/* ---- text -------------------------------------------------------------- */

size_t
sts_wish_format(const struct sts_wish *wish, char out[STS_WISH_TEXT_MAX])
{
	const struct kind *kind = &kinds[wish->kind];
	bool two = kind->names == 2;
	int len;

	len = snprintf(out, STS_WISH_TEXT_MAX, "%s %s%s%s", kind->word,
	    wish->domain, two ? " " : "", two ? wish->host : "");
	return (size_t)len;
}

/* The word at *TEXT, which then points behind the space after it. */
static bool
take_word(const char **text, const char *end, const char **word, size_t *len)
{
	const char *space;

	if (*text > end)
		return false;
	space = memchr(*text, ' ', (size_t)(end - *text));
	*word = *text;
	*len = (size_t)((space != NULL ? space : end) - *text);
	*text += *len + 1;
	return true;
}

static bool
take_name(const char **text, const char *end, char out[STS_DOMAIN_MAX + 1])
{
	const char *word;
	size_t len;

	return take_word(text, end, &word, &len) &&
	       sts_domain_normalize(word, len, out, NULL) == STS_OK &&
	       strlen(out) == len && memcmp(word, out, len) == 0;
}

static bool
take_kind(const char **text, const char *end, enum sts_wish_kind *kind)
{
	const char *word;
	size_t len;

	if (!take_word(text, end, &word, &len))
		return false;
	for (*kind = 0; *kind < STS_WISH_MAX; (*kind)++)
		if (strlen(kinds[*kind].word) == len &&
		    memcmp(kinds[*kind].word, word, len) == 0)
			return true;
	return false;
}

enum sts_rc
sts_wish_parse(const char *text, size_t len, struct sts_wish *out,
    struct sts_error *err)
{
	const char *end = text + len;
	struct sts_wish wish = { .kind = STS_WISH_MAX };

	if (!take_kind(&text, end, &wish.kind) ||
	    !take_name(&text, end, wish.domain) ||
	    (kinds[wish.kind].names == 2 &&
		!take_name(&text, end, wish.host)) ||
	    text != end + 1)
		return sts_error_set(err, STS_EUSAGE, "not a wish");
	*out = wish;
	return STS_OK;
}

/* ---- socket ------------------------------------------------------------ */

static enum sts_rc
name_socket(const char *state, struct sockaddr_un *address,
    struct sts_error *err)
{
	int len;

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	len = snprintf(address->sun_path, sizeof(address->sun_path),
	    "%s/" SOCKET_NAME, state);
	if (len < 0 || (size_t)len >= sizeof(address->sun_path))
		return sts_error_set(err, STS_EUSAGE,
		    "%s/" SOCKET_NAME ": too long for a socket's name", state);
	return STS_OK;
}

static int
new_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

void
sts_wish_send(const char *state, const struct sts_wish *wish)
{
	char text[STS_WISH_TEXT_MAX];
	size_t len = sts_wish_format(wish, text);
	struct sockaddr_un address;
	int fd;

	if (name_socket(state, &address, NULL) != STS_OK)
		return;
	fd = new_socket();
	if (fd == -1)
		return;
	(void)sendto(fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT,
	    (const struct sockaddr *)&address, sizeof(address));
	(void)close(fd);
}

/* By rename: at every moment there is a socket, the old or the new. */
static enum sts_rc
place_socket(int fd, const struct sockaddr_un *address, struct sts_error *err)
{
	struct sockaddr_un fresh = *address;
	size_t len = strlen(fresh.sun_path);
	mode_t mask;
	int bound;

	if (len + sizeof(".new") > sizeof(fresh.sun_path))
		return sts_error_set(err, STS_EUSAGE,
		    "%s: too long for a socket's name", address->sun_path);
	memcpy(fresh.sun_path + len, ".new", sizeof(".new"));
	(void)unlink(fresh.sun_path);
	mask = umask(0177); /* the state's owner alone */
	bound = bind(fd, (const struct sockaddr *)&fresh, sizeof(fresh));
	(void)umask(mask);
	if (bound == -1 || rename(fresh.sun_path, address->sun_path) == -1)
		return sts_error_sys(err, STS_ESYS, "%s", address->sun_path);
	return STS_OK;
}

enum sts_rc
sts_wish_listen(const char *state, int *out, struct sts_error *err)
{
	struct sockaddr_un address;
	enum sts_rc rc;
	int fd;

	rc = name_socket(state, &address, err);
	if (rc != STS_OK)
		return rc;
	fd = new_socket();
	if (fd == -1)
		return sts_error_sys(err, STS_ESYS, "socket");
	rc = place_socket(fd, &address, err);
	if (rc != STS_OK) {
		(void)close(fd);
		return rc;
	}
	*out = fd;
	return STS_OK;
}

enum sts_rc
sts_wish_receive(int fd, struct sts_wish *wish, struct sts_error *err)
{
	char text[STS_WISH_TEXT_MAX];
	ssize_t len;

	/* What is longer is cut, and no wish even so. */
	len = recv(fd, text, sizeof(text), MSG_DONTWAIT);
	if (len >= 0)
		return sts_wish_parse(text, (size_t)len, wish, err);
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return sts_error_set(err, STS_ENODATA, "no wish now");
	return sts_error_sys(err, STS_ESYS, "wish");
}
