/* SPDX-License-Identifier: Apache-2.0 */
/* error.c - owns how errors are filled, wrapped and translated. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct code_row {
	const char *name;
	const char *text;
	int exit_status;
	int grpc;
};

static const struct code_row code_rows[] = {
#define CODE_ROW(name, text, exit_status, grpc, http) {#name, text, exit_status, grpc},
	HP_CODES(CODE_ROW)
#undef CODE_ROW
};

static const struct code_row *code_row(enum hp_code code)
{
	if ((unsigned)code >= HP_ARRAY_LEN(code_rows))
		code = HP_EFAILED;
	return &code_rows[code];
}

const char *hp_code_name(enum hp_code code)
{
	return code_row(code)->name;
}

const char *hp_code_text(enum hp_code code)
{
	return code_row(code)->text;
}

int hp_code_exit(enum hp_code code)
{
	return code_row(code)->exit_status;
}

int hp_code_grpc(enum hp_code code)
{
	return code_row(code)->grpc;
}

/* Make @text, of @len bytes before it was cut to fit @size, end in "..." on a whole character. */
static void mark_truncation(char *text, size_t size, size_t len)
{
	static const char mark[] = "...";
	size_t at = size - sizeof(mark);

	if (len < size)
		return;
	/* From: RFC 3629 section 3, continuation bytes are 10xxxxxx. */
	while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
		at--;
	memcpy(text + at, mark, sizeof(mark));
}

/* Messages quote what peers and files say, so nothing in them may move a cursor. */
static void keep_one_line(char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '\n' || c == '\t')
			*text = ' ';
		else if (c < 0x20 || c == 0x7f)
			*text = '?';
	}
}

/* Put the text of @fmt into @text, cut where it must be. Returns: its length before the cut. */
static PRINTF(3, 0) size_t print_text(char *text, size_t size, const char *fmt, va_list args)
{
	int n = vsnprintf(text, size, fmt, args);

	if (n < 0) {
		/* Not even the form was valid; showing it is better than an empty message. */
		n = snprintf(text, size, "%s", fmt);
		n = n < 0 ? 0 : n;
	}
	keep_one_line(text);
	return (size_t)n;
}

static void check_empty(const struct hp_error *err)
{
	if (err->code == HP_OK)
		return;
	fprintf(stderr, "bug: an error was lost: %s: %s\n", hp_code_name(err->code), err->msg);
	abort();
}

int hp_fail(struct hp_error *err, enum hp_code code, const char *fmt, ...)
{
	va_list args;
	size_t len;

	check_empty(err);
	va_start(args, fmt);
	len = print_text(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	mark_truncation(err->msg, sizeof(err->msg), len);
	err->code = code;
	err->sys = 0;
	return -1;
}

int hp_fail_errno(struct hp_error *err, int sys, const char *fmt, ...)
{
	char text[sizeof(err->msg)];
	va_list args;

	va_start(args, fmt);
	mark_truncation(text, sizeof(text), print_text(text, sizeof(text), fmt, args));
	va_end(args);
	hp_fail(err, hp_code_from_errno(sys), "%s: %s", text, strerror(sys));
	err->sys = sys;
	return -1;
}

int hp_wrap(struct hp_error *err, const char *fmt, ...)
{
	char inner[sizeof(err->msg)];
	va_list args;
	size_t len;
	int n;

	if (err->code == HP_OK) {
		fprintf(stderr, "bug: an error was wrapped that nobody filled: %s\n", fmt);
		abort();
	}
	memcpy(inner, err->msg, sizeof(inner));
	va_start(args, fmt);
	len = print_text(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	if (len < sizeof(err->msg)) {
		n = snprintf(err->msg + len, sizeof(err->msg) - len, ": %s", inner);
		len += (size_t)n;
	}
	mark_truncation(err->msg, sizeof(err->msg), len);
	return -1;
}

void hp_error_clear(struct hp_error *err)
{
	err->code = HP_OK;
	err->sys = 0;
	err->msg[0] = '\0';
}

enum hp_code hp_code_from_grpc(int status)
{
	/* From: grpc/grpc doc/statuscodes.md, in the order of the numbers 0 to 16. */
	static const enum hp_code codes[] = {
		HP_OK,        HP_ECANCELED, HP_EFAILED,      HP_EINVALID,   HP_ETIMEOUT,
		HP_ENOTFOUND, HP_EEXISTS,   HP_EDENIED,      HP_EEXHAUSTED, HP_ESTATE,
		HP_EABORTED,  HP_ERANGE,    HP_EUNSUPPORTED, HP_EINTERNAL,  HP_EUNAVAILABLE,
		HP_ECORRUPT,  HP_EDENIED,
	};

	if (status < 0 || (size_t)status >= HP_ARRAY_LEN(codes))
		return HP_EFAILED;
	return codes[status];
}

enum hp_code hp_code_from_errno(int sys)
{
	switch (sys) {
	case ENOENT:
		return HP_ENOTFOUND;
	case EACCES:
	case EPERM:
		return HP_EDENIED;
	case EEXIST:
		return HP_EEXISTS;
	case ENOSPC:
	case EDQUOT:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return HP_EEXHAUSTED;
	case ETIMEDOUT:
		return HP_ETIMEOUT;
	default:
		return HP_EIO;
	}
}
