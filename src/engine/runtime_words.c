/* SPDX-License-Identifier: Apache-2.0 */
/* runtime_words.c - what the words of OCI runtimes and of the layers above them mean. */
#include <string.h>

#include "base/str.h"
#include "engine/engine_impl.h"

/* Each layer between us and the kernel puts its name before what went wrong; only the last tells
 * something. From: what containerd 1.6 to 2.1, docker 20.10 to 28 and runc 1.1 print. */
static void drop_preambles(struct hp_error *err)
{
	static const char *const preambles[] = {"failed to create task for container: ",
						"failed to create shim task: ",
						"failed to create shim: ",
						"OCI runtime create failed: ",
						"OCI runtime exec failed: ",
						"runc create failed: ",
						"exec failed: ",
						"unable to start container process: ",
						"error during container init: "};
	static const char unknown[] = ": unknown";

	for (size_t i = 0; i < HP_ARRAY_LEN(preambles); i++) {
		size_t len = strlen(preambles[i]);
		char *at = strstr(err->msg, preambles[i]);

		if (at)
			memmove(at, at + len, strlen(at + len) + 1);
	}
	if (hp_str_ends(err->msg, unknown))
		err->msg[strlen(err->msg) - strlen(unknown)] = '\0';
}

int hp_runtime_failed(struct hp_error *err, const char *program)
{
	drop_preambles(err);
	if (strstr(err->msg, "mount") && strcasestr(err->msg, ": not a directory"))
		return hp_wrap(err, "a file and a directory cannot be mounted on each other");

	bool about_program = strstr(err->msg, "exec: \"") || strstr(err->msg, "executable") ||
			     (program && *program && strstr(err->msg, program));

	/* From: what runc 1.1 and crun 1.8 print; docker tells 126 and 127 by the same words. */
	if (!about_program)
		return -1;
	if (strstr(err->msg, "not found in $PATH") ||
	    strcasestr(err->msg, "no such file or directory"))
		err->code = HP_ENOCMD;
	else if (strcasestr(err->msg, "permission denied") ||
		 strcasestr(err->msg, "is a directory") ||
		 strcasestr(err->msg, "open executable: operation not permitted") ||
		 strcasestr(err->msg, "exec format error"))
		err->code = HP_ENOEXEC;
	return -1;
}
