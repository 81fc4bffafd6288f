/* SPDX-License-Identifier: Apache-2.0 */
/* iptables_save.c - finds the rules of a fault in what iptables-save prints. No I/O happens here. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "chaos/iptables.h"

#define APPENDS "-A "
#define COMMENT " --comment "

/* Has this line of @len bytes the comment @mark, in quotes or not? */
static bool has_mark(const char *line, size_t len, const char *mark)
{
	const size_t mark_len = strlen(mark);
	const char *at = memmem(line, len, COMMENT, strlen(COMMENT));

	if (!at)
		return false;
	at += strlen(COMMENT);
	at += at < line + len && *at == '"';
	if ((size_t)(line + len - at) < mark_len || memcmp(at, mark, mark_len) != 0)
		return false;
	at += mark_len;
	return at == line + len || *at == '"' || *at == ' ';
}

/* Take "[PACKETS:BYTES] " off the front of a line, if it is there. */
static const char *read_counts(const char *line, size_t len, struct hp_nft_count *ret)
{
	const char *close = len > 0 && *line == '[' ? memchr(line, ']', len) : NULL;
	unsigned long long packets = 0;
	unsigned long long bytes = 0;
	char text[64];

	*ret = (struct hp_nft_count){.packets = 0};
	if (!close || (size_t)(close - line) >= sizeof(text))
		return line;
	memcpy(text, line, (size_t)(close - line));
	text[close - line] = '\0';
	if (sscanf(text, "[%20llu:%20llu", &packets, &bytes) != 2)
		return line;
	*ret = (struct hp_nft_count){.packets = packets, .bytes = bytes};
	close++;
	return close < line + len && *close == ' ' ? close + 1 : close;
}

static int read_line(const char *line, size_t len, const char *mark, struct hp_buf *removals,
		     struct hp_nft_count *dropped, struct hp_error *err)
{
	struct hp_nft_count counts;
	const char *rule = read_counts(line, len, &counts);
	const size_t rest = (size_t)(line + len - rule);

	if (rest < strlen(APPENDS) || memcmp(rule, APPENDS, strlen(APPENDS)) != 0 ||
	    !has_mark(rule, rest, mark))
		return 0;
	dropped->packets += counts.packets;
	dropped->bytes += counts.bytes;
	if (!removals)
		return 0;
	return hp_buf_printf(removals, err, "-D %.*s\n", (int)(rest - strlen(APPENDS)),
			     rule + strlen(APPENDS));
}

int hp_iptables_read_save(const char *text, const char *mark, struct hp_buf *removals,
			  struct hp_nft_count *ret_dropped, struct hp_error *err)
{
	struct hp_nft_count dropped = {.packets = 0};

	while (*text) {
		const size_t len = strcspn(text, "\n");

		if (read_line(text, len, mark, removals, &dropped, err) < 0)
			return -1;
		text += len;
		text += *text == '\n';
	}
	if (ret_dropped)
		*ret_dropped = dropped;
	return 0;
}
