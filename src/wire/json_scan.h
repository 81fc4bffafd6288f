/* SPDX-License-Identifier: Apache-2.0 */
/* json_scan.h - look over JSON text before a parser allocates anything for it. */
#pragma once
#include "base/buf.h"
#include "base/error.h"

/* A parsed value takes up to 250 times the memory of its text, so all of these are capped.
 * Real documents are far below: the largest are docker's seccomp profile and image indexes. */
#define HP_JSON_MAX        (16U << 20)
#define HP_JSON_DEPTH      32
#define HP_JSON_CONTAINERS 65536  /* arrays and objects */
#define HP_JSON_VALUES     262144 /* roughly: commas */
#define HP_JSON_MEMBERS    4096   /* of one object */

struct hp_json_scan {
	size_t members; /* of all objects together: colons outside of strings */
};

/* Refuse what is too long, too deep or too much, control characters and escaped NULs in strings.
 * The text may still be no JSON: the parser sees to that. Fails: HP_ECORRUPT, with the offset. */
int hp_json__scan(struct hp_bytes text, struct hp_json_scan *ret,
		  struct hp_error *err) MUST_CHECK;

/* A copy of @s in which each byte that is no UTF-8 became U+FFFD, as Go's encoder does, so that
 * what we print is always JSON. Owns: the caller. From: RFC 3629 section 4. */
char *hp_json__valid_text(const char *s);
