/* SPDX-License-Identifier: Apache-2.0 */
/* error.h - the one way in which every Harpoon call reports that it failed. */
#pragma once

/* Every symbol of the public API carries this; everything else stays inside the library. */
#define HP_API __attribute__((visibility("default")))

/* The kinds of failure, one row each:
 * name, one line of text, process exit status, gRPC status, HTTP status.
 * From: gRPC status codes, grpc/grpc doc/statuscodes.md; HTTP statuses, RFC 9110 section 15;
 * exit statuses 124-127 and 130 as timeout(1), docker(1) and sh(1) use them. */
#define HP_CODES(X)                                                                            \
	X(HP_OK, "success", 0, 0, 200)                                                         \
	X(HP_EFAILED, "failed", 1, 2, 500)                                                     \
	X(HP_EUSAGE, "bad usage", 2, 3, 400)                                                   \
	X(HP_EINVALID, "invalid argument", 1, 3, 400)                                          \
	X(HP_ENOTFOUND, "not found", 1, 5, 404)                                                \
	X(HP_EEXISTS, "already exists", 1, 6, 409)                                             \
	X(HP_EDENIED, "permission denied", 1, 7, 403)                                          \
	X(HP_EEXHAUSTED, "out of resources", 1, 8, 429)                                        \
	X(HP_ESTATE, "wrong state", 1, 9, 409)                                                 \
	X(HP_EABORTED, "aborted", 1, 10, 409)                                                  \
	X(HP_ERANGE, "out of range", 1, 11, 416)                                               \
	X(HP_EUNSUPPORTED, "not supported", 1, 12, 501)                                        \
	X(HP_EINTERNAL, "internal error", 1, 13, 500)                                          \
	X(HP_EUNAVAILABLE, "unavailable", 1, 14, 503)                                          \
	X(HP_ECORRUPT, "corrupt data", 1, 15, 502)                                             \
	X(HP_EPROTO, "protocol error", 1, 13, 502)                                             \
	X(HP_EIO, "input/output error", 1, 13, 500)                                            \
	X(HP_ETIMEOUT, "timed out", 124, 4, 504)                                               \
	X(HP_ECANCELED, "canceled", 130, 1, 499)                                               \
	X(HP_ENOEXEC, "cannot be executed", 126, 9, 400)                                       \
	X(HP_ENOCMD, "command not found", 127, 9, 400)

/* A kind of failure. Programs decide by it; people read hp_error.msg. Numbers may change from one
 * release to the next, names do not. */
enum hp_code {
#define HP_CODE_ENUM(name, text, exit_status, grpc, http) name,
	HP_CODES(HP_CODE_ENUM)
#undef HP_CODE_ENUM
};

/* What went wrong: a value on the caller's stack, nothing to free.
 * Zero it before the call (HP_ERROR_INIT); it is written only when the call fails.
 * sys: errno, or the peer's own status number, or 0 when there is none.
 * msg: one line without a newline: what failed, on which object, why. Truncation ends in "...". */
struct hp_error {
	enum hp_code code;
	int sys;
	char msg[512];
};

/* An error that nothing has filled yet: struct hp_error err = HP_ERROR_INIT;
 * Every call that can fail wants one, and a call that finds it filled aborts: an error was about to
 * be lost. To use it again after a failure that was dealt with, hp_error_clear() it. */
#define HP_ERROR_INIT                                                                          \
	{                                                                                      \
		.code = HP_OK                                                                  \
	}

/* Empty @err, so that it can be filled again. Clearing an empty one is fine. */
HP_API void hp_error_clear(struct hp_error *err);

/* The constant's own name, such as "HP_ENOTFOUND", for logs and for machines to match on.
 * Returns: static; unknown codes read as HP_EFAILED, here and below. */
HP_API const char *hp_code_name(enum hp_code code);

/* The kind of failure in a few words, such as "not found", for people. struct hp_error has the
 * whole story in msg. Returns: static. */
HP_API const char *hp_code_text(enum hp_code code);

/* The status with which a program that fails for @code should exit, 0 for HP_OK. */
HP_API int hp_code_exit(enum hp_code code);
