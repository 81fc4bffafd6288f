/* SPDX-License-Identifier: Apache-2.0 */
/* error.h - fill and wrap struct hp_error. */
#pragma once
#include <harpoon/error.h>

#include "base/cleanup.h"

/* Fill @err and return -1. Filling a filled error is a bug and aborts: an error was lost. */
int hp_fail(struct hp_error *err, enum hp_code code, const char *fmt, ...) PRINTF(3, 4);

/* The same, with @sys kept and ": " strerror(@sys) appended. The code is HP_ENOTFOUND for ENOENT,
 * HP_EDENIED for EACCES and EPERM, HP_EEXISTS, HP_EEXHAUSTED for ENOSPC EDQUOT ENOMEM EMFILE
 * ENFILE, HP_ETIMEOUT, else HP_EIO. */
int hp_fail_errno(struct hp_error *err, int sys, const char *fmt, ...) PRINTF(3, 4);

/* Put "fmt: " before the message of a filled @err and return -1. */
int hp_wrap(struct hp_error *err, const char *fmt, ...) PRINTF(2, 3);

/* The code that a gRPC status (0..16) means. From: grpc/grpc doc/statuscodes.md. */
enum hp_code hp_code_from_grpc(int status);
/* The gRPC status that a code means, 0 for HP_OK. */
int hp_code_grpc(enum hp_code code);
/* The code that an errno means, as hp_fail_errno() says. */
enum hp_code hp_code_from_errno(int sys);
