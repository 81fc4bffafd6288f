/* SPDX-License-Identifier: Apache-2.0 */
/* images.c - harpoon images: which images there are. */
#include "cmd/commands.h"

#include <fnmatch.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "cmd/cli.h"
#include "cmd/filter.h"
#include "cmd/out.h"
#include "cmd/own.h"
#include "cmd/words.h"
#include "image/reference.h"

struct images_args {
	bool all; /* no image is hidden, so it changes nothing */
	bool quiet;
	bool no_trunc;
	bool digests;
	struct hp_strv filters;
	const char *format;
};

/* clang-format off: one row an option */
static const struct hp_opt images_opts[] = {
	HP_OPT_FLAG('a', "all", struct images_args, all,
		    "as without it: there are no hidden images"),
	HP_OPT_FLAG(0, "digests", struct images_args, digests, "a column of digests too"),
	HP_OPT_LIST('f', "filter", struct images_args, filters, "KEY=VALUE",
		    "only those of this reference (a pattern) or label"),
	HP_OPT_STR(0, "format", struct images_args, format, "FORMAT",
		   "table, json (one object a line) or a template such as '{{.Repository}}'"),
	HP_OPT_FLAG(0, "no-trunc", struct images_args, no_trunc, "whole ids"),
	HP_OPT_FLAG('q', "quiet", struct images_args, quiet, "ids alone"),
	HP_OPT_END,
};
/* clang-format on */

static const struct hp_column plain_columns[] = {
	{"REPOSITORY", "Repository"}, {"TAG", "Tag"},   {"IMAGE ID", "ID"},
	{"CREATED", "CreatedSince"},  {"SIZE", "Size"}, {0},
};

static const struct hp_column digest_columns[] = {
	{"REPOSITORY", "Repository"},
	{"TAG", "Tag"},
	{"DIGEST", "Digest"},
	{"IMAGE ID", "ID"},
	{"CREATED", "CreatedSince"},
	{"SIZE", "Size"},
	{0},
};

/* A pattern fits the name with or without its tag, in its full or in its short form. */
static bool fits_reference(const void *item, const char *pattern)
{
	const struct hp_image *image = item;
	AUTO_FREE char *shorter = hp_reference_short(image->name);
	AUTO_FREE char *name = NULL;
	AUTO_FREE char *tag = NULL;

	hp_reference_split(shorter, &name, &tag);
	return fnmatch(pattern, image->name, 0) == 0 || fnmatch(pattern, shorter, 0) == 0 ||
	       fnmatch(pattern, name, 0) == 0;
}

static struct hp_json *row_of(const struct images_args *args, const struct hp_image *image,
			      int64_t now)
{
	struct hp_json *row = hp_json_object();
	AUTO_FREE char *shorter = hp_reference_short(image->name);
	AUTO_FREE char *name = NULL;
	AUTO_FREE char *tag = NULL;
	AUTO_FREE char *id = args->no_trunc ? hp_strdup(image->id) : hp_out_short_id(image->id);
	AUTO_FREE char *ago =
		image->created_ns ? hp_time_ago(image->created_ns, now) : hp_strdup("N/A");
	AUTO_FREE char *size = hp_out_size(image->size_bytes);
	AUTO_FREE char *labels = hp_words_labels(&image->labels);
	char created[HP_TIME_TEXT];

	hp_reference_split(shorter, &name, &tag);
	hp_time_format(image->created_ns, created);
	hp_json_set_str(row, "Repository", name);
	hp_json_set_str(row, "Tag", tag);
	hp_json_set_str(row, "ID", id);
	hp_json_set_str(row, "Digest", image->digest);
	hp_json_set_str(row, "Name", image->name);
	hp_json_set_str(row, "Platform", image->platform);
	hp_json_set_str(row, "CreatedAt", created);
	hp_json_set_str(row, "CreatedSince", ago);
	hp_json_set_str(row, "Size", size);
	hp_json_set_i64(row, "SizeBytes", image->size_bytes);
	hp_json_set_str(row, "Labels", labels);
	return row;
}

static int images_run(const struct hp_use *use, struct hp_error *err)
{
	const struct images_args *args = use->args;
	struct hp_engine *engine = NULL;
	AUTO(hp_image_list_free) struct hp_image_list *list = NULL;
	AUTO(hp_json_free) struct hp_json *rows = hp_json_array();
	int64_t now = hp_clock_unix_ns();

	if (hp_filter_check(&args->filters, "reference|label", err) < 0 ||
	    hp_cli_engine(use->cli, &engine, err) < 0 ||
	    hp_engine_images(engine, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++) {
		const struct hp_image *image = list->items[i];
		bool named = use->n_operands == 0 || fits_reference(image, use->operands[0]);
		if (named && hp_filter_labels(&args->filters, &image->labels) &&
		    hp_filter_any(&args->filters, "reference", fits_reference, image))
			hp_json_add(rows, row_of(args, image, now));
	}
	if (!args->quiet)
		return hp_out_rows(stdout, rows, args->digests ? digest_columns : plain_columns,
				   args->format, err);
	hp_out_column(stdout, rows, "ID");
	return 0;
}

const struct hp_cmd hp_cmd_images = {
	.name = "images",
	.summary = "list images",
	.operands = "[PATTERN]",
	.opts = images_opts,
	.args_size = sizeof(struct images_args),
	.max_operands = 1,
	.kind = HP_OPERAND_IMAGE,
	.run = images_run,
};
