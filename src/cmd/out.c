/* SPDX-License-Identifier: Apache-2.0 */
/* out.c - rows of values on stdout. */
#include "cmd/out.h"

#include <ctype.h>
#include <errno.h>
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

/* Lines of @n cells each. */
static void print_cells(FILE *out, const struct hp_strv *cells, size_t n)
{
	AUTO_FREE size_t *widths = hp_alloc_array(n, sizeof(*widths));

	for (size_t c = 0; c < cells->count; c++)
		if (width(cells->items[c]) > widths[c % n])
			widths[c % n] = width(cells->items[c]);
	for (size_t c = 0; c < cells->count; c += n)
		print_line(out, cells->items + c, widths, n);
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
	print_cells(out, &cells, n);
}

/* What a template is filled with: the members of a row, or without one the titles over them. */
struct filling {
	const struct hp_json *row;
	const struct hp_column *columns;
};

/* A member that has no column is headed by its own name: "CREATED AT" for CreatedAt. */
static void print_title(FILE *out, const struct hp_column *columns, const char *key)
{
	for (const struct hp_column *c = columns; c && c->title; c++)
		if (hp_str_eq(c->key, key)) {
			fputs(c->title, out);
			return;
		}
	for (const char *s = key; *s; s++) {
		if (s > key && isupper((unsigned char)*s) && islower((unsigned char)s[-1]))
			fputc(' ', out);
		fputc(toupper((unsigned char)*s), out);
	}
}

/* The part of a template between the braces. */
static int print_action(FILE *out, const struct filling *f, const char *action,
			struct hp_error *err)
{
	bool json = hp_str_starts(action, "json ");
	const char *key = json ? action + 5 + strspn(action + 5, " ") : action;

	if (key[0] != '.')
		return hp_fail(err, HP_EINVALID,
			       "--format: '{{%s}}' is neither {{.Key}} nor {{json .Key}}",
			       action);
	if (!f->row) {
		print_title(out, f->columns, key + 1);
		return 0;
	}
	const struct hp_json *v = key[1] ? hp_json_path(f->row, key + 1) : f->row;
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

static int fill(FILE *out, const struct filling *f, const char *text, struct hp_error *err)
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
		if (print_action(out, f, action, err) < 0)
			return -1;
		text = end + 2;
	}
	return 0;
}

int hp_out_template(FILE *out, const struct hp_json *row, const char *text,
		    struct hp_error *err)
{
	return fill(out, &(struct filling){.row = row}, text, err);
}

/* Fill each of @parts into a cell of its own. */
static int add_cells(struct hp_strv *cells, const struct filling *f,
		     const struct hp_strv *parts, struct hp_error *err)
{
	for (size_t i = 0; i < parts->count; i++) {
		AUTO_FREE char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);
		if (!out)
			return hp_fail_errno(err, errno, "--format");
		int rc = fill(out, f, parts->items[i], err);
		fclose(out);
		if (rc < 0)
			return -1;
		hp_strv_take(cells, TAKE(text));
	}
	return 0;
}

/* Docker's "table TEMPLATE": titles over columns that tabs divide. */
static int print_template_table(FILE *out, const struct hp_json *rows,
				const struct hp_column *columns, const char *template,
				struct hp_error *err)
{
	AUTO_FREE char *text = hp_strdup(template + strspn(template, " \t"));
	AUTO(hp_strv_free) struct hp_strv parts = {0};
	AUTO(hp_strv_free) struct hp_strv cells = {0};
	struct filling f = {.columns = columns};

	for (char *tab = strstr(text, "\\t"); tab; tab = strstr(tab, "\\t")) {
		*tab = '\t';
		memmove(tab + 1, tab + 2, strlen(tab + 1));
	}
	hp_strv_split(&parts, text, '\t');
	if (add_cells(&cells, &f, &parts, err) < 0)
		return -1;
	for (size_t r = 0; r < hp_json_count(rows); r++) {
		f.row = hp_json_at(rows, r);
		if (add_cells(&cells, &f, &parts, err) < 0)
			return -1;
	}
	print_cells(out, &cells, parts.count);
	return 0;
}

int hp_out_rows(FILE *out, const struct hp_json *rows, const struct hp_column *columns,
		const char *format, struct hp_error *err)
{
	if (!format || hp_str_eq(format, "table")) {
		print_table(out, rows, columns);
		return 0;
	}
	if (hp_str_starts(format, "table ") || hp_str_starts(format, "table\t") ||
	    hp_str_starts(format, "table\\t"))
		return print_template_table(out, rows, columns, format + strlen("table"), err);
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

int hp_out_flush(bool wrote, struct hp_error *err)
{
	if (wrote && fflush(stdout) == 0)
		return 1;
	return errno == EPIPE ? 0 : hp_fail_errno(err, errno, "write to standard output");
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

char *hp_out_memory(uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double n = (double)bytes;
	size_t unit = 0;

	for (; n >= 1024 && unit + 1 < HP_ARRAY_LEN(units); unit++)
		n /= 1024;
	return hp_sprintf("%.4g%s", n, units[unit]);
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
