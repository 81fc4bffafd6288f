/* SPDX-License-Identifier: Apache-2.0 */
/* detach.c - find the detach keys in what is typed. */
#include "cmd/detach.h"

#include <string.h>

#include "base/str.h"

/* One key's name. */
static int parse_key(const char *name, unsigned char *ret, struct hp_error *err)
{
	if (strlen(name) == 1 && name[0] > ' ' && name[0] < 0x7f) {
		*ret = (unsigned char)name[0];
		return 0;
	}
	if (hp_str_starts(name, "ctrl-") && strlen(name) == 6) {
		char key = name[5];
		if (key >= 'a' && key <= 'z')
			key = (char)(key - 'a' + 'A');
		/* ctrl- takes away all but the lowest five bits of '@' to '_'. */
		if (key >= '@' && key <= '_') {
			*ret = (unsigned char)(key - '@');
			return 0;
		}
	}
	return hp_fail(err, HP_EUSAGE,
		       "'%s' is no key: a character, or ctrl- with one of a-z @ [ \\ ] ^ _",
		       name);
}

int hp_detach_parse(const char *text, struct hp_detach *ret, struct hp_error *err)
{
	AUTO(hp_strv_free) struct hp_strv names = {0};
	struct hp_detach d = {0};

	hp_strv_split(&names, text, ',');
	if (names.count > HP_DETACH_MAX)
		return hp_fail(err, HP_EUSAGE, "--detach-keys: more than %d keys",
			       HP_DETACH_MAX);
	for (size_t i = 0; i < names.count; i++)
		if (parse_key(names.items[i], &d.keys[d.n_keys++], err) < 0)
			return hp_wrap(err, "--detach-keys '%s'", text);
	*ret = d;
	return 0;
}

/* After a key that does not go on from what is held: let go of the front of what is held until
 * the rest of it is a beginning of the keys again. Returns how many bytes were let go. */
static size_t let_go(struct hp_detach *d, unsigned char key, char *out)
{
	unsigned char seen[HP_DETACH_MAX + 1];
	size_t n = d->held;
	size_t gone = 0;

	memcpy(seen, d->keys, n);
	seen[n++] = key;
	while (gone < n && memcmp(seen + gone, d->keys, n - gone) != 0)
		gone++;
	memcpy(out, seen, gone);
	d->held = n - gone;
	return gone;
}

bool hp_detach_feed(struct hp_detach *d, const char *typed, size_t len, char *out,
		    size_t *ret_len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char key = (unsigned char)typed[i];
		if (d->n_keys == 0)
			out[n++] = typed[i];
		else if (key == d->keys[d->held])
			d->held++;
		else
			n += let_go(d, key, out + n);
		if (d->n_keys && d->held == d->n_keys) {
			d->held = 0;
			*ret_len = n;
			return true;
		}
	}
	*ret_len = n;
	return false;
}
