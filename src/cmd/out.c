/* SPDX-License-Identifier: Apache-2.0 */
/* out.c - rows of values on stdout. */
#include "cmd/out.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

enum { GAP = 3, MAX_TEMPLATE_KEY = 256 };

/* Characters, not bytes; continuation bytes of UTF-8 take no room of their own. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0u) != 0x80u;
	return n;
}

/* The text of a value in a table or template; strings stand without quotes. Owns: the caller. */
static char *text_of(const struct hp_json *v)
{
	const char *s = hp_json_str(v);

	if (s)
		return hp_strdup(s);
	return v ? hp_json_text(v, false) : hp_strdup("");
}

/* What comes from an engine must not steer the terminal. */
static void print_cell(FILE *out, const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, out);
}

static void print_line(FILE *out, char *const *cells, const size_t *widths, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		print_cell(out, cells[i]);
		if (i + 1 < n)
			fprintf(out, "%*s", (int)(widths[i] - width(cells[i]) + GAP), "");
	}
	fputc('\n', out);
}

static void print_table(FILE *out, const struct hp_json *rows, const struct hp_column *columns)
{
	AUTO(hp_strv_free) struct hp_strv cells = {0};
	size_t n = 0;

	while (columns[n].title)
		hp_strv_add(&cells, columns[n++].title);
	for (size_t r = 0; r < hp_json_count(rows); r++)
		for (size_t i = 0; i < n; i++)
			hp_strv_take(&cells,
				     text_of(hp_json_get(hp_json_at(rows, r), columns[i].key)));
	AUTO_FREE size_t *widths = hp_alloc_array(n, sizeof(*widths));
	for (size_t c = 0; c < cells.count; c++)
		if (width(cells.items[c]) > widths[c % n])
			widths[c % n] = width(cells.items[c]);
	for (size_t c = 0; c < cells.count; c += n)
		print_line(out, cells.items + c, widths, n);
}

/* The part of a template between the braces. */
static int print_action(FILE *out, const struct hp_json *row, const char *action,
			struct hp_error *err)
{
	bool json = hp_str_starts(action, "json ");
	const char *key = json ? action + 5 + strspn(action + 5, " ") : action;

	if (key[0] != '.')
		return hp_fail(err, HP_EINVALID,
			       "--format: '{{%s}}' is neither {{.Key}} nor {{json .Key}}",
			       action);
	const struct hp_json *v = key[1] ? hp_json_path(row, key + 1) : row;
	if (!v)
		return hp_fail(err, HP_EINVALID, "--format: there is no '%s'", key);
	AUTO_FREE char *text = json ? hp_json_text(v, false) : text_of(v);
	fputs(text, out);
	return 0;
}

/* "\t" and "\n" stand for themselves in shells' single quotes, so they are known here. */
static const char *print_plain(FILE *out, const char *text)
{
	if (text[0] == '\\' && (text[1] == 't' || text[1] == 'n')) {
		fputc(text[1] == 't' ? '\t' : '\n', out);
		return text + 2;
	}
	fputc(text[0], out);
	return text + 1;
}

int hp_out_template(FILE *out, const struct hp_json *row, const char *text,
		    struct hp_error *err)
{
	while (*text) {
		if (!hp_str_starts(text, "{{")) {
			text = print_plain(out, text);
			continue;
		}
		const char *end = strstr(text, "}}");
		if (!end || end - text > MAX_TEMPLATE_KEY)
			return hp_fail(err, HP_EINVALID, "--format: '{{' without '}}' in '%s'",
				       text);
		text += 2 + strspn(text + 2, " ");
		size_t len = text < end ? (size_t)(end - text) : 0;
		while (len > 0 && text[len - 1] == ' ')
			len--;
		AUTO_FREE char *action = hp_strndup(text, len);
		if (print_action(out, row, action, err) < 0)
			return -1;
		text = end + 2;
	}
	return 0;
}

int hp_out_rows(FILE *out, const struct hp_json *rows, const struct hp_column *columns,
		const char *format, struct hp_error *err)
{
	if (!format || hp_str_eq(format, "table")) {
		print_table(out, rows, columns);
		return 0;
	}
	for (size_t r = 0; r < hp_json_count(rows); r++) {
		const char *text = hp_str_eq(format, "json") ? "{{json .}}" : format;
		if (hp_out_template(out, hp_json_at(rows, r), text, err) < 0)
			return -1;
		fputc('\n', out);
	}
	return 0;
}

void hp_out_column(FILE *out, const struct hp_json *rows, const char *key)
{
	for (size_t r = 0; r < hp_json_count(rows); r++) {
		AUTO_FREE char *text = text_of(hp_json_get(hp_json_at(rows, r), key));
		fprintf(out, "%s\n", text);
	}
}

char *hp_out_short_id(const char *id)
{
	const char *hex = strchr(id, ':') ? strchr(id, ':') + 1 : id;
	size_t digits = strspn(hex, "0123456789abcdef");

	return digits == 64 && hex[digits] == '\0' ? hp_strndup(hex, 12) : hp_strdup(id);
}

char *hp_out_cut(const char *text, size_t max)
{
	size_t bytes = 0;

	if (width(text) <= max)
		return hp_strdup(text);
	for (size_t n = 0; n + 1 < max; n++)
		do
			bytes++;
		while (((unsigned char)text[bytes] & 0xc0u) == 0x80u);
	return hp_sprintf("%.*s…", (int)bytes, text);
}

char *hp_out_size(int64_t bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	double n = (double)bytes;
	size_t unit = 0;

	if (bytes < 0)
		return hp_strdup("-");
	for (; n >= 1000 && unit + 1 < HP_ARRAY_LEN(units); unit++)
		n /= 1000;
	return hp_sprintf("%.*f%s",
			  unit == 0 || n >= 100 ? 0
			  : n >= 10             ? 1
						: 2,
			  n, units[unit]);
}
