/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - run a fuzz target on each file of its corpus, so that no fuzzer is needed for it. */
#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "fuzz.h"

#define INPUT_MAX (1U << 20)

static int replay_file(const char *path, struct hp_error *err)
{
	AUTO(hp_buf_free) struct hp_buf buf = {0};

	hp_buf_init(&buf, INPUT_MAX);
	if (hp_file_read(path, INPUT_MAX, &buf, err) < 0)
		return -1;
	/* A copy of exactly its size, so that a sanitizer sees a read past the end. */
	uint8_t *exact = malloc(buf.len ? buf.len : 1);

	FUZZ_CHECK(exact);
	if (buf.len > 0)
		memcpy(exact, buf.data, buf.len);
	LLVMFuzzerTestOneInput(exact, buf.len);
	free(exact);
	return 0;
}

static bool is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int replay_directory(const char *path)
{
	DIR *dir = opendir(path);
	int count = 0;

	if (!dir)
		return -1;
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		struct hp_error err = HP_ERROR_INIT;
		AUTO_FREE char *file = hp_path_join(path, entry->d_name);

		if (!is_input(entry))
			continue;
		if (replay_file(file, &err) < 0) {
			fprintf(stderr, "replay: %s\n", err.msg);
			count = -1;
			break;
		}
		count++;
	}
	closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	int count = argc == 2 ? replay_directory(argv[1]) : -1;

	if (count <= 0) {
		fprintf(stderr, "replay: no inputs in '%s'\n", argc == 2 ? argv[1] : "");
		return EXIT_FAILURE;
	}
	printf("%d inputs\n", count);
	return EXIT_SUCCESS;
}
