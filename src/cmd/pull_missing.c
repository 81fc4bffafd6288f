/* SPDX-License-Identifier: Apache-2.0 */
/* pull_missing.c - decide whether run and create pull their image, and do it. */
#include "cmd/pull_missing.h"

#include "base/alloc.h"
#include "base/str.h"
#include "cmd/own.h"
#include "cmd/pull_show.h"
#include "image/endpoint.h"
#include "image/reference.h"

static int pull(struct hp_engine *engine, const char *image, struct hp_error *err)
{
	AUTO(hp_pulled_clear) struct hp_pulled pulled = {0};
	struct hp_pull what = {.ref = image};

	return hp_pull_show(engine, &what, false, &pulled, err);
}

int hp_pull_always(struct hp_engine *engine, const char *word, const char *image,
		   struct hp_error *err)
{
	return hp_str_eq(word, "always") ? pull(engine, image, err) : 0;
}

/* Is there an image of that name? When nobody can tell, there is, and no pull. */
static bool is_there(struct hp_engine *engine, const char *image)
{
	AUTO(hp_image_list_free) struct hp_image_list *list = NULL;
	struct hp_error ignored = HP_ERROR_INIT;
	AUTO_FREE char *full = NULL;

	if (hp_reference_expand(image, &full, &ignored) < 0 ||
	    hp_engine_images(engine, &list, &ignored) < 0)
		return true;
	for (size_t i = 0; i < list->count; i++)
		if (hp_str_eq(list->items[i]->name, full) ||
		    hp_str_eq(list->items[i]->name, image))
			return true;
	return false;
}

int hp_pull_missing(struct hp_engine *engine, const char *word, const char *image,
		    struct hp_error *err)
{
	const bool may = hp_str_eq(word, "missing") || (!word && hp_endpoint_is_named(image));

	/* Users, devices and runtimes can be missing as well. */
	if (err->code != HP_ENOTFOUND || !may || hp_str_starts(image, "localhost/") ||
	    !(hp_engine_can(engine) & HP_CAN_PULL) || is_there(engine, image))
		return 0;
	hp_error_clear(err);
	return pull(engine, image, err) < 0 ? -1 : 1;
}
