/* SPDX-License-Identifier: Apache-2.0 */
/* cri_log.c - read a line of a container runtime's log. */
#include "wire/cri_log.h"

#include <string.h>

#include "base/clock.h"

/* Longest text of a time that is looked at. */
#define TIME_MAX 64u

/* Cut the word that begins *@at off at the blank behind it. Returns: its length, 0 when there is no
 * blank or no word. */
static size_t take_word(const char **at, const char *end, const char **ret_word)
{
	const char *blank = memchr(*at, ' ', (size_t)(end - *at));

	if (!blank)
		return 0;
	*ret_word = *at;
	*at = blank + 1;
	return (size_t)(blank - *ret_word);
}

static bool word_is(const char *word, size_t len, const char *text)
{
	return strlen(text) == len && memcmp(word, text, len) == 0;
}

static int read_time(const char *word, size_t len, int64_t *ret, struct hp_error *err)
{
	char text[TIME_MAX];
	struct hp_error cause = HP_ERROR_INIT;

	if (len > 0 && len < sizeof(text)) {
		memcpy(text, word, len);
		text[len] = '\0';
		if (hp_time_parse(text, ret, &cause) == 0)
			return 0;
	}
	return hp_fail(err, HP_ECORRUPT, "it does not begin with a time");
}

int hp_cri_log_parse(char *line, size_t len, struct hp_chunk *ret_chunk, struct hp_error *err)
{
	const char *at = line, *end = line + len, *word = NULL;
	struct hp_chunk chunk = {0};

	size_t n = take_word(&at, end, &word);
	if (read_time(word, n, &chunk.time_ns, err) < 0)
		return -1;
	n = take_word(&at, end, &word);
	if (word_is(word, n, "stdout"))
		chunk.channel = HP_CHANNEL_STDOUT;
	else if (word_is(word, n, "stderr"))
		chunk.channel = HP_CHANNEL_STDERR;
	else
		return hp_fail(err, HP_ECORRUPT, "its stream is neither stdout nor stderr");
	n = take_word(&at, end, &word);
	if (n == 0 || (word[0] != 'F' && word[0] != 'P') || (n > 1 && word[1] != ':'))
		return hp_fail(err, HP_ECORRUPT, "its tag is neither F nor P");
	chunk.data = at;
	chunk.len = (size_t)(end - at) + (word[0] == 'F');
	*ret_chunk = chunk;
	return 0;
}
