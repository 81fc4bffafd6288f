/* SPDX-License-Identifier: Apache-2.0 */
/* reference.c - take image references apart, check each part, and put the full form together. */
#include "image/reference.h"

#include <ctype.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"

/* From: distribution/reference reference.go, NameTotalLengthMax and the tag of regexp.go. */
#define NAME_MAX_LEN      255
#define TAG_MAX_LEN       128
#define REFERENCE_MAX_LEN 1024

#define HUB         "docker.io"
#define HUB_OLD     "index.docker.io"
#define HUB_LIBRARY "library/"

/* A reference in its parts; each borrows from the text, with a length, and may be empty. */
struct parts {
	struct hp_bytes name;
	struct hp_bytes tag;
	struct hp_bytes digest;
};

/* The digests that an image may be named by. From: opencontainers/go-digest algorithm.go. */
static const struct {
	const char *prefix;
	size_t digits;
} algorithms[] = {
	{"sha256:", 64},
	{"sha384:", 96},
	{"sha512:", 128},
};

/* ctype.h depends on the locale; references do not. */
static bool is_lower_alnum(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(int c)
{
	return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

static bool all_lower_hex(const uint8_t *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
			return false;
	return true;
}

static const uint8_t *find_last(struct hp_bytes b, int c)
{
	return b.data && b.len ? memrchr(b.data, c, b.len) : NULL;
}

static bool bytes_eq(struct hp_bytes b, const char *text)
{
	return b.len == strlen(text) && memcmp(b.data, text, b.len) == 0;
}

/* Cut the digest and the tag off the end. What looks like a tag before the last slash is a port. */
static struct parts take_apart(const char *text)
{
	struct parts p = {.name = hp_bytes_str(text)};
	const uint8_t *at = memchr(text, '@', p.name.len);

	if (at) {
		const size_t left = (size_t)(at - p.name.data);
		p.digest = HP_BYTES(at + 1, p.name.len - left - 1);
		p.name.len = left;
	}
	const uint8_t *colon = find_last(p.name, ':');
	const uint8_t *slash = find_last(p.name, '/');
	if (colon && (!slash || colon > slash)) {
		const size_t left = (size_t)(colon - p.name.data);
		p.tag = HP_BYTES(colon + 1, p.name.len - left - 1);
		p.name.len = left;
	}
	return p;
}

/* Where does the registry's host end? 0: there is none, and the text is a path on docker's hub.
 * From: distribution/reference normalize.go, splitDockerDomain. */
static size_t host_length(struct hp_bytes name)
{
	const uint8_t *slash = name.len ? memchr(name.data, '/', name.len) : NULL;

	if (!slash)
		return 0;
	const struct hp_bytes first = HP_BYTES(name.data, (size_t)(slash - name.data));
	if (bytes_eq(first, "localhost"))
		return first.len;
	for (size_t i = 0; i < first.len; i++)
		if (first.data[i] == '.' || first.data[i] == ':' ||
		    (first.data[i] >= 'A' && first.data[i] <= 'Z'))
			return first.len;
	return 0;
}

/* A host is labels of letters, digits and inner dashes with dots between, or an IPv6 address in
 * brackets. From: distribution/reference regexp.go, domain. */
static bool host_name_ok(struct hp_bytes host)
{
	if (host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']') {
		for (size_t i = 1; i + 1 < host.len; i++)
			if (!isxdigit(host.data[i]) && host.data[i] != ':')
				return false;
		return true;
	}
	for (size_t i = 0; i < host.len; i++) {
		const uint8_t c = host.data[i];
		const bool edge = i == 0 || i + 1 == host.len || host.data[i - 1] == '.' ||
				  host.data[i + 1] == '.';
		if (!is_alnum(c) && !(c == '-' && !edge) &&
		    !(c == '.' && i > 0 && i + 1 < host.len && host.data[i - 1] != '.'))
			return false;
	}
	return host.len > 0;
}

static int check_host(const char *text, struct hp_bytes host, struct hp_error *err)
{
	const uint8_t *colon = find_last(host, ':');
	const uint8_t *bracket = find_last(host, ']');

	if (colon && (!bracket || colon > bracket)) {
		const size_t left = (size_t)(colon - host.data);
		if (left + 1 == host.len)
			return hp_fail(err, HP_EINVALID,
				       "image reference '%s': no port after ':'", text);
		for (size_t i = left + 1; i < host.len; i++)
			if (host.data[i] < '0' || host.data[i] > '9')
				return hp_fail(err, HP_EINVALID,
					       "image reference '%s': the port is no number",
					       text);
		host.len = left;
	}
	if (!host_name_ok(host))
		return hp_fail(err, HP_EINVALID, "image reference '%s': '%.*s' is no host name",
			       text, (int)host.len, (const char *)host.data);
	return 0;
}

/* The length of a separator at @s: one dot, one or two underscores, any number of dashes; 0: none.
 * From: distribution/reference regexp.go, separator. */
static size_t separator_length(const uint8_t *s, size_t len)
{
	size_t n = 0;

	if (s[0] == '.')
		return 1;
	if (s[0] == '_')
		return len > 1 && s[1] == '_' ? 2 : 1;
	while (n < len && s[n] == '-')
		n++;
	return n;
}

/* From: distribution/reference regexp.go, path-component. */
static int check_component(const char *text, struct hp_bytes part, struct hp_error *err)
{
	if (part.len == 0)
		return hp_fail(err, HP_EINVALID,
			       "image reference '%s': an empty part in the name", text);
	for (size_t i = 0; i < part.len;) {
		if (part.data[i] >= 'A' && part.data[i] <= 'Z')
			return hp_fail(err, HP_EINVALID,
				       "image reference '%s': the name must be lower case",
				       text);
		if (is_lower_alnum(part.data[i])) {
			i++;
			continue;
		}
		const size_t n = separator_length(part.data + i, part.len - i);
		if (n == 0 || i == 0 || i + n >= part.len || !is_alnum(part.data[i + n]))
			return hp_fail(err, HP_EINVALID,
				       "image reference '%s': '%.*s' is no name of letters and "
				       "digits with single '.', '_', '-' between",
				       text, (int)part.len, (const char *)part.data);
		i += n;
	}
	return 0;
}

static int check_path(const char *text, struct hp_bytes path, struct hp_error *err)
{
	size_t start = 0;

	for (size_t i = 0; i <= path.len; i++) {
		if (i < path.len && path.data[i] != '/')
			continue;
		if (check_component(text, HP_BYTES(path.data + start, i - start), err) < 0)
			return -1;
		start = i + 1;
	}
	return 0;
}

static int check_tag(const char *text, struct hp_bytes tag, struct hp_error *err)
{
	if (tag.len == 0 || tag.len > TAG_MAX_LEN)
		return hp_fail(err, HP_EINVALID,
			       "image reference '%s': a tag has 1 to %d characters", text,
			       TAG_MAX_LEN);
	for (size_t i = 0; i < tag.len; i++) {
		const uint8_t c = tag.data[i];
		if (!is_alnum(c) && c != '_' && !(i > 0 && (c == '.' || c == '-')))
			return hp_fail(
				err, HP_EINVALID,
				"image reference '%s': a tag is made of letters, digits, "
				"'_', '.', '-' and begins with no '.' or '-'",
				text);
	}
	return 0;
}

static int check_digest(const char *text, struct hp_bytes digest, struct hp_error *err)
{
	for (size_t i = 0; i < HP_ARRAY_LEN(algorithms); i++) {
		const size_t n = strlen(algorithms[i].prefix);
		if (digest.len == n + algorithms[i].digits &&
		    memcmp(digest.data, algorithms[i].prefix, n) == 0 &&
		    all_lower_hex(digest.data + n, digest.len - n))
			return 0;
	}
	return hp_fail(
		err, HP_EINVALID,
		"image reference '%s': the part after '@' is no digest such as sha256:<64 "
		"hex digits>",
		text);
}

static int check_parts(const char *text, const struct parts *p, size_t host_len,
		       struct hp_error *err)
{
	const bool has_tag = p->tag.data != NULL;
	const bool has_digest = p->digest.data != NULL;
	struct hp_bytes path = p->name;

	if (p->name.len == 0)
		return hp_fail(err, HP_EINVALID, "image reference '%s': no name", text);
	if (p->name.len == 64 && !has_tag && !has_digest && all_lower_hex(p->name.data, 64))
		return hp_fail(err, HP_EINVALID,
			       "image reference '%s': 64 hex digits are an id, not a name",
			       text);
	if (host_len) {
		if (check_host(text, HP_BYTES(p->name.data, host_len), err) < 0)
			return -1;
		path = HP_BYTES(p->name.data + host_len + 1, p->name.len - host_len - 1);
	}
	if (check_path(text, path, err) < 0)
		return -1;
	if (has_tag && check_tag(text, p->tag, err) < 0)
		return -1;
	if (has_digest && check_digest(text, p->digest, err) < 0)
		return -1;
	return 0;
}

int hp_reference_expand(const char *text, char **ret_full, struct hp_error *err)
{
	const size_t len = strnlen(text, REFERENCE_MAX_LEN + 1);
	const char *host = HUB, *library = "";
	int host_print = (int)strlen(HUB);

	if (len > REFERENCE_MAX_LEN)
		return hp_fail(err, HP_EINVALID,
			       "image reference '%.32s...' is longer than %d bytes", text,
			       REFERENCE_MAX_LEN);

	const struct parts p = take_apart(text);
	const size_t host_len = host_length(p.name);
	if (check_parts(text, &p, host_len, err) < 0)
		return -1;

	struct hp_bytes path = p.name;
	if (host_len) {
		const struct hp_bytes given = HP_BYTES(p.name.data, host_len);
		path = HP_BYTES(p.name.data + host_len + 1, p.name.len - host_len - 1);
		if (!bytes_eq(given, HUB_OLD)) {
			host = text;
			host_print = (int)host_len;
		}
	}
	if (host_print == (int)strlen(HUB) && strncmp(host, HUB, strlen(HUB)) == 0 &&
	    !memchr(path.data, '/', path.len))
		library = HUB_LIBRARY;
	if ((size_t)host_print + 1 + strlen(library) + path.len > NAME_MAX_LEN)
		return hp_fail(err, HP_EINVALID,
			       "image reference '%.32s...': the name is longer than %d bytes",
			       text, NAME_MAX_LEN);

	const bool bare = !p.tag.data && !p.digest.data;
	const struct hp_bytes tag = bare ? hp_bytes_str("latest") : p.tag;
	*ret_full =
		hp_sprintf("%.*s/%s%.*s%s%.*s%s%.*s", host_print, host, library, (int)path.len,
			   (const char *)path.data, tag.data ? ":" : "", (int)tag.len,
			   tag.data ? (const char *)tag.data : "", p.digest.data ? "@" : "",
			   (int)p.digest.len, p.digest.data ? (const char *)p.digest.data : "");
	return 0;
}

char *hp_reference_short(const char *full)
{
	const char *path = full + strlen(HUB "/");

	/* Shortened, a path that looks like a host would be read as one: that stays whole. */
	if (!hp_str_starts(full, HUB "/") || host_length(hp_bytes_str(path)))
		return hp_strdup(full);
	/* Without its prefix "library/a/b" would be read as the path "a/b". */
	if (hp_str_starts(path, HUB_LIBRARY) && !strchr(path + strlen(HUB_LIBRARY), '/'))
		path += strlen(HUB_LIBRARY);
	return hp_strdup(path);
}

void hp_reference_split(const char *full, char **ret_name, char **ret_tag)
{
	const struct parts p = take_apart(full);

	*ret_name = hp_strndup((const char *)p.name.data, p.name.len);
	*ret_tag = p.tag.len ? hp_strndup((const char *)p.tag.data, p.tag.len)
			     : hp_strdup("<none>");
}
