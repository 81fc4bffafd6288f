/* SPDX-License-Identifier: Apache-2.0 */
/* console.c - keep what a guest's kernel says, and find in it why it ended. */
#include "vm/console.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LAST_LINES 3

void hp_console_add(struct hp_console *c, struct hp_bytes bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		const uint8_t byte = bytes.data[i];

		if ((byte < ' ' && byte != '\n' && byte != '\t') || byte > '~')
			continue;
		/* Half of it at once, so that most bytes cost nothing. */
		if (c->len == HP_CONSOLE_MAX) {
			c->len -= HP_CONSOLE_MAX / 2;
			memmove(c->text, c->text + HP_CONSOLE_MAX / 2, c->len);
		}
		c->text[c->len++] = (char)byte;
	}
	c->text[c->len] = '\0';
}

/* Where the last @n lines begin that are not empty. */
static const char *find_last(const struct hp_console *c, unsigned n)
{
	const char *at = c->text + c->len;
	unsigned lines = 0;
	bool blank = true;

	while (at > c->text) {
		at--;
		if (*at != '\n') {
			blank = false;
			continue;
		}
		if (!blank && ++lines == n)
			return at + 1;
		blank = true;
	}
	return at;
}

static void append(char *ret, size_t size, const char *line, size_t len)
{
	const size_t used = strlen(ret);

	if (len > 0)
		snprintf(ret + used, size - used, "%s%.*s", used ? " | " : "", (int)len, line);
}

void hp_console_tell(const struct hp_console *c, char *ret, size_t size)
{
	const char *panic = strstr(c->text, HP_CONSOLE_PANIC);
	const char *at = find_last(c, LAST_LINES);

	ret[0] = '\0';
	/* What follows it are registers. */
	if (panic) {
		append(ret, size, panic, strcspn(panic, "\n"));
		return;
	}
	while (*at) {
		const size_t len = strcspn(at, "\n");

		append(ret, size, at, len);
		at += len + (at[len] == '\n');
	}
}
