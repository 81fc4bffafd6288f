/* SPDX-License-Identifier: Apache-2.0 */
/* chaos_schema.c - chaos schema: what the events of --output ndjson are like, as JSON Schema.
 * From: json-schema.org, draft 2020-12; the members are those of chaos/event.h. */
#include <stdio.h>

#include "base/alloc.h"
#include "chaos/event.h"
#include "cmd/chaos.h"

struct schema_args {
	struct hp_pflags_base base;
};

/* clang-format off: one row a flag or member */
static const struct hp_pflag schema_flags[] = {
	HP_PFLAG_HELP(struct schema_args),
	{.type = HP_PFLAG_END},
};

/* Every member that an event may have: name, type, what it is. The first ones are always there. */
static const struct {
	const char *name;
	const char *type;
	const char *text;
	bool always;
} members[] = {
	{"schema", "string", "name of this form, harpoon.chaos.v1", true},
	{"run", "string", "id of the run, as given by --run-id", true},
	{"time", "string", "RFC 3339, UTC", true},
	{"event", "string", "what happened", true},
	{"action", "string", "what is done to containers", true},
	{"dry_run", "boolean", "begun: nothing will be done", false},
	{"seed", "integer", "begun: of all choices by chance", false},
	{"container", "object", "the target: id, name, namespace, engine", false},
	{"fault", "string", "id of what is held, as ls lists it", false},
	{"fields", "object", "the action's parameters", false},
	{"effects", "object", "what it came to", false},
	{"apply", "array", "steps, a line each", false},
	{"undo", "array", "steps that put it back", false},
	{"output", "string", "what the program that was run has printed", false},
	{"error", "object", "why it failed: code, message", false},
	{"count", "integer", "round: its number; ended: failures", false},
};
/* clang-format on */

static struct hp_json *words_of_events(void)
{
	struct hp_json *words = hp_json_array();

	for (int what = HP_CHAOS_BEGUN; what <= HP_CHAOS_ENDED; what++)
		hp_json_add(words, hp_json_new_str(hp_chaos_word((enum hp_chaos_what)what)));
	return words;
}

static struct hp_json *make_schema(void)
{
	struct hp_json *schema = hp_json_object();
	struct hp_json *properties = hp_json_object();
	struct hp_json *required = hp_json_array();

	for (size_t i = 0; i < HP_ARRAY_LEN(members); i++) {
		struct hp_json *member = hp_json_object();

		hp_json_set_str(member, "type", members[i].type);
		hp_json_set_str(member, "description", members[i].text);
		if (hp_str_eq(members[i].name, "event"))
			hp_json_set(member, "enum", words_of_events());
		hp_json_set(properties, members[i].name, member);
		if (members[i].always)
			hp_json_add(required, hp_json_new_str(members[i].name));
	}
	hp_json_set_str(schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
	hp_json_set_str(schema, "title", "event of a run of chaos");
	hp_json_set_str(schema, "type", "object");
	hp_json_set(schema, "properties", properties);
	hp_json_set(schema, "required", required);
	return schema;
}

static int schema_run(const struct hp_chaos_use *use, struct hp_error *err)
{
	AUTO(hp_json_free) struct hp_json *schema = make_schema();
	AUTO_FREE char *text = hp_json_text(schema, true);

	(void)use;
	(void)err;
	printf("%s\n", text);
	return 0;
}

const struct hp_chaos_cmd hp_chaos_cmd_schema = {
	.name = "schema",
	.usage = "print the JSON Schema of events",
	.operands = "",
	.flags = schema_flags,
	.args_size = sizeof(struct schema_args),
	.run = schema_run,
};
