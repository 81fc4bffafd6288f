/* SPDX-License-Identifier: Apache-2.0 */
/* engine-runtime_words.c - tests of src/engine/runtime_words.c, on what was really printed. */
#include "engine/engine_impl.h"

#include <string.h>

#include "base/error.h"
#include "fds.h"

static void finds_what_went_wrong(void **state)
{
	static const struct {
		const char *words;
		const char *program;
		enum hp_code code;
		const char *msg;
	} rows[] = {
		{"failed to create shim task: OCI runtime create failed: runc create failed: "
		 "unable to start container process: exec: \"nosuch\": executable file not found in "
		 "$PATH: unknown",
		 NULL, HP_ENOCMD, "exec: \"nosuch\": executable file not found in $PATH"},
		{"failed to create task for container: failed to create shim task: OCI runtime "
		 "create failed: runc create failed: unable to start container process: error during "
		 "container init: exec: \"/bin\": is a directory: unknown",
		 NULL, HP_ENOEXEC, "exec: \"/bin\": is a directory"},
		{"OCI runtime exec failed: exec failed: unable to start container process: exec: "
		 "\"/x\": permission denied: unknown",
		 NULL, HP_ENOEXEC, "exec: \"/x\": permission denied"},
		{"/prog: no such file or directory", "/prog", HP_ENOCMD,
		 "/prog: no such file or directory"},
		{"/prog: no such file or directory", "/other", HP_EFAILED,
		 "/prog: no such file or directory"},
		{"error mounting \"/a\" to rootfs at \"/b\": not a directory: unknown", NULL,
		 HP_EFAILED,
		 "a file and a directory cannot be mounted on each other: error mounting \"/a\" to "
		 "rootfs at \"/b\": not a directory"},
		{"cgroups: out of ids", "sh", HP_EFAILED, "cgroups: out of ids"},
	};

	(void)state;
	for (size_t i = 0; i < HP_ARRAY_LEN(rows); i++) {
		struct hp_error err = HP_ERROR_INIT;
		(void)hp_fail(&err, HP_EFAILED, "%s", rows[i].words);
		assert_int_equal(hp_runtime_failed(&err, rows[i].program), -1);
		assert_int_equal(err.code, rows[i].code);
		assert_string_equal(err.msg, rows[i].msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FDS_TEST(finds_what_went_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
