/* SPDX-License-Identifier: Apache-2.0 */
/* example.c - libharpoon in one page: list images and containers, run `true`, tell how it ended.
 *
 *   cc example.c $(pkg-config --cflags --libs harpoon) -o example
 *   ./example ENGINE IMAGE */
#include <harpoon/harpoon.h>
#include <stdio.h>
#include <stdlib.h>

static int list(struct hp_engine *engine, struct hp_error *err)
{
	struct hp_image_list *images = NULL;
	struct hp_container_list *containers = NULL;

	if (hp_engine_images(engine, &images, err) < 0)
		return -1;
	for (size_t i = 0; i < images->count; i++)
		printf("image %s\n", images->items[i]->name);
	hp_image_list_free(images);

	if (hp_engine_list(engine, &containers, err) < 0)
		return -1;
	for (size_t i = 0; i < containers->count; i++)
		printf("container %s is %s\n", containers->items[i]->name,
		       hp_state_name(containers->items[i]->state));
	hp_container_list_free(containers);
	return 0;
}

static int run_true(struct hp_engine *engine, const char *image, struct hp_error *err)
{
	const char *const args[] = {"true", NULL};
	const struct hp_container_spec spec = {.image = image, .args = args};
	struct hp_error ignored = HP_ERROR_INIT;
	struct hp_exit exit = {.code = -1};
	char *id = NULL;

	if (hp_engine_create(engine, &spec, &id, err) < 0)
		return -1;
	int failed = hp_engine_start(engine, id, 0, 0, NULL, err);
	if (!failed)
		failed = hp_engine_wait(engine, id, 30000, &exit, err);
	if (!failed)
		printf("true ended with %d\n", exit.code);
	if (hp_engine_remove(engine, id, true, true, &ignored) < 0)
		fprintf(stderr, "remove: %s\n", ignored.msg);
	free(id);
	return failed;
}

int main(int argc, char **argv)
{
	struct hp_engine *engine = NULL;
	struct hp_error err = HP_ERROR_INIT;
	int failed = argc == 3 ? hp_engine_open(argv[1], NULL, &engine, &err) : -1;

	printf("libharpoon %s\n", hp_library_version());
	failed = failed || list(engine, &err) < 0 || run_true(engine, argv[2], &err) < 0;
	if (failed)
		fprintf(stderr, "%s\n", argc == 3 ? err.msg : "usage: example ENGINE IMAGE");
	hp_engine_free(engine);
	return failed ? hp_code_exit(err.code ? err.code : HP_EUSAGE) : 0;
}
