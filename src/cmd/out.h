/* SPDX-License-Identifier: Apache-2.0 */
/* out.h - what commands print on stdout: rows as a table, as JSON, or by a template. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "wire/json.h"

/* A column of a table; the table prints member @key of each row under @title. */
struct hp_column {
	const char *title;
	const char *key;
};

/* Print @rows, an array of objects.
 * format: NULL or "table" gives aligned columns; "json" one object a line; anything else is a
 * template in which {{.Key}}, {{.Key.Inner}} and {{json .Key}} are replaced, one line a row;
 * "table TEMPLATE" aligns at the template's tabs, below the titles of its keys.
 * Fails: HP_EINVALID - a template that does not end or names what is not there. */
int hp_out_rows(FILE *out, const struct hp_json *rows, const struct hp_column *columns,
		const char *format, struct hp_error *err) MUST_CHECK;
/* Print member @key of each row, one a line. */
void hp_out_column(FILE *out, const struct hp_json *rows, const char *key);
/* One row by a template, without the newline. */
int hp_out_template(FILE *out, const struct hp_json *row, const char *text,
		    struct hp_error *err) MUST_CHECK;

/* Bring all that was printed to its reader; @wrote is false when a print failed already and left
 * its errno. Returns: 1; 0 when nobody reads any more, which is no failure; -1. */
int hp_out_flush(bool wrote, struct hp_error *err) MUST_CHECK;

/* The first 12 digits of an id or digest; what has no such digits stays whole. Owns: caller. */
char *hp_out_short_id(const char *id);
/* @text cut to @max characters, the last of which then is an ellipsis. Owns: the caller. */
char *hp_out_cut(const char *text, size_t max);
/* Docker's sizes of memory, powers of 1024: "12.34MiB". Owns: the caller.
 * From: docker/go-units size.go, BytesSize. */
char *hp_out_memory(uint64_t bytes);
/* Docker's sizes, powers of 1000: "4.26MB". Owns: the caller. */
char *hp_out_size(int64_t bytes);
