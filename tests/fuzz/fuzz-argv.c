/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz-argv.c - any words as the command line of every command; nothing is run. */
#include <string.h>

#include "base/alloc.h"
#include "cmd/cli.h"
#include "cmd/commands.h"
#include "cmd/detach.h"
#include "cmd/out.h"
#include "fuzz.h"
#include "words.h"

static void parse(const struct hp_opt *opts, size_t args_size, bool verbatim,
		  const char *const *words)
{
	AUTO_FREE void *args = hp_alloc(args_size);
	AUTO(hp_strv_free) struct hp_strv operands = {0};
	struct hp_error err = HP_ERROR_INIT;
	int rc = hp_opts_parse(opts, verbatim, words, args, &operands, &err);

	FUZZ_CHECK((rc < 0) == (err.code != HP_OK));
	hp_opts_clear(opts, args);
}

/* What an option's text means to its own parser. */
static void parse_texts(const char *text)
{
	struct hp_detach keys = {0};
	struct hp_error err = HP_ERROR_INIT;
	AUTO(hp_json_free) struct hp_json *row = hp_json_object();
	char *printed = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&printed, &len);

	if (hp_detach_parse(text, &keys, &err) == 0) {
		AUTO_FREE char *passes = hp_alloc(strlen(text) + HP_DETACH_MAX);
		size_t passed = 0;
		hp_detach_feed(&keys, text, strlen(text), passes, &passed);
		FUZZ_CHECK(passed + keys.held <= strlen(text));
	}
	hp_error_clear(&err);
	hp_json_set_str(row, "Key", "value");
	FUZZ_CHECK(out);
	FUZZ_CHECK(hp_out_template(out, row, text, &err) == 0 || err.code == HP_EINVALID);
	fclose(out);
	free(printed);
	AUTO_FREE char *shorter = hp_out_cut(text, 5);
	AUTO_FREE char *id = hp_out_short_id(text);
	FUZZ_CHECK(text[0] || !hp_cmd_suggest(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *words[MAX_WORDS + 1];
	AUTO_FREE char *text = hp_strndup((const char *)data, size);

	parse_texts(text);
	if (split(text, words) == 0)
		return 0;
	parse(hp_cli_opts, sizeof(struct hp_globals), true, words);
	for (const struct hp_cmd *const *c = hp_cmds; *c; c++)
		parse((*c)->opts, (*c)->args_size, (*c)->flags & HP_CMD_VERBATIM, words);
	return 0;
}
