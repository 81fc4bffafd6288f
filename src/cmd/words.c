/* SPDX-License-Identifier: Apache-2.0 */
/* words.c - environment and label files, and label lists as text. */
#include "cmd/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fd.h"

enum { MAX_FILE_BYTES = 4 * 1024 * 1024 };

char *hp_words_labels(const struct hp_labels *labels)
{
	AUTO(hp_strv_free) struct hp_strv words = {0};

	for (size_t i = 0; i < labels->count; i++)
		hp_strv_addf(&words, "%s=%s", labels->items[i].key, labels->items[i].value);
	return hp_strv_join(hp_strv_view(&words), ",");
}

/* Append "KEY=VALUE" in place of what is there for the same key: programs that find a key twice
 * in their environment take the first, people mean the last. */
static void put(struct hp_strv *out, char *take_word)
{
	size_t len = strcspn(take_word, "=") + 1;

	for (size_t i = 0; i < out->count; i++) {
		if (strncmp(out->items[i], take_word, len) != 0)
			continue;
		free(out->items[i]);
		out->items[i] = take_word;
		return;
	}
	hp_strv_take(out, take_word);
}

/* @text is "KEY=VALUE" or "KEY". */
static int add_word(const char *text, bool from_env, struct hp_strv *out, struct hp_error *err)
{
	size_t len = strcspn(text, "=");

	if (len == 0)
		return hp_fail(err, HP_EINVALID, "'%s' has no name before its '='", text);
	if (strcspn(text, " \t") < len)
		return hp_fail(err, HP_EINVALID, "the name in '%s' has a blank in it", text);
	if (text[len] == '=')
		put(out, hp_strdup(text));
	else if (!from_env)
		put(out, hp_sprintf("%s=", text));
	else if (getenv(text))
		put(out, hp_sprintf("%s=%s", text, getenv(text)));
	return 0;
}

int hp_words_add_env(const char *text, struct hp_strv *out, struct hp_error *err)
{
	return add_word(text, true, out, err) < 0 ? hp_wrap(err, "--env") : 0;
}

/* Cut the line that begins at @text off and go to the next. */
static char *cut_line(char *text)
{
	char *end = text + strcspn(text, "\n");
	char *next = *end ? end + 1 : end;

	*end = '\0';
	if (end > text && end[-1] == '\r')
		end[-1] = '\0';
	return next;
}

/* UTF-8 without NUL, as docker wants it. From: mbrtowc(3) is no help, as it follows the locale;
 * RFC 3629 section 4, of which overlong forms are let pass. */
static bool is_text(const uint8_t *data, size_t len)
{
	size_t more = 0;

	for (size_t i = 0; i < len; i++) {
		bool continues = (data[i] & 0xc0u) == 0x80u;
		if (data[i] == '\0' || data[i] >= 0xf8u || continues != (more > 0))
			return false;
		if (continues)
			more--;
		else
			more = data[i] < 0x80u   ? 0
			       : data[i] < 0xe0u ? 1
			       : data[i] < 0xf0u ? 2
						 : 3;
	}
	return more == 0;
}

int hp_words_read_file(const char *option, const char *path, bool from_env, struct hp_strv *out,
		       struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf buf;
	size_t number = 1;

	hp_buf_init(&buf, MAX_FILE_BYTES);
	if (hp_file_read(path, MAX_FILE_BYTES, &buf, err) < 0)
		return hp_wrap(err, "%s", option);
	if (!is_text(buf.data, buf.len))
		return hp_fail(err, HP_EINVALID, "%s: '%s' is not a text file", option, path);
	AUTO_FREE char *text = hp_buf_take_str(&buf);
	for (char *line = text, *next = text; *line; line = next, number++) {
		next = cut_line(line);
		line += strspn(line, " \t");
		if (*line && *line != '#' && add_word(line, from_env, out, err) < 0)
			return hp_wrap(err, "%s: '%s' line %zu", option, path, number);
	}
	return 0;
}
